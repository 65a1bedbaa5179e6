/** Health of hosts, roles, services and clusters: see docs/health.md. */

export { createHealth } from './health.js'
export { type Health, type HealthOptions, type HealthReport, StaleModelError } from './types.js'
/** Health, triggers and events: see docs/events.md. */

export { type Alerting, type AlertingOptions, createAlerting } from './alerting/index.js'
export {
  createEvents,
  DEFAULT_EVENT_RETENTION,
  type Events,
  type EventsOptions,
  type HealthChangeInput,
} from './events/index.js'
export {
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
