import { Counter, Gauge, type Registry } from 'prom-client'
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
  const registers = [registry]
  const labelNames = ['level']
  const seconds = new Counter({
    name: 'bellwether_rollup_fold_seconds_total',
    help: 'Time that folding took, by level',
    labelNames,
    registers,
  })
  const rows = new Counter({
    name: 'bellwether_rollup_rows_total',
    help: 'Rows that folding has written, by level',
    labelNames,
    registers,
  })
  const failures = new Counter({
    name: 'bellwether_rollup_failures_total',
    help: 'Passes that failed; the next one does their work',
    registers,
  })
  new Gauge({
    name: 'bellwether_rollup_lag_seconds',
    help: 'Age of the oldest closed bucket that is not folded, by level; 0 when none waits',
    labelNames,
    registers,
    collect() {
      for (const { name } of LEVELS) this.set({ level: name }, state.lag(name) / 1000)
    },
  })
  new Gauge({
    name: 'bellwether_rollup_leader',
    help: '1 when this monitor is the one that folds',
    registers,
    collect() {
      this.set(state.isLeader() ? 1 : 0)
    },
  })
  return {
    folded(level, written, duration) {
      seconds.inc({ level }, duration)
      rows.inc({ level }, written)
    },
    failed: () => failures.inc(),
  }
}
