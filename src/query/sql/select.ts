import { TABLES } from '../../metrics/index.js'
import type { AggregateName } from '../functions/aggregate.js'
import type { ResampleName } from '../functions/resample.js'

/**
 * SQL for the metrics store. Only numbers come in, and every one of them goes through `integer`: no text of a query, of a
 * name or of a label can become SQL.
 */
export interface Scope {
  /** Durable ids. */
  readonly metrics: readonly number[]
  /** Durable ids; undefined: every entity that has one of the metrics. */
  readonly entities: readonly number[] | undefined
  /** Milliseconds since the epoch, both inclusive. */
  readonly from: number
  readonly to: number
}

export function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} cannot stand in a statement`)
  return String(value)
}

export const time = (ms: number) => `fromUnixTimestamp64Milli(${integer(ms)}, 'UTC')`

function idCondition(column: 'metric' | 'entity', ids: readonly number[]): string {
  return ids.length === 1
    ? `${column} = ${integer(ids[0] as number)}`
    : `${column} IN (${ids.map(integer).join(',')})`
}

export function scopeConditions(scope: Scope): string {
  const entities = scope.entities === undefined ? '' : ` AND ${idCondition('entity', scope.entities)}`
  const times = `ts >= ${time(scope.from)} AND ts <= ${time(scope.to)}`
  return `${idCondition('metric', scope.metrics)}${entities} AND ${times}`
}

/**
 * A sender may say NaN or infinity: such a sample is none.
 *
 * `FINAL`: a sample that is stored twice is read once; it costs up to four times as much while parts are unmerged.
 */
function source(scope: Scope, final: boolean): string {
  return `FROM ${TABLES.samples}${final ? ' FINAL' : ''} WHERE ${scopeConditions(scope)} AND isFinite(v)`
}

/** Columns metric, entity, ts, v; in no order over all, but ascending inside each block's runs of one series. */
export function samplesSql(scope: Scope): string {
  return `SELECT metric, entity, ts, v FROM ${TABLES.samples} WHERE ${scopeConditions(scope)}`
}

/** What each aggregate takes: columns of value and, where it has a time of its own, of time. */
const AGGREGATES: Record<AggregateName, string> = {
  last: 'argMax(v, ts)',
  min: 'min(v)',
  max: 'max(v)',
  avg: 'avg(v)',
  sum: 'sum(v)',
  count: 'toFloat64(count())',
  stddev: 'stddevSampStable(v)',
}

/** The first time at which the extreme was reached. */
const EXTREME_TIME: Partial<Record<AggregateName, string>> = {
  min: 'argMin(ts, (v, ts))',
  max: 'argMin(ts, (-v, ts))',
}

/** Aggregates that a sample stored twice would change. */
const counts = (name: AggregateName | ResampleName) =>
  name === 'avg' || name === 'sum' || name === 'count' || name === 'stddev'

/**
 * Columns metric, entity, time of the last sample, then per aggregate its value, and for min and max its time. One row a
 * series that has samples.
 */
export function aggregateSql(scope: Scope, names: readonly AggregateName[], mayRepeat: boolean): string {
  const columns = names.flatMap((name) => {
    const at = EXTREME_TIME[name]
    return at === undefined ? [AGGREGATES[name]] : [AGGREGATES[name], at]
  })
  const final = mayRepeat && names.some(counts)
  return `SELECT metric, entity, max(ts), ${columns.join(', ')} ${source(scope, final)} GROUP BY metric, entity`
}

export const hasOwnTime = (name: AggregateName) => EXTREME_TIME[name] !== undefined

/**
 * Columns metric, entity, values of the buckets as an array, and (but for `avg` and `count`) how many samples each holds.
 * A bucket without samples is NaN for `avg`, else its count is 0.
 */
export function gridSql(
  scope: Scope,
  step: number,
  buckets: number,
  by: ResampleName,
  mayRepeat: boolean,
): string {
  const n = integer(buckets)
  const bucket = `toUInt32(intDiv(toUnixTimestamp64Milli(ts) - ${integer(scope.from)}, ${integer(step)}))`
  const count = `arrayMap(c -> toFloat64(c), countResample(0, ${n}, 1)(b))`
  const columns: Record<ResampleName, string> = {
    avg: `avgResample(0, ${n}, 1)(v, b)`,
    sum: `sumResample(0, ${n}, 1)(v, b), ${count}`,
    min: `minResample(0, ${n}, 1)(v, b), ${count}`,
    max: `maxResample(0, ${n}, 1)(v, b), ${count}`,
    last: `argMaxResample(0, ${n}, 1)(v, ts, b), ${count}`,
    count,
  }
  return (
    `SELECT metric, entity, ${columns[by]} FROM (SELECT metric, entity, ts, v, ${bucket} AS b ` +
    `${source(scope, mayRepeat && counts(by))}) GROUP BY metric, entity`
  )
}

export type FoldPair = 'avg' | 'sum' | 'min' | 'max'

/**
 * As `gridSql`, but folded over the entities: columns metric, values of the buckets, and (but for `avg`) how many samples
 * each holds. `avg` is the mean of the entities' means, so each counts the same however many samples it has.
 */
export function foldedGridSql(
  scope: Scope,
  step: number,
  buckets: number,
  by: FoldPair,
  mayRepeat: boolean,
): string {
  const n = integer(buckets)
  const bucket = `toUInt32(intDiv(toUnixTimestamp64Milli(ts) - ${integer(scope.from)}, ${integer(step)}))`
  const samples = `(SELECT metric, entity, v, ${bucket} AS b ${source(scope, mayRepeat && counts(by))})`
  if (by === 'avg')
    return (
      'SELECT metric, arrayMap(x -> ifNull(x, nan), avgForEach(means)) FROM ' +
      `(SELECT metric, entity, avgOrNullResample(0, ${n}, 1)(v, b) AS means FROM ${samples} GROUP BY metric, entity) ` +
      'GROUP BY metric'
    )
  const count = `arrayMap(c -> toFloat64(c), countResample(0, ${n}, 1)(b))`
  return `SELECT metric, ${by}Resample(0, ${n}, 1)(v, b), ${count} FROM ${samples} GROUP BY metric`
}
