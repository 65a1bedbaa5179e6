export { type Canaries, type CanaryOptions, createCanaries } from './collector.js'
export { type Outcome, type Run, runCanary } from './run.js'
