/** A point of an exponential histogram: bucket k counts values in (base^(offset + k), base^(offset + k + 1)], base = 2^(2^-scale). */
export interface ExponentialBuckets {
  scale: number
  zeroCount: number
  zeroThreshold: number
  positive: Side
  /** Of the values without their sign. */
  negative: Side
}

export interface Side {
  offset: number
  counts: number[]
}

/** Two buckets for each doubling: finer ones are added up, so that the bounds of a series stay the same when a sender's scale changes. */
const FINEST = 1
/** Beyond these a bound is no double any more. */
const MOST_DOUBLINGS = 1023

/**
 * The same as counts below bounds, as `_bucket` with `le` has them; the last count is of everything. Each bucket with something
 * in it has both its bounds, so that a quantile is looked for in no more than that bucket.
 */
export function explicitBuckets(given: ExponentialBuckets): { bounds: number[]; counts: number[] } {
  const bounds: number[] = []
  const counts: number[] = []
  const add = (lower: number, upper: number, count: number) => {
    if (lower < upper && bounds.at(-1) !== lower) {
      bounds.push(lower)
      counts.push(0)
    }
    bounds.push(upper)
    counts.push(count)
  }
  const scale = Math.min(given.scale, FINEST)
  const bound = (index: number) => Number((2 ** (index / 2 ** scale)).toPrecision(12))
  for (const [index, count] of [...coarse(given.negative, given.scale, scale)].sort(([a], [b]) => b - a))
    add(-bound(index + 1), -bound(index), count)
  if (given.zeroCount > 0) add(-given.zeroThreshold, given.zeroThreshold, given.zeroCount)
  for (const [index, count] of [...coarse(given.positive, given.scale, scale)].sort(([a], [b]) => a - b))
    add(bound(index), bound(index + 1), count)
  return { bounds, counts: [...counts, 0] }
}

/** Counts by the index of the bucket at the coarser scale; without those that are empty, or that no double can bound. */
function coarse({ offset, counts }: Side, from: number, to: number): Map<number, number> {
  const sums = new Map<number, number>()
  const factor = 2 ** (from - to)
  const most = MOST_DOUBLINGS * 2 ** to
  for (const [k, count] of counts.entries()) {
    const index = Math.floor((offset + k) / factor)
    if (count > 0 && Math.abs(index) < most) sums.set(index, (sums.get(index) ?? 0) + count)
  }
  return sums
}
