import { Counter, type Registry } from 'prom-client'
import type { Rollup } from '../../wire/timeseries.js'
import type { DropReason } from './plan.js'

/** The retention's metrics of itself, `bellwether_retention_…`. */
export interface RetentionMetrics {
  dropped(level: Rollup, reason: DropReason, bytes: number): void
  failed(): void
}

export const NO_RETENTION_METRICS: RetentionMetrics = { dropped() {}, failed() {} }

export function createRetentionMetrics(registry: Registry): RetentionMetrics {
  const registers = [registry]
  const bytes = new Counter({
    name: 'bellwether_retention_dropped_bytes_total',
    help: 'Bytes on the disk that retention has dropped, by level and reason (time, size, disk)',
    labelNames: ['level', 'reason'],
    registers,
  })
  const failures = new Counter({
    name: 'bellwether_retention_failures_total',
    help: 'Passes of the retention that failed; the next one does their work',
    registers,
  })
  return {
    dropped: (level, reason, count) => bytes.inc({ level, reason }, count),
    failed: () => failures.inc(),
  }
}
