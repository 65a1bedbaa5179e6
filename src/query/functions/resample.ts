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
  const { times, start, end } = points
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

function reduce(name: ResampleName, points: Points, start: number, end: number): number {
  const one = aggregate(name, { ...points, start, end })
  return one.values[one.start] as number
}
