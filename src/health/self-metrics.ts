import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
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
  const registers = [registry]
  new Gauge({
    name: 'bellwether_health_entities',
    help: 'Entities whose health is looked after, by summary',
    labelNames: ['summary'],
    registers,
    collect() {
      const counts = new Map<string, number>(HEALTH_SUMMARIES.slice(0, 5).map((each) => [each, 0]))
      for (const { summary } of sources.entities()) {
        const name = summaryOf(summary)
        counts.set(name, (counts.get(name) ?? 0) + 1)
      }
      for (const [summary, count] of counts) this.set({ summary }, count)
    },
  })
  new Gauge({
    name: 'bellwether_health_tests',
    help: 'Tests of all entities together',
    registers,
    collect() {
      this.set(sources.tests())
    },
  })
  new Gauge({
    name: 'bellwether_health_facts_age_seconds',
    help: 'How long ago the manager was heard of; -1: never',
    registers,
    collect() {
      const age = sources.factsAgeMs()
      this.set(age === undefined ? -1 : age / 1000)
    },
  })
  new Gauge({
    name: 'bellwether_health_waiting_changes',
    help: 'Changes that are not told or not stored yet',
    registers,
    collect() {
      this.set(sources.waiting())
    },
  })
  const last = new Gauge({
    name: 'bellwether_health_sweep_seconds',
    help: 'Time that the last evaluation of all tests took',
    registers,
  })
  const durations = new Histogram({
    name: 'bellwether_health_evaluation_seconds',
    help: 'Time of an evaluation of all tests',
    buckets: [0.01, 0.05, 0.2, 1, 5, 30],
    registers,
  })
  const changes = new Counter({
    name: 'bellwether_health_changes_total',
    help: 'Changes of the health of entities, or of tests of theirs',
    registers,
  })
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
