import { HEALTH_SUMMARIES, type HealthSummary } from '../wire/health.js'

/** A summary as a number, for columns: its place in `HEALTH_SUMMARIES`. The first three are in the order of badness. */
export type Health = 0 | 1 | 2 | 3 | 4 | 5

export const GOOD = 0
export const CONCERNING = 1
export const BAD = 2
export const DISABLED = 3
export const NOT_AVAILABLE = 4
export const HISTORY_NOT_AVAILABLE = 5

export const summaryOf = (health: Health): HealthSummary => HEALTH_SUMMARIES[health] as HealthSummary

export const healthOf = (summary: string): Health | undefined => {
  const index = (HEALTH_SUMMARIES as readonly string[]).indexOf(summary)
  return index < 0 ? undefined : (index as Health)
}

/** True when a test with this result says how its entity is. */
export const isKnown = (health: Health): boolean => health <= BAD
