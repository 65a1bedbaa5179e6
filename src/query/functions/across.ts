import { medianGap, NO_POINTS, type Points, pointsOf } from './points.js'
import { resample } from './resample.js'

export type FoldName = 'sum' | 'avg' | 'min' | 'max'

/** How many more distinct times than points of the longest stream still count as the same times with gaps. */
const ALIGNED = 1.5

export interface Aligned {
  readonly times: Float64Array
  readonly streams: readonly Points[]
  /** How long the buckets are, where there are any, milliseconds. */
  readonly step?: number
}

/**
 * Streams with times in common: as they are when their times are the same but for gaps; else each is first averaged in
 * buckets as long as the largest of the streams' usual distances, at least a second, stamped at their end. `onGrid`: they have the
 * same times wherever they have points.
 */
export function align(streams: readonly Points[], onGrid = false): Aligned {
  const first = streams[0]
  if (first === undefined) return { times: new Float64Array(0), streams }
  if (streams.every((points) => sameTimes(first, points)))
    return { times: first.times.subarray(first.start, first.end), streams }
  const times = allTimes(streams)
  const longest = streams.reduce((most, { start, end }) => Math.max(most, end - start), 0)
  if (onGrid || times.length <= ALIGNED * longest) return { times, streams }
  const step = Math.max(
    1000,
    ...streams.slice(0, 100).map((points) => Math.ceil(medianGap(points) / 1000) * 1000),
  )
  const buckets = streams.map((points) => resample(points, step, 'avg'))
  return { times: allTimes(buckets), streams: buckets, step }
}

/**
 * How the times of streams of different entities go together: `scalar`: one point each, all of them one, at the latest
 * time; `grid`: the same times wherever there are points; `free`: as they come.
 */
export type Times = 'scalar' | 'grid' | 'free'

/** Folds streams into one: at each time over the streams that have a point then. */
export function fold(name: FoldName, streams: readonly Points[], how: Times = 'free'): Points {
  const some = streams.filter((points) => points.end > points.start)
  const aligned =
    how === 'free' ? align(some) : how === 'grid' ? { times: allTimes(some), streams: some } : atOneTime(some)
  const { times } = aligned
  if (times.length === 0) return NO_POINTS
  const values = new Float64Array(times.length)
  const counts = new Float64Array(times.length)
  if (name === 'min') values.fill(Number.POSITIVE_INFINITY)
  if (name === 'max') values.fill(Number.NEGATIVE_INFINITY)
  for (const { times: own, values: add, start, end } of aligned.streams) {
    let k = 0
    for (let i = start; i < end; i++) {
      const time = own[i] as number
      while ((times[k] as number) < time) k++
      const value = add[i] as number
      const before = values[k] as number
      values[k] =
        name === 'min' ? Math.min(before, value) : name === 'max' ? Math.max(before, value) : before + value
      counts[k] = (counts[k] as number) + 1
    }
  }
  if (name === 'avg')
    for (let k = 0; k < values.length; k++) values[k] = (values[k] as number) / (counts[k] as number)
  return pointsOf(times, values)
}

function atOneTime(streams: readonly Points[]): { times: Float64Array; streams: readonly Points[] } {
  if (streams.length === 0) return { times: new Float64Array(0), streams }
  const latest = streams.reduce((time, points) => Math.max(time, points.times[points.end - 1] as number), 0)
  const times = Float64Array.of(latest)
  const last = ({ values, end }: Points) => pointsOf(times, values.subarray(end - 1, end))
  return { times, streams: streams.map(last) }
}

function sameTimes(a: Points, b: Points): boolean {
  const n = a.end - a.start
  if (b.end - b.start !== n) return false
  for (let i = 0; i < n; i++) if (a.times[a.start + i] !== b.times[b.start + i]) return false
  return true
}

function allTimes(streams: readonly Points[]): Float64Array {
  const all = new Float64Array(streams.reduce((sum, { start, end }) => sum + end - start, 0))
  let at = 0
  for (const { times, start, end } of streams) {
    all.set(times.subarray(start, end), at)
    at += end - start
  }
  all.sort()
  let n = 0
  for (let i = 0; i < all.length; i++) if (i === 0 || all[i] !== all[i - 1]) all[n++] = all[i] as number
  return all.subarray(0, n)
}

/** A stream of cumulative counts of values up to `le`. */
export interface HistogramBucket {
  readonly le: number
  readonly points: Points
}

/**
 * The value below which the `quantile` of the counted values lie, at each time, interpolated inside its bucket. Buckets
 * count cumulatively, as Prometheus' do; without one for +Inf there is no point. In the last bucket the answer is that
 * bucket's lower end.
 */
export function histogramQuantile(quantile: number, buckets: readonly HistogramBucket[]): Points {
  const sorted = [...buckets].sort((a, b) => a.le - b.le)
  if (sorted.length < 2 || sorted.at(-1)?.le !== Number.POSITIVE_INFINITY) return NO_POINTS
  const { times, streams } = align(sorted.map((bucket) => bucket.points))
  const outTimes: number[] = []
  const out: number[] = []
  const at = streams.map((points) => points.start)
  for (const time of times) {
    const counts = streams.map((points, b) => {
      while ((at[b] as number) < points.end && (points.times[at[b] as number] as number) < time)
        at[b] = (at[b] as number) + 1
      const place = at[b] as number
      return place < points.end && points.times[place] === time
        ? (points.values[place] as number)
        : Number.NaN
    })
    const value = quantileOf(quantile, sorted, counts)
    if (!Number.isFinite(value)) continue
    outTimes.push(time)
    out.push(value)
  }
  return pointsOf(Float64Array.from(outTimes), Float64Array.from(out))
}

/** Buckets without a count are as if they were not there; a count that is below a smaller bucket's is taken as that one's. */
function quantileOf(
  quantile: number,
  buckets: readonly HistogramBucket[],
  counts: readonly number[],
): number {
  const total = counts.at(-1) as number
  if (!(total > 0)) return Number.NaN
  const most = counts.reduce((a, b) => (b > a ? b : a), 0)
  const rank = quantile * most
  let lower: number | undefined
  let before = 0
  for (const [b, given] of counts.entries()) {
    if (Number.isNaN(given)) continue
    const upper = (buckets[b] as HistogramBucket).le
    const count = Math.max(before, given)
    if (count >= rank) {
      if (upper === Number.POSITIVE_INFINITY) return lower ?? Number.NaN
      const start = lower ?? Math.min(0, upper)
      return count === before ? upper : start + ((upper - start) * (rank - before)) / (count - before)
    }
    lower = upper
    before = count
  }
  return Number.NaN
}
