/** Health, triggers and events: see docs/events.md. */

export { type Alerting, type AlertingOptions, createAlerting } from './alerting/index.js'
export {
  createEvents,
  DEFAULT_EVENT_RETENTION,
  type Events,
  type EventsOptions,
  type HealthChangeInput,
} from './events/index.js'
