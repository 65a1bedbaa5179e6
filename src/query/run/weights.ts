import { combine } from '../functions/arithmetic.js'
import { increase } from '../functions/change.js'
import { countOf, mapValues, type Points, pointsOf, type Statistics } from '../functions/points.js'
import { increaseTo } from '../plan/apply.js'

/**
 * How much each point of a stream of a weighting metric weighs: of a counter its growth since the point before (of a rollup, in the
 * bucket), for so many things an average of that time is of; of any other metric its value (of a rollup, the sum of the samples').
 */
export function weightsOf(points: Points, isCounter: boolean): Points {
  const { times, values, start, end, statistics } = points
  if (statistics === undefined) return isCounter ? increase(points) : points
  const out = new Float64Array(end - start)
  for (let i = start; i < end; i++)
    out[i - start] = isCounter
      ? grownIn(statistics, i, i > start)
      : (values[i] as number) * (statistics.count[i] as number)
  return pointsOf(times.subarray(start, end), out)
}

/** Where the bucket before is not known, what was counted from the first sample of a bucket to its last. */
function grownIn(statistics: Statistics, i: number, hasBefore: boolean): number {
  if (hasBefore) return increaseTo(statistics, i)
  const { first, drops, sampleValue } = statistics
  const grown = (sampleValue[i] as number) - (first?.[i] ?? Number.NaN) + (drops?.[i] ?? 0)
  return Number.isNaN(grown) ? 0 : grown
}

/**
 * The weights at the times of a stream's points: of the same time, or the nearest, no farther away than operands of an expression may be;
 * 0 where there is none, and for a negative one.
 */
export function weightsAt(points: Points, weights: Points): Float64Array {
  const out = new Float64Array(countOf(points))
  if (countOf(weights) === 0) return out
  const ones = mapValues(points, () => 1)
  const found = combine('*', ones, weights, false, false) as Points
  let k = found.start
  for (let i = 0; i < out.length; i++) {
    const time = points.times[points.start + i] as number
    while (k < found.end && (found.times[k] as number) < time) k++
    if (k < found.end && found.times[k] === time) out[i] = Math.max(0, found.values[k] as number)
  }
  return out
}
