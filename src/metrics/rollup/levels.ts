import type { Rollup } from '../../wire/timeseries.js'

/** A level that is folded; samples as they are (`RAW`) are the level below the first. */
export type FoldedLevel = Exclude<Rollup, 'RAW'>

export interface Level {
  readonly name: FoldedLevel
  /** Its number in `rollup_folds`; part of the data format. */
  readonly id: number
  readonly table: string
  /** Length of its buckets, milliseconds. */
  readonly ms: number
  /** Where its buckets begin: at this time and every `ms` before and after it. */
  readonly origin: number
  /** What it is folded from: the samples, or the next finer level. */
  readonly from: Rollup
  /** What one partition of its table holds, by the buckets' stamps: what retention drops at once. */
  readonly partition: PartitionSpan
}

export type PartitionSpan = 'day' | 'week' | 'month' | 'year'

/** SQL of the partitions; `partitionRange` reads the values. */
export const PARTITION_SQL: Readonly<Record<PartitionSpan, string>> = {
  day: 'toYYYYMMDD(ts)',
  week: 'toYYYYMMDD(toMonday(ts))',
  month: 'toYYYYMM(ts)',
  year: 'toYear(ts)',
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Buckets of ten minutes are the grain in which the writer notes what it has touched. */
export const FINEST_MS = 10 * MINUTE

/**
 * Finest first; each level's buckets consist of whole buckets of the one before. All are in UTC. Weeks begin on Monday, as
 * ISO 8601 has them (the epoch was a Thursday).
 */
export const LEVELS: readonly Level[] = [
  {
    name: 'TEN_MINUTELY',
    id: 1,
    table: 'rollup_ten_minutely',
    ms: FINEST_MS,
    origin: 0,
    from: 'RAW',
    partition: 'day',
  },
  {
    name: 'HOURLY',
    id: 2,
    table: 'rollup_hourly',
    ms: HOUR,
    origin: 0,
    from: 'TEN_MINUTELY',
    partition: 'week',
  },
  {
    name: 'SIX_HOURLY',
    id: 3,
    table: 'rollup_six_hourly',
    ms: 6 * HOUR,
    origin: 0,
    from: 'HOURLY',
    partition: 'month',
  },
  {
    name: 'DAILY',
    id: 4,
    table: 'rollup_daily',
    ms: DAY,
    origin: 0,
    from: 'SIX_HOURLY',
    partition: 'month',
  },
  {
    name: 'WEEKLY',
    id: 5,
    table: 'rollup_weekly',
    ms: 7 * DAY,
    origin: 4 * DAY,
    from: 'DAILY',
    partition: 'year',
  },
]

export const WEEK_MS = 7 * DAY

export const levelOf = (name: FoldedLevel): Level => LEVELS.find((level) => level.name === name) as Level

/** Start of the bucket that holds the time: a bucket holds [start, start + ms). */
export const bucketStart = (level: Pick<Level, 'ms' | 'origin'>, time: number): number =>
  Math.floor((time - level.origin) / level.ms) * level.ms + level.origin

/** A bucket is stamped with its end: the stamp of the one that holds the time. */
export const stampOf = (level: Pick<Level, 'ms' | 'origin'>, time: number): number =>
  bucketStart(level, time) + level.ms

/** Start of the week (Monday, UTC) that holds the time: weeks hold whole buckets of every level. */
export const weekStart = (time: number): number => bucketStart(LEVELS.at(-1) as Level, time)
