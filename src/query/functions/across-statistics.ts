import { type Aligned, align } from './across.js'
import { NO_POINTS, type Points, pointsOf, type Statistics } from './points.js'

/** What is known of a counter belongs to one stream. */
type AcrossStatistics = Required<Omit<Statistics, 'first' | 'drops' | 'plainMean'>>

/** A member's stream; `entity` is its index in the catalogue. */
export interface MemberStream {
  readonly entity: number
  readonly points: Points
  /** Of each of the points: of how many its value is the average; 0 where that is not known. */
  readonly weights?: Float64Array
}

/**
 * Mean over the members at each time, with what the published answers carry: count, extremes and who has them, deviation
 * over the members; the sample is the largest. Members whose points come from a rollup have their buckets merged. With weights the
 * mean is weighted by them; where none is above 0 each member counts alike, and all else is as without them.
 */
export function acrossMembers(members: readonly MemberStream[]): Points {
  const some = members.filter(({ points }) => points.end > points.start)
  if (some.length === 0) return NO_POINTS
  const rolledUp = some[0]?.points.statistics !== undefined
  const aligned = align(
    some.map(({ points }) => points),
    rolledUp,
  )
  const { times } = aligned
  const n = times.length
  const column = () => new Float64Array(n)
  const values = column()
  const entities = column()
  const most = column()
  const statistics: AcrossStatistics = {
    count: column(),
    min: column(),
    minTime: column(),
    max: column(),
    maxTime: column(),
    squares: column(),
    sampleTime: column(),
    sampleValue: column(),
    minEntity: column(),
    maxEntity: column(),
    entities,
  }
  aligned.streams.forEach((points, m) => {
    const who = (some[m] as MemberStream).entity
    let k = 0
    for (let i = points.start; i < points.end; i++) {
      const time = points.times[i] as number
      while ((times[k] as number) < time) k++
      const part = rolledUp ? points.statistics : undefined
      most[k] = Math.max(most[k] as number, part?.count[i] ?? 1)
      merge(statistics, values, k, part, i, points.values[i] as number, time, who)
    }
  })
  for (let k = 0; k < n; k++) {
    // The number of members of a rolled-up point is a mean over its instants, so it need not be whole.
    entities[k] = (statistics.count[k] as number) / (most[k] as number)
    statistics.sampleValue[k] = statistics.max[k] as number
    statistics.sampleTime[k] = statistics.maxTime[k] as number
  }
  const points = { times, values, start: 0, end: n, statistics }
  if (some.every(({ weights }) => weights === undefined)) return points
  return {
    ...points,
    values: weightedMeans(some, aligned, values),
    statistics: { ...statistics, plainMean: values },
  }
}

/** Means weighted by the members' weights, at the times of what was aligned; the plain one where no weight is above 0. */
function weightedMeans(
  members: readonly MemberStream[],
  { times, step }: Aligned,
  plain: Float64Array,
): Float64Array {
  const sums = new Float64Array(times.length)
  const weights = new Float64Array(times.length)
  for (const { points, weights: own } of members) {
    if (own === undefined) continue
    let k = 0
    for (let i = points.start; i < points.end; i++) {
      const time = points.times[i] as number
      const at = step === undefined ? time : (Math.floor(time / step) + 1) * step
      while ((times[k] as number) < at) k++
      const weight = own[i - points.start] as number
      sums[k] = (sums[k] as number) + weight * (points.values[i] as number)
      weights[k] = (weights[k] as number) + weight
    }
  }
  return plain.map((mean, k) =>
    (weights[k] as number) > 0 ? (sums[k] as number) / (weights[k] as number) : mean,
  )
}

/** Adds one member's point, or bucket, to the statistics at `k`: mean and squares by Chan's parallel formula. */
function merge(
  s: AcrossStatistics,
  means: Float64Array,
  k: number,
  part: Statistics | undefined,
  i: number,
  value: number,
  time: number,
  who: number,
): void {
  const count = part?.count[i] ?? 1
  const min = part?.min[i] ?? value
  const max = part?.max[i] ?? value
  const before = s.count[k] as number
  const total = before + count
  if (before === 0 || min < (s.min[k] as number)) {
    s.min[k] = min
    s.minTime[k] = part?.minTime[i] ?? time
    s.minEntity[k] = who
  }
  if (before === 0 || max > (s.max[k] as number)) {
    s.max[k] = max
    s.maxTime[k] = part?.maxTime[i] ?? time
    s.maxEntity[k] = who
  }
  const mean = means[k] as number
  const delta = value - mean
  means[k] = mean + (delta * count) / total
  s.squares[k] = (s.squares[k] as number) + (part?.squares[i] ?? 0) + (delta * delta * before * count) / total
  s.count[k] = total
}

/** A stream's points put into buckets with their statistics, as a rollup has them. */
export function withStatistics(points: Points, stepMs: number, origin: number): Points {
  const { times, values, start, end } = points
  const rows: number[][] = []
  let i = start
  while (i < end) {
    const bucket = Math.floor(((times[i] as number) - origin) / stepMs)
    let [count, mean, squares] = [0, 0, 0]
    let [min, minTime, max, maxTime] = [Number.POSITIVE_INFINITY, 0, Number.NEGATIVE_INFINITY, 0]
    for (; i < end && Math.floor(((times[i] as number) - origin) / stepMs) === bucket; i++) {
      const value = values[i] as number
      const time = times[i] as number
      count++
      const delta = value - mean
      mean += delta / count
      squares += delta * (value - mean)
      if (value < min) [min, minTime] = [value, time]
      if (value > max) [max, maxTime] = [value, time]
    }
    const stamp = (bucket + 1) * stepMs + origin
    rows.push([
      stamp,
      mean,
      count,
      min,
      minTime,
      max,
      maxTime,
      squares,
      times[i - 1] as number,
      values[i - 1] as number,
    ])
  }
  const column = (c: number) => Float64Array.from(rows, (row) => row[c] as number)
  return {
    ...pointsOf(column(0), column(1)),
    statistics: {
      count: column(2),
      min: column(3),
      minTime: column(4),
      max: column(5),
      maxTime: column(6),
      squares: column(7),
      sampleTime: column(8),
      sampleValue: column(9),
    },
  }
}
