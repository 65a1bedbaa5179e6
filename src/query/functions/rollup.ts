import type { Rollup } from '../../wire/timeseries.js'

/** Length of a rollup's buckets in milliseconds; 0: none. */
export const ROLLUP_MS: Readonly<Record<Rollup, number>> = {
  RAW: 0,
  TEN_MINUTELY: 600_000,
  HOURLY: 3_600_000,
  SIX_HOURLY: 21_600_000,
  DAILY: 86_400_000,
  WEEKLY: 604_800_000,
}

export const ROLLUPS = Object.keys(ROLLUP_MS) as readonly Rollup[]

/**
 * Where buckets of a level begin, from the epoch on: weeks begin on Monday (the epoch was a Thursday), all others at
 * multiples of their length.
 */
export const rollupOrigin = (level: Rollup) => (level === 'WEEKLY' ? 4 * 86_400_000 : 0)
