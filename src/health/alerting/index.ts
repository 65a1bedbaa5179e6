/** The way of alerts to the publisher: see docs/events.md. */

export { type Alerting, type AlertingOptions, type AlertingStatus, createAlerting } from './alerting.js'
