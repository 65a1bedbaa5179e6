import type { Store } from '../../metrics/index.js'
import type { EntityHealth, HealthTestResult } from '../../wire/health.js'
import { readPast } from '../history/read.js'

/**
 * What an entity was at a time. Names and labels are those of now. Without a record a test is as it is now, if it has been so
 * since then; else `HISTORY_NOT_AVAILABLE`.
 */
export async function entityAt(
  store: Pick<Store, 'client'>,
  present: EntityHealth,
  time: number,
): Promise<EntityHealth> {
  const past = await readPast(store, present.category, present.identity, time)
  const whole = past.get('')
  // Before the first record of the entity nothing is known, of its tests neither.
  if (whole?.since === undefined && whole?.summary === 'NOT_AVAILABLE') past.clear()
  const unseen = whole !== undefined && past.size === 0
  const { tests = [], ...rest } = present
  const names = new Map(tests.map((test) => [test.test, test]))
  const results = [...new Set([...names.keys(), ...past.keys()])]
    .filter((name) => name !== '')
    .map((name): HealthTestResult => {
      const was = past.get(name)
      const now = names.get(name)
      if (was === undefined && now !== undefined && now.since > 0 && now.since <= time)
        return { ...now, at: time }
      return {
        test: name,
        label: now?.label ?? name,
        summary: was?.summary ?? 'HISTORY_NOT_AVAILABLE',
        explanation: was?.explanation || (was === undefined ? 'Nothing is recorded of that time.' : ''),
        advice: '',
        at: time,
        since: was?.since ?? 0,
        suppressed: now?.suppressed ?? false,
      }
    })
  const holds = !unseen && present.since > 0 && present.since <= time
  return {
    ...rest,
    summary: (unseen ? undefined : whole?.summary) ?? (holds ? present.summary : 'HISTORY_NOT_AVAILABLE'),
    since: whole?.since ?? (holds ? present.since : 0),
    at: time,
    tests: results,
  }
}
