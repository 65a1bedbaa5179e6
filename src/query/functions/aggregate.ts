import { countOf, NO_POINTS, onePoint, type Points, type Statistics } from './points.js'

/** Functions from a stream to one point. `last`, `min` and `max` keep the time of their point, the others take the last. */
export type AggregateName = 'last' | 'min' | 'max' | 'avg' | 'sum' | 'count' | 'stddev'

export function aggregate(name: AggregateName, points: Points): Points {
  const { times, values, start, end, statistics } = points
  if (countOf(points) === 0) return NO_POINTS
  // Of an aggregate across entities the stream is of its means: one entity's sample is none of its points.
  if (statistics !== undefined && statistics.entities === undefined)
    return aggregateBuckets(name, points, statistics)
  const lastTime = times[end - 1] as number
  switch (name) {
    case 'last':
      return onePoint(lastTime, values[end - 1] as number)
    case 'min':
      return extreme(times, values, start, end, -1)
    case 'max':
      return extreme(times, values, start, end, 1)
    case 'sum':
      return onePoint(lastTime, sumOf(values, start, end))
    case 'avg':
      return onePoint(lastTime, sumOf(values, start, end) / (end - start))
    case 'count':
      return onePoint(lastTime, end - start)
    case 'stddev':
      return end - start < 2 ? NO_POINTS : onePoint(lastTime, deviation(values, start, end))
  }
}

/** Of rollup points: what the samples in the buckets would give, not what the buckets' means would. */
function aggregateBuckets(name: AggregateName, points: Points, s: Statistics): Points {
  const { values, start, end } = points
  if (name === 'min') return extreme(s.minTime, s.min, start, end, -1)
  if (name === 'max') return extreme(s.maxTime, s.max, start, end, 1)
  const lastTime = s.sampleTime[end - 1] as number
  if (name === 'last') return onePoint(lastTime, s.sampleValue[end - 1] as number)
  let count = 0
  let sum = 0
  for (let i = start; i < end; i++) {
    count += s.count[i] as number
    sum += (s.count[i] as number) * (values[i] as number)
  }
  if (name === 'count') return onePoint(lastTime, count)
  if (name === 'sum') return onePoint(lastTime, sum)
  const mean = sum / count
  if (name === 'avg') return onePoint(lastTime, mean)
  let squares = 0
  for (let i = start; i < end; i++)
    squares += (s.squares[i] as number) + (s.count[i] as number) * ((values[i] as number) - mean) ** 2
  return count < 2 ? NO_POINTS : onePoint(lastTime, Math.sqrt(squares / (count - 1)))
}

export function sumOf(values: Float64Array, start: number, end: number): number {
  let sum = 0
  for (let i = start; i < end; i++) sum += values[i] as number
  return sum
}

/** The first point that attains the extreme. */
function extreme(
  times: Float64Array,
  values: Float64Array,
  start: number,
  end: number,
  sign: 1 | -1,
): Points {
  let best = start
  for (let i = start + 1; i < end; i++)
    if (((values[i] as number) - (values[best] as number)) * sign > 0) best = i
  return onePoint(times[best] as number, values[best] as number)
}

/** Sample standard deviation (n − 1). */
function deviation(values: Float64Array, start: number, end: number): number {
  const n = end - start
  const mean = sumOf(values, start, end) / n
  let squares = 0
  for (let i = start; i < end; i++) squares += ((values[i] as number) - mean) ** 2
  return Math.sqrt(squares / (n - 1))
}

/** The value below which `percent` of the values lie, with linear interpolation between neighbours. */
export function percentile(points: Points, percent: number): Points {
  const { times, values, start, end } = points
  if (countOf(points) === 0) return NO_POINTS
  const sorted = values.slice(start, end).sort()
  return onePoint(times[end - 1] as number, quantileOfSorted(sorted, percent / 100))
}

export function quantileOfSorted(sorted: Float64Array, fraction: number): number {
  const rank = fraction * (sorted.length - 1)
  const below = Math.floor(rank)
  const low = sorted[below] as number
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number
  return low + (high - low) * (rank - below)
}

/** The value that a straight line through the points (least squares) reaches `seconds` after the last one. */
export function predictLinear(points: Points, seconds: number): Points {
  const { times, values, start, end } = points
  const n = end - start
  if (n < 2) return NO_POINTS
  const origin = times[end - 1] as number
  let sumT = 0
  let sumV = 0
  for (let i = start; i < end; i++) {
    sumT += ((times[i] as number) - origin) / 1000
    sumV += values[i] as number
  }
  const meanT = sumT / n
  const meanV = sumV / n
  let slope = 0
  let spread = 0
  for (let i = start; i < end; i++) {
    const t = ((times[i] as number) - origin) / 1000 - meanT
    slope += t * ((values[i] as number) - meanV)
    spread += t * t
  }
  return onePoint(origin, meanV + (slope / spread) * (seconds - meanT))
}
