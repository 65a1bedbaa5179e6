import type { Application, PointwiseName, StatisticName } from '../check/typed.js'
import { aggregate, percentile, predictLinear } from '../functions/aggregate.js'
import type { Operand } from '../functions/arithmetic.js'
import {
  counterDelta,
  derivative,
  derivativeOfCounter,
  increase,
  increaseOver,
  integral,
} from '../functions/change.js'
import { movingAverage } from '../functions/moving-average.js'
import {
  finiteOnly,
  mapValues,
  NO_POINTS,
  type Points,
  pointsOf,
  type Statistics,
} from '../functions/points.js'
import { resample } from '../functions/resample.js'

/**
 * Applies a function. `bucketMs` is the length of the buckets when the points are those of a rollup, else 0. A plain
 * number takes only the functions that work value by value.
 */
export function applyFunction(apply: Application, operand: Operand, bucketMs: number): Operand {
  if (apply.name === 'pointwise') {
    const f = pointwise(apply.by, apply.decimals ?? 0)
    return typeof operand === 'number' ? f(operand) : mapValues(operand, f)
  }
  if (typeof operand === 'number') return NO_POINTS
  switch (apply.name) {
    case 'dt':
      return derivative(operand)
    case 'dt0':
      return derivativeOfCounter(operand)
    case 'integral':
      return integral(operand, bucketMs)
    case 'counter_delta':
      return counterDelta(operand)
    case 'rate':
      return apply.seconds === undefined
        ? derivativeOfCounter(operand)
        : increaseOver(operand, apply.seconds, true)
    case 'increase':
      return apply.seconds === undefined ? increase(operand) : increaseOver(operand, apply.seconds, false)
    case 'moving_avg':
      return movingAverage(operand, apply.seconds)
    case 'timeshift':
      return shift(operand, apply.seconds * 1000)
    case 'predict_linear':
      return predictLinear(operand, apply.seconds)
    case 'resample':
      return resample(operand, apply.seconds * 1000, apply.by, bucketMs > 0)
    case 'aggregate':
      return aggregate(apply.by, operand)
    case 'percentile':
      return percentile(operand, apply.percent)
    case 'stats':
      return statistic(operand, apply.statistic)
  }
}

function pointwise(by: PointwiseName, decimals: number): (value: number) => number {
  switch (by) {
    case 'negate':
      return (value) => -value
    case 'abs':
      return Math.abs
    case 'ceil':
      return Math.ceil
    case 'floor':
      return Math.floor
    case 'round': {
      const scale = 10 ** decimals
      return (value) => Math.round(value * scale) / scale
    }
    case 'ln':
      return Math.log
    case 'log10':
      return Math.log10
    case 'sqrt':
      return Math.sqrt
  }
}

function shift(points: Points, ms: number): Points {
  const { times, values, start, end } = points
  return pointsOf(
    times.slice(start, end).map((time) => time + ms),
    start === 0 ? values : values.subarray(start, end),
    end - start,
  )
}

/** One statistic of aggregate points as plain points. Plain points are their own average, extremes and sample. */
function statistic(points: Points, name: StatisticName): Points {
  const { times, values, start, end, statistics } = points
  if (statistics === undefined) {
    if (name === 'std_dev') return mapValues(points, () => 0)
    return pointsOf(times.subarray(start, end), values.subarray(start, end))
  }
  const out = new Float64Array(end - start)
  for (let i = start; i < end; i++) {
    const count = statistics.count[i] as number
    out[i - start] =
      name === 'max'
        ? (statistics.max[i] as number)
        : name === 'min'
          ? (statistics.min[i] as number)
          : name === 'sample' || name === 'counter'
            ? (statistics.sampleValue[i] as number)
            : name === 'std_dev'
              ? count > 1
                ? Math.sqrt((statistics.squares[i] as number) / (count - 1))
                : 0
              : name === 'total'
                ? (statistics.plainMean?.[i] ?? (values[i] as number)) * (statistics.entities?.[i] ?? 1)
                : (values[i] as number)
  }
  return finiteOnly(pointsOf(times.subarray(start, end), out))
}

/**
 * Rate of a counter from its rollup: from last sample to last sample, stamped as the buckets are. What the counter lost by
 * resets is made good where the rollup knows it; else a bucket at whose end the counter is lower has no point.
 */
export function rateOfRollup(points: Points): Points {
  const { times, start, end, statistics } = points
  if (statistics === undefined) return derivativeOfCounter(points)
  const outTimes: number[] = []
  const out: number[] = []
  for (let i = start + 1; i < end; i++) {
    const delta = increaseTo(statistics, i)
    const elapsed = (statistics.sampleTime[i] as number) - (statistics.sampleTime[i - 1] as number)
    if (delta < 0 || elapsed <= 0) continue
    outTimes.push(times[i] as number)
    out.push(delta / (elapsed / 1000))
  }
  return pointsOf(Float64Array.from(outTimes), Float64Array.from(out))
}

/** By how much a counter grew from the last sample of the bucket before to the last of bucket `i`; negative: not known. */
export function increaseTo({ sampleValue, first, drops }: Statistics, i: number): number {
  const before = sampleValue[i - 1] as number
  const after = sampleValue[i] as number
  const start = first?.[i] ?? Number.NaN
  if (Number.isNaN(start)) return after - before
  return Math.max(0, start - before) + after - start + (drops?.[i] ?? 0)
}
