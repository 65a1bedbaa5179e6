/** Health of hosts, roles, services and clusters, triggers and events: see docs/health.md and docs/events.md. */

export { configuredAlertRules } from './alert-rules.js'
export { type Alerting, type AlertingOptions, createAlerting } from './alerting/index.js'
export {
  createEvents,
  DEFAULT_EVENT_RETENTION,
  type Events,
  type EventsOptions,
  type HealthChangeInput,
  systemEvent,
} from './events/index.js'
export { createHealth } from './health.js'
export {
  createTriggerReports,
  createTriggers,
  readTriggers,
  TRIGGER_PARAMETERS,
  type TriggerDefinition,
  type TriggerModel,
  type TriggerOwner,
  type TriggerResult,
  type Triggers,
  type TriggersOptions,
  triggerOwners,
} from './triggers/index.js'
export { type Health, type HealthOptions, type HealthReport, StaleModelError } from './types.js'
