/**
 * Health tests as data: `descriptors/health/*.json` has ours, `HealthModel.tests` those of other service types. Docs: docs/health.md.
 */
export * from './health-test-check.js'
export * from './health-test-definition.js'
export * from './health-test-parameters.js'
