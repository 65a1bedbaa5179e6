import type { Registry } from 'prom-client'
import { declareMetrics } from '../../wire/declare-metrics.js'
import type { Rollup } from '../../wire/timeseries.js'
import type { DropReason } from './plan.js'

/** The retention's metrics of itself, `bellwether_retention_…`. */
export interface RetentionMetrics {
  dropped(level: Rollup, reason: DropReason, bytes: number): void
  failed(): void
}

export const NO_RETENTION_METRICS: RetentionMetrics = { dropped() {}, failed() {} }

export function createRetentionMetrics(registry: Registry): RetentionMetrics {
  const { counter } = declareMetrics(registry, 'bellwether_retention_')
  const bytes = counter(
    'dropped_bytes_total',
    'Bytes on the disk that retention has dropped, by level and reason (time, size, disk)',
    'level',
    'reason',
  )
  const failures = counter(
    'failures_total',
    'Passes of the retention that failed; the next one does their work',
  )
  return {
    dropped: (level, reason, count) => bytes.inc({ level, reason }, count),
    failed: () => failures.inc(),
  }
}
