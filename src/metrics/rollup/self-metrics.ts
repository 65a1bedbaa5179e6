import type { Registry } from 'prom-client'
import { declareMetrics } from '../../wire/declare-metrics.js'
import { type FoldedLevel, LEVELS } from './levels.js'

/** The rollups' metrics of themselves, `bellwether_rollup_…`. */
export interface RollupMetrics {
  folded(level: FoldedLevel, rows: number, seconds: number): void
  failed(): void
}

export const NO_ROLLUP_METRICS: RollupMetrics = { folded() {}, failed() {} }

export function createRollupMetrics(
  registry: Registry,
  state: { lag: (level: FoldedLevel) => number; isLeader: () => boolean },
): RollupMetrics {
  const { counter, reading, readings } = declareMetrics(registry, 'bellwether_rollup_')
  const seconds = counter('fold_seconds_total', 'Time that folding took, by level', 'level')
  const rows = counter('rows_total', 'Rows that folding has written, by level', 'level')
  const failures = counter('failures_total', 'Passes that failed; the next one does their work')
  readings(
    'lag_seconds',
    'Age of the oldest closed bucket that is not folded, by level; 0 when none waits',
    'level',
    () => LEVELS.map(({ name }) => [name, state.lag(name) / 1000] as const),
  )
  reading('leader', '1 when this monitor is the one that folds', () => (state.isLeader() ? 1 : 0))
  return {
    folded(level, written, duration) {
      seconds.inc({ level }, duration)
      rows.inc({ level }, written)
    },
    failed: () => failures.inc(),
  }
}
