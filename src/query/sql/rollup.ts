import { TABLES } from '../../metrics/index.js'
import type { Rollup } from '../../wire/timeseries.js'
import { ROLLUP_MS, rollupOrigin } from '../functions/rollup.js'
import { integer, type Scope, scopeConditions } from './select.js'

/** Stamps of a level's buckets in [from, to], and the samples that they hold: from `from` to `to`, both inclusive. */
export function rollupWindow(level: Rollup, from: number, to: number) {
  const step = ROLLUP_MS[level]
  const origin = rollupOrigin(level)
  const firstStamp = Math.ceil((from - origin) / step) * step + origin
  const lastStamp = Math.floor((to - origin) / step) * step + origin
  return {
    from: firstStamp - step,
    to: lastStamp - 1,
    count: Math.max(0, (lastStamp - firstStamp) / step + 1),
  }
}

/**
 * Columns metric, entity, stamp, count, min, its time, max, its time, mean, sum of squared differences from the mean,
 * time of the last sample, its value: ordered by metric, entity and stamp. Computed from the samples; `scope` is about
 * the stamps.
 */
export function rollupSql(scope: Scope, level: Rollup, mayRepeat: boolean): string {
  const step = integer(ROLLUP_MS[level])
  const origin = integer(rollupOrigin(level))
  const { from, to } = rollupWindow(level, scope.from, scope.to)
  return (
    `SELECT metric, entity, (intDiv(toUnixTimestamp64Milli(ts) - ${origin}, ${step}) + 1) * ${step} + ${origin} AS stamp, ` +
    'count(), min(v), argMin(ts, (v, ts)), max(v), argMin(ts, (-v, ts)), avg(v), varPopStable(v) * count(), ' +
    `max(ts), argMax(v, ts) FROM ${TABLES.samples}${mayRepeat ? ' FINAL' : ''} ` +
    `WHERE ${scopeConditions({ ...scope, from, to: Math.max(from, to) })} AND isFinite(v) ` +
    'GROUP BY metric, entity, stamp ORDER BY metric, entity, stamp'
  )
}
