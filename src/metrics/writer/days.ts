import type { SampleColumns } from '../types.js'

/** Days since the epoch, UTC: the partitions of `samples`. */
export const DAY_MS = 86_400_000

/** DateTime64(3) holds 1900 to 2299; times before the epoch or after 2286 are a sender's mistake. */
const LAST_TIME = 9_999_999_999_999

/** The samples of the given days, in columns of their own. */
export function onlyDays(
  { series, time, value, length }: SampleColumns,
  days: readonly number[],
): SampleColumns {
  const wanted = new Set(days)
  const kept: number[] = []
  for (let i = 0; i < length; i++) if (wanted.has(Math.floor(time[i]! / DAY_MS))) kept.push(i)
  return {
    length: kept.length,
    series: Uint32Array.from(kept, (i) => series[i]!),
    time: Float64Array.from(kept, (i) => time[i]!),
    value: Float64Array.from(kept, (i) => value[i]!),
  }
}

/**
 * The days that a batch touches, in no order. Throws RangeError for a time that cannot be stored: the decoders refuse
 * such samples one by one, so here it is a fault of the caller.
 */
export function daysOf({ time, length }: SampleColumns): number[] {
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  let before = Number.NaN
  for (let i = 0; i < length; i++) {
    const t = time[i]!
    // Most samples have the time of the one before.
    if (t === before) continue
    before = t
    if (!(t >= 0 && t <= LAST_TIME))
      throw new RangeError(`sample ${i} has the time ${t}, which cannot be stored`)
    if (t < least) least = t
    if (t > most) most = t
  }
  if (length === 0) return []
  const first = Math.floor(least / DAY_MS)
  if (first === Math.floor(most / DAY_MS)) return [first]
  const days = new Set<number>()
  for (let i = 0; i < length; i++) days.add(Math.floor(time[i]! / DAY_MS))
  return [...days]
}
