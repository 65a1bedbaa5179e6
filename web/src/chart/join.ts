/**
 * Streams with times of their own to one table with a shared time column, as uPlot wants it.
 *
 * In a column, a number is a point, `undefined` means that this stream has no point at this time (the line goes on), and
 * `null` is a gap (the line breaks). Small answers are joined exactly. When the union of the times would make the table too
 * big, each stream is put on a grid with two places a step, the smallest and the largest value of the step in their order,
 * so that no peak is lost.
 */

import type { Interval } from '../state/time.js'

export interface TimedValues {
  readonly times: Float64Array
  readonly values: Float64Array
  /** Milliseconds between points; null or 0 where unknown: then the median distance is used. */
  readonly frequencyMs: number | null
}

export type Column = (number | null | undefined)[]

export interface Joined {
  readonly times: number[]
  readonly columns: Column[]
  /** Times per column at which a line breaks; for tests and for the count of points drawn. */
  readonly points: number
}

/** Above so many cells (times × streams) the grid is used. */
const MOST_CELLS = 1_500_000
/** A distance of more than so many collection intervals is a gap. */
const GAP_FACTOR = 2.5

/** Joins streams. `pixels` is the width of the chart: the grid is as fine as that. */
export function joinStreams(streams: readonly TimedValues[], interval: Interval, pixels: number): Joined {
  const points = streams.reduce((sum, stream) => sum + stream.times.length, 0)
  const shared = sharedTimes(streams)
  const union = shared ?? (points * streams.length <= 8 * MOST_CELLS ? unionTimes(streams) : null)
  if (union && union.length * streams.length <= MOST_CELLS) return { ...exact(streams, union), points }
  return { ...gridded(streams, interval, Math.max(1, pixels)), points }
}

/** The largest distance between two points that still is a line, in milliseconds. */
export function gapLimit(stream: TimedValues): number {
  const known = stream.frequencyMs
  if (known !== null && known > 0) return GAP_FACTOR * known
  const { times } = stream
  if (times.length < 3) return Number.POSITIVE_INFINITY
  const distances = new Float64Array(times.length - 1)
  for (let i = 1; i < times.length; i++) distances[i - 1] = (times[i] as number) - (times[i - 1] as number)
  distances.sort()
  return 4 * GAP_FACTOR * (distances[distances.length >> 1] as number)
}

/** The times of all streams when every stream has the same ones, which is the common case. */
function sharedTimes(streams: readonly TimedValues[]): Float64Array | null {
  const first = streams[0]?.times
  if (!first) return new Float64Array(0)
  for (const { times } of streams) {
    if (times === first) continue
    if (times.length !== first.length) return null
    for (let i = 0; i < times.length; i++) if (times[i] !== first[i]) return null
  }
  return first
}

function unionTimes(streams: readonly TimedValues[]): Float64Array {
  const all = new Float64Array(streams.reduce((sum, stream) => sum + stream.times.length, 0))
  let at = 0
  for (const { times } of streams) {
    all.set(times, at)
    at += times.length
  }
  return distinct(all)
}

function distinct(times: Float64Array): Float64Array {
  times.sort()
  let kept = 0
  for (let i = 0; i < times.length; i++)
    if (i === 0 || times[i] !== times[i - 1]) times[kept++] = times[i] as number
  return times.subarray(0, kept)
}

/** Times right behind the last point before each gap. */
function gapTimes(stream: TimedValues): number[] {
  const limit = gapLimit(stream)
  const found: number[] = []
  const { times } = stream
  for (let i = 1; i < times.length; i++) {
    const before = times[i - 1] as number
    const after = times[i] as number
    if (after - before > limit) found.push(before + (after - before) / 2)
  }
  return found
}

function exact(streams: readonly TimedValues[], union: Float64Array): Omit<Joined, 'points'> {
  const gaps = streams.map(gapTimes)
  const extra = gaps.flat()
  const times = extra.length === 0 ? union : distinct(Float64Array.from([...union, ...extra]))
  const columns = streams.map((stream, i) => column(stream, gaps[i] as number[], times))
  return { times: Array.from(times), columns }
}

function column(stream: TimedValues, gaps: readonly number[], times: Float64Array): Column {
  const out: Column = new Array(times.length)
  let point = 0
  let gap = 0
  for (let row = 0; row < times.length; row++) {
    const time = times[row] as number
    if (stream.times[point] === time) {
      const value = stream.values[point] as number
      out[row] = Number.isFinite(value) ? value : null
      point++
    } else if (gaps[gap] === time) {
      out[row] = null
      gap++
    } else out[row] = undefined
  }
  return out
}

function gridded(
  streams: readonly TimedValues[],
  interval: Interval,
  pixels: number,
): Omit<Joined, 'points'> {
  const steps = Math.max(2, Math.min(pixels, Math.floor(MOST_CELLS / 2 / Math.max(1, streams.length))))
  const width = (interval.to - interval.from) / steps
  const times: number[] = []
  for (let step = 0; step < steps; step++)
    times.push(interval.from + (step + 0.25) * width, interval.from + (step + 0.75) * width)
  return { times, columns: streams.map((stream) => gridColumn(stream, interval.from, width, steps)) }
}

function gridColumn(stream: TimedValues, from: number, width: number, steps: number): Column {
  const out: Column = new Array(2 * steps).fill(undefined)
  const { times, values } = stream
  const limit = Math.max(gapLimit(stream), 2 * width)
  let point = 0
  let last = Number.NaN
  while (point < times.length) {
    const step = Math.max(0, Math.min(steps - 1, Math.floor(((times[point] as number) - from) / width)))
    const end = step === steps - 1 ? Number.POSITIVE_INFINITY : from + (step + 1) * width
    if ((times[point] as number) - last > limit) breakBefore(out, 2 * step)
    let low = point
    let high = point
    for (; point < times.length && (times[point] as number) < end; point++) {
      if ((values[point] as number) < (values[low] as number)) low = point
      if ((values[point] as number) > (values[high] as number)) high = point
    }
    if (point === low && point === high) point++
    out[2 * step] = values[Math.min(low, high)] as number
    if (low !== high) out[2 * step + 1] = values[Math.max(low, high)] as number
    last = times[point - 1] as number
  }
  return out
}

/** Puts a gap into the free place before a row; there is one, as the distance is more than a step. */
function breakBefore(out: Column, row: number): void {
  for (let i = row - 1; i >= 0 && out[i] === undefined; i--) out[i] = null
}
