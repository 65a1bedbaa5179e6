/** The way of alerts to the publisher: see docs/events.md. */

export {
  type Alerting,
  type AlertingOptions,
  type AlertingStatus,
  type AlertingTrouble,
  createAlerting,
} from './alerting.js'
