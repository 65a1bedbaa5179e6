import { type FoldedLevel, levelOf, ROLLUP_COLUMNS, TABLES } from '../../metrics/index.js'
import type { Rollup } from '../../wire/timeseries.js'
import { ROLLUP_MS, rollupOrigin } from '../functions/rollup.js'
import { integer, type Scope, scopeConditions, time } from './select.js'

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

/** Stamps of buckets that no rollup has yet, as runs: first and last, both inclusive, ascending. */
export type Unfolded = (
  level: FoldedLevel,
  from: number,
  to: number,
) => readonly (readonly [number, number])[]

export interface RollupRead {
  /** Whether one of the metrics is a counter: what that takes is not computed for others. */
  readonly counters?: boolean
  /** Default: none of it is rolled up. */
  readonly unfolded?: Unfolded | undefined
}

/** More runs than this are read from the samples as one: a statement is not to grow without bound. */
const MOST_RUNS = 30

/**
 * Columns metric, entity, stamp, count, min, its time, max, its time, mean, sum of squared differences from the mean,
 * time of the last sample, its value, the first value (NaN but for counters), the sum of drops: ordered by metric, entity and stamp. `scope` is about the stamps. What is rolled up
 * is read from the rollup, the rest computed from the samples.
 */
export function rollupSql(
  scope: Scope,
  level: FoldedLevel,
  mayRepeat: boolean,
  { counters = false, unfolded = (_, from, to) => [[from, to]] }: RollupRead = {},
): string {
  const step = ROLLUP_MS[level]
  const { from, count } = rollupWindow(level, scope.from, scope.to)
  const first = from + step
  const last = first + Math.max(0, count - 1) * step
  const all = unfolded(level, first, last)
  const runs = all.length > MOST_RUNS ? [[all[0]![0], all.at(-1)![1]] as const] : all
  const order = 'ORDER BY metric, entity, stamp'
  if (runs.length === 0) return `${foldedSql(scope, level)} ${order}`
  const samples = fromSamples(scope, level, mayRepeat, runs, counters)
  if (runs.length === 1 && runs[0]![0] <= first && runs[0]![1] >= last) return `${samples} ${order}`
  const others = runs.map(([a, b]) => ` AND NOT (ts >= ${time(a)} AND ts <= ${time(b)})`).join('')
  return `SELECT * FROM (${foldedSql(scope, level)}${others} UNION ALL ${samples}) ${order}`
}

function foldedSql(scope: Scope, level: FoldedLevel): string {
  return `SELECT ${ROLLUP_COLUMNS} FROM ${levelOf(level).table} FINAL WHERE ${scopeConditions(scope)}`
}

function fromSamples(
  scope: Scope,
  level: FoldedLevel,
  mayRepeat: boolean,
  runs: readonly (readonly [number, number])[],
  counters: boolean,
): string {
  const step = integer(ROLLUP_MS[level])
  const origin = integer(rollupOrigin(level))
  const { from, to } = rollupWindow(level, scope.from, scope.to)
  const inRuns = runs
    .map(([a, b]) => `(ts >= ${time(a - ROLLUP_MS[level])} AND ts < ${time(b)})`)
    .join(' OR ')
  return (
    `SELECT metric, entity, (intDiv(toUnixTimestamp64Milli(ts) - ${origin}, ${step}) + 1) * ${step} + ${origin} AS stamp, ` +
    'count(), min(v), toUnixTimestamp64Milli(argMin(ts, (v, ts))), max(v), toUnixTimestamp64Milli(argMin(ts, (-v, ts))), ' +
    'avg(v), varPopStable(v) * count(), toUnixTimestamp64Milli(max(ts)), argMax(v, ts), ' +
    `${counters ? DROPS : 'nan, toFloat64(0)'} ` +
    `FROM ${TABLES.samples}${mayRepeat ? ' FINAL' : ''} ` +
    `WHERE ${scopeConditions({ ...scope, from, to: Math.max(from, to) })} AND isFinite(v) AND (${inRuns}) ` +
    'GROUP BY metric, entity, stamp'
  )
}

/** The first value, and by how much the values fell in all. */
const DROPS =
  'argMin(v, ts), arraySum((a, b) -> if(b < a, a - b, 0), arrayPopBack(arraySort(groupArray((ts, v))).2 AS vs), arrayPopFront(vs))'
