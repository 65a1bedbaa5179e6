import type { Registry } from 'prom-client'
import { declareMetrics } from '../wire/declare-metrics.js'
import { HEALTH_SUMMARIES, type HealthChange } from '../wire/health.js'
import type { Node } from './evaluate/nodes.js'
import { summaryOf } from './summary.js'

export interface HealthMetrics {
  swept(seconds: number): void
  changed(changes: readonly HealthChange[]): void
}

interface Sources {
  entities(): readonly Node[]
  tests(): number
  /** Undefined: no manager has sent any. */
  factsAgeMs(): number | undefined
  waiting(): number
}

export function createHealthMetrics(registry: Registry | undefined, sources: Sources): HealthMetrics {
  if (registry === undefined) return { swept() {}, changed() {} }
  const { counter, gauge, histogram, reading, readings } = declareMetrics(registry, 'bellwether_health_')
  readings('entities', 'Entities whose health is looked after, by summary', 'summary', () => {
    const counts = new Map<string, number>(HEALTH_SUMMARIES.slice(0, 5).map((each) => [each, 0]))
    for (const { summary } of sources.entities()) {
      const name = summaryOf(summary)
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    return counts
  })
  reading('tests', 'Tests of all entities together', () => sources.tests())
  reading('facts_age_seconds', 'How long ago the manager was heard of; -1: never', () => {
    const age = sources.factsAgeMs()
    return age === undefined ? -1 : age / 1000
  })
  reading('waiting_changes', 'Changes that are not told or not stored yet', () => sources.waiting())
  const last = gauge('sweep_seconds', 'Time that the last evaluation of all tests took')
  const durations = histogram(
    'evaluation_seconds',
    'Time of an evaluation of all tests',
    [0.01, 0.05, 0.2, 1, 5, 30],
  )
  const changes = counter('changes_total', 'Changes of the health of entities, or of tests of theirs')
  return {
    swept(seconds) {
      last.set(seconds)
      durations.observe(seconds)
    },
    changed(list) {
      changes.inc(list.length)
    },
  }
}
