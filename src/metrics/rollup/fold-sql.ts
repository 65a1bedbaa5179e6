import { ONE_SERVER, type Placement } from '../cluster/placement.js'
import { ONLY_SAMPLES, TABLES } from '../schema/tables.js'
import { bucketStart, type Level, levelOf } from './levels.js'

/** Buckets of a level, not far from each other, that are folded by one statement. */
export interface FoldTask {
  readonly level: Level
  /** Ascending. */
  readonly stamps: readonly number[]
  /** What each is folded from, as `rollup/plan.ts` counts it. */
  readonly versions: readonly number[]
  /** False: it is folded already, and more has come since. */
  readonly first: boolean
}

const COLUMNS =
  'metric, entity, ts, version, count, diff, squares, min, min_before, max, max_before, last, last_before, first, drops'

const time = (ms: number) => `fromUnixTimestamp64Milli(${integer(ms)}, 'UTC')`

export function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} cannot stand in a statement`)
  return String(value)
}

/**
 * The statement that folds the buckets: it reads the finer level's rows of that time, and no others. In a cluster each shard
 * sums up its own samples, and only that is joined here: an entity that changed its shard in the middle of a bucket has a
 * part of it on both.
 */
export function foldSql({ level, stamps, versions }: FoldTask, placement: Placement = ONE_SERVER): string {
  const from = (stamps[0] as number) - level.ms
  const to = stamps.at(-1) as number
  const list = `[${stamps.map(integer).join(',')}]`
  const version = `transform(stamp, ${list}, [${versions.map(integer).join(',')}], 0)`
  // One bucket, or all that there are between the first and the last: the times say it all.
  const gaps = (to - from) / level.ms > stamps.length
  const only = gaps ? ` WHERE stamp IN (${stamps.map(integer).join(',')})` : ''
  const samples = () => fromSamples(level, placement.own(TABLES.samples), from, to, only)
  const rows =
    level.from !== 'RAW'
      ? fromFiner(level, finerRows(level, from, to), from, only)
      : placement.cluster === undefined
        ? samples()
        : fromFiner(level, placement.perShard(asRollup(samples())), from, '')
  return (
    `INSERT INTO ${level.table} (${COLUMNS}) ` +
    `SELECT metric, entity, fromUnixTimestamp64Milli(stamp, 'UTC'), ${version}, ` +
    // Equal values differ by nothing, whatever sums make of their last digits.
    'n, s, if(lo = hi, 0, greatest(q, 0)), lo, lo_before, hi, hi_before, z, z_before, ' +
    `if(counter, a, nan), if(counter, down, 0) FROM (` +
    `SELECT *, metric IN (SELECT id FROM ${TABLES.metrics} FINAL WHERE is_counter) AS counter FROM (${rows}))`
  )
}

/** Stamp of the bucket that holds `t`, milliseconds; whole buckets since the origin, so that no remainder is negative. */
function stampSql(level: Level, t: string, from: number): string {
  const start = integer(bucketStart(level, from))
  return `(intDiv(${t} - ${start}, ${level.ms}) + 1) * ${level.ms} + ${start}`
}

/**
 * `FINAL`: a sample that was stored twice counts once. The time is part of the key, so it may be looked at before that.
 *
 * Sums are of the differences `ds` from the last value: those are exact where values are large and close together, and lose
 * no digits elsewhere, since the last value is one of them. In a bucket of equal values all are 0.
 */
function fromSamples(level: Level, samples: string, from: number, to: number, only: string): string {
  return (
    'SELECT *, arrayMap(x -> x - z, vs) AS ds, arraySum(ds) AS s, arraySum(x -> x * x, ds) - s * s / n AS q FROM (' +
    'SELECT metric, entity, stamp, count() AS n, groupArray(v) AS vs, ' +
    'min(v) AS lo, argMin(before, (v, -before)) AS lo_before, max(v) AS hi, argMin(before, (-v, -before)) AS hi_before, ' +
    'argMin(v, before) AS z, min(before) AS z_before, argMax(v, before) AS a, deltaSumTimestamp(-v, -before) AS down ' +
    `FROM (SELECT metric, entity, v, ${stampSql(level, 'toUnixTimestamp64Milli(ts)', from)} AS stamp, ` +
    'stamp - toUnixTimestamp64Milli(ts) AS before ' +
    `FROM ${samples} FINAL PREWHERE ts >= ${time(from)} AND ts < ${time(to)} ` +
    `WHERE ${ONLY_SAMPLES} AND isFinite(v))${only} GROUP BY metric, entity, stamp)`
  )
}

/**
 * Squared differences are joined by Chan's rule: those of each bucket from its own mean, and those of the means from the
 * common one. Means are taken as differences from the last value, so large values cost no digits here either.
 */
function fromFiner(level: Level, finer: string, from: number, only: string): string {
  return (
    'SELECT *, arraySum((c, x, y) -> x + c * (y - z), ns, ds, ls) AS s, ' +
    'q0 + arraySum((c, x, y) -> c * pow(y - z + x / c - s / n, 2), ns, ds, ls) AS q, ' +
    // Between one bucket and the next a counter may have been reset, too.
    'arraySort((x, t) -> t, fs, ts0) AS firsts, arraySort((x, t) -> t, ls, ts0) AS lasts, ' +
    'd + arraySum((x, y) -> if(y > x, y - x, 0), arrayPopFront(firsts), arrayPopBack(lasts)) AS down FROM (' +
    'SELECT metric, entity, stamp, sum(count) AS n, sum(squares) AS q0, ' +
    'groupArray(count) AS ns, groupArray(diff) AS ds, groupArray(last) AS ls, ' +
    'min(min) AS lo, argMin(o_min, (min, -o_min)) AS lo_before, ' +
    'max(max) AS hi, argMin(o_max, (-max, -o_max)) AS hi_before, ' +
    'argMin(last, o_last) AS z, min(o_last) AS z_before, ' +
    'argMax(first, shift) AS a, sum(drops) AS d, groupArray(first) AS fs, groupArray(-shift) AS ts0 ' +
    'FROM (SELECT metric, entity, count, diff, squares, min, max, last, first, drops, ' +
    // A bucket is stamped with its end, so it lies just before its stamp.
    `${stampSql(level, 'toUnixTimestamp64Milli(ts) - 1', from)} AS stamp, ` +
    'stamp - toUnixTimestamp64Milli(ts) AS shift, ' +
    'shift + min_before AS o_min, shift + max_before AS o_max, shift + last_before AS o_last ' +
    `FROM ${finer})${only} ` +
    'GROUP BY metric, entity, stamp)'
  )
}

function finerRows(level: Level, from: number, to: number): string {
  const table = level.from === 'RAW' ? TABLES.samples : levelOf(level.from).table
  return `${table} FINAL PREWHERE ts > ${time(from)} AND ts <= ${time(to)}`
}

/** Sums of samples as the columns of a rollup. */
const asRollup = (rows: string): string =>
  "SELECT metric, entity, fromUnixTimestamp64Milli(stamp, 'UTC') AS ts, n AS count, s AS diff, greatest(q, 0) AS squares, " +
  'lo AS min, lo_before AS min_before, hi AS max, hi_before AS max_before, z AS last, z_before AS last_before, ' +
  `a AS first, down AS drops FROM (${rows})`

/**
 * One thread and rows in the order of the key: the memory that a fold takes does not depend on how many series there are.
 * With these blocks it is about 60 MB, for the same work as with the default ones.
 */
export const FOLD_SETTINGS = {
  max_threads: 1,
  max_insert_threads: '1',
  optimize_aggregation_in_order: 1,
  do_not_merge_across_partitions_select_final: 1,
  max_block_size: '8192',
  preferred_block_size_bytes: '200000',
  aggregation_in_order_max_block_bytes: '4000000',
  min_insert_block_size_rows: '131072',
  max_partitions_per_insert_block: '0',
  max_bytes_before_external_group_by: '268435456',
  // Compiling the statement costs more than it saves: half of the time of a small fold.
  compile_expressions: 0,
  compile_aggregate_expressions: 0,
  max_execution_time: 3_600,
  // Signs of life, else the client takes a long fold for a dead connection. An hour of them fits into a header's 16 KB.
  send_progress_in_http_headers: 1,
  http_headers_progress_interval_ms: '60000',
  async_insert: 0,
  wait_end_of_query: 1,
} as const

/** Columns that a reader of a rollup gets: as if they had been computed from the samples; `first` is NaN but for counters. */
export const ROLLUP_COLUMNS =
  'metric, entity, toUnixTimestamp64Milli(ts) AS stamp, toUInt64(count), ' +
  'min, stamp - min_before, max, stamp - max_before, least(greatest(last + diff / count, min), max), squares, ' +
  'stamp - last_before, last, first, drops'
