import { aggregate } from './aggregate.js'
import { type Points, pointsOf } from './points.js'

export type ResampleName = 'avg' | 'min' | 'max' | 'sum' | 'last' | 'count'
export const RESAMPLE_NAMES: readonly ResampleName[] = ['avg', 'min', 'max', 'sum', 'last', 'count']

/** The samples that the buckets of a window need: from `from` up to, not including, `to`. */
export interface BucketWindow {
  from: number
  to: number
  /** How many buckets. */
  count: number
}

/**
 * Buckets of `stepMs` that start at multiples of it since the epoch (so in UTC) and are stamped with their end: those
 * whose stamp is in [from, to]. Each is whole: the first may begin before `from`, as a rollup's may.
 */
export function bucketWindow(from: number, to: number, stepMs: number): BucketWindow {
  const firstStamp = Math.ceil(from / stepMs) * stepMs
  const lastStamp = Math.floor(to / stepMs) * stepMs
  if (lastStamp < firstStamp) return { from: firstStamp - stepMs, to: firstStamp - stepMs, count: 0 }
  return { from: firstStamp - stepMs, to: lastStamp, count: (lastStamp - firstStamp) / stepMs + 1 }
}

/**
 * One point a bucket that has points; a bucket holds from its start up to, not including, its end. Points that are
 * stamped at the end of their own buckets (`endStamped`: a rollup's) lie just before their stamp.
 */
export function resample(points: Points, stepMs: number, name: ResampleName, endStamped = false): Points {
  const { times, start, end, statistics } = points
  if (statistics === undefined && !endStamped) return resampleSamples(points, stepMs, name)
  const outTimes: number[] = []
  const out: number[] = []
  const before = endStamped ? 1 : 0
  const bucketOf = (i: number) => Math.floor(((times[i] as number) - before) / stepMs)
  let i = start
  while (i < end) {
    const bucket = bucketOf(i)
    const first = i
    while (i < end && bucketOf(i) === bucket) i++
    outTimes.push((bucket + 1) * stepMs)
    out.push(reduce(name, points, first, i))
  }
  return pointsOf(Float64Array.from(outTimes), Float64Array.from(out))
}

function resampleSamples({ times, values, start, end }: Points, stepMs: number, name: ResampleName): Points {
  if (start === end) return pointsOf(new Float64Array(0), new Float64Array(0))
  const first = Math.floor((times[start] as number) / stepMs)
  const buckets = Math.floor((times[end - 1] as number) / stepMs) - first + 1
  const most = Math.min(end - start, buckets)
  const outTimes = new Float64Array(most)
  const out = new Float64Array(most)
  let n = 0
  for (let i = start; i < end; ) {
    const until = (Math.floor((times[i] as number) / stepMs) + 1) * stepMs
    const from = i
    while (i < end && (times[i] as number) < until) i++
    outTimes[n] = until
    out[n++] = reduceSamples(name, values, from, i)
  }
  return pointsOf(outTimes, out, n)
}

/** Of the values in [start, end), of which there is at least one. */
export function reduceSamples(name: ResampleName, values: Float64Array, start: number, end: number): number {
  let result = values[start] as number
  switch (name) {
    case 'avg':
    case 'sum':
      for (let i = start + 1; i < end; i++) result += values[i] as number
      return name === 'avg' ? result / (end - start) : result
    case 'min':
      for (let i = start + 1; i < end; i++) if ((values[i] as number) < result) result = values[i] as number
      return result
    case 'max':
      for (let i = start + 1; i < end; i++) if ((values[i] as number) > result) result = values[i] as number
      return result
    case 'last':
      return values[end - 1] as number
    case 'count':
      return end - start
  }
}

function reduce(name: ResampleName, points: Points, start: number, end: number): number {
  const one = aggregate(name, { ...points, start, end })
  return one.values[one.start] as number
}
