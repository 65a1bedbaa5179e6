/** Events: see docs/events.md. */

export { EventQueryError, EventStoreError, EventsFullError } from './errors.js'
export { createEvents, type Events, type EventsOptions } from './events.js'
export { type AlertRules, DEFAULT_ALERT_RULES, type HealthChangeInput } from './health-change.js'
export { systemEvent } from './own.js'
export { DEFAULT_EVENT_RETENTION, type EventRetention } from './retention.js'
