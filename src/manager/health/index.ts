/** Health: what the manager tells the monitor, and what it learns from it. See docs/health.md. */
export { activityEvents } from './activities.js'
export { auditEvents } from './audits.js'
export { createMonitorClient, type MonitorClient, type MonitorClientOptions } from './client.js'
export { type EventSender, type EventSource, startEventSender } from './event-sender.js'
export { type HealthLink, startHealthLink } from './link.js'
export { clusterIdentity, healthModel, serviceIdentity } from './model.js'
export { createHealthResults, type Explanations, type HealthOf, type HealthResults } from './results.js'
export {
  createRoleSamples,
  fieldMetric,
  fieldMetrics,
  type RoleFieldName,
  type RoleSamples,
} from './role-fields.js'
export { createSystemEvents, type SystemEvents } from './system-events.js'
