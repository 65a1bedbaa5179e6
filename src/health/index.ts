/** Health of hosts, roles, services and clusters: see docs/health.md. */

export { createHealth } from './health.js'
export { type Health, type HealthOptions, type HealthReport, StaleModelError } from './types.js'
