import type { HealthReport } from '../types.js'
import type { TriggerResult } from './evaluate.js'

/**
 * Hands results on as tests of their entities; a trigger that was there in the round before and is not now is reported as
 * gone.
 */
export function createTriggerReports(
  report: (reports: readonly HealthReport[]) => void,
): (results: readonly TriggerResult[]) => void {
  let before = new Map<string, HealthReport>()
  return (results) => {
    const now = new Map<string, HealthReport>()
    for (const { category, identity, test, label, summary, explanation, advice, suppressed } of results)
      now.set(JSON.stringify([category, identity, test]), {
        ...{ category, identity, test, label, summary, explanation, advice, suppressed },
      })
    const gone = [...before].flatMap(([key, one]): HealthReport[] =>
      now.has(key) ? [] : [{ ...one, summary: undefined, explanation: '' }],
    )
    before = now
    if (now.size > 0 || gone.length > 0) report([...now.values(), ...gone])
  }
}
