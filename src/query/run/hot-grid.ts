import { BLOCK, type BlockKind, type Blocks, lowerBound } from '../../metrics/index.js'
import type { Points } from '../functions/points.js'
import type { ResampleName } from '../functions/resample.js'
import type { FoldPair } from '../sql/select.js'
import type { HotSlices } from './hot-slices.js'

export interface Grid {
  /** Start of the first bucket, and their length, milliseconds. */
  readonly from: number
  readonly step: number
  readonly count: number
}

/** Puts a series into buckets. `counts` and `out`, as long as the grid: samples of each bucket, and their value. */
function fill(
  slices: HotSlices,
  { from, step }: Grid,
  by: ResampleName,
  counts: Float64Array,
  out: Float64Array,
): void {
  const kind = KINDS[by]
  for (let s = 0; s < slices.count; s++) {
    const times = slices.times[s] as Float64Array
    const values = slices.values[s] as Float64Array
    const end = slices.ends[s] as number
    const blocks = slices.blocks[s] as Blocks
    let width = 0
    for (let i = slices.starts[s] as number; i < end; ) {
      const bucket = Math.floor(((times[i] as number) - from) / step)
      const first = i
      i = bucketEnd(times, first, end, from + (bucket + 1) * step, first + width)
      width = i - first
      const known = counts[bucket] as number
      counts[bucket] = known + (i - first)
      const one = kind === undefined ? reduce(by, values, first, i) : reduceWide(kind, blocks, first, i)
      const before = out[bucket] as number
      if (known === 0) out[bucket] = one
      else if (by === 'avg' || by === 'sum') out[bucket] = before + one
      else if (by === 'min') out[bucket] = one < before ? one : before
      else if (by === 'max') out[bucket] = one > before ? one : before
      else if (by === 'last') out[bucket] = one
    }
  }
}

const KINDS: Readonly<Partial<Record<ResampleName, BlockKind>>> = {
  avg: 'sum',
  sum: 'sum',
  min: 'min',
  max: 'max',
}

/** As `reduce`, of many samples by their blocks, as far as these lie between the ends. */
function reduceWide(kind: BlockKind, blocks: Blocks, start: number, end: number): number {
  const { values } = blocks
  const from = Math.ceil(start / BLOCK)
  const to = Math.floor(end / BLOCK)
  if (to - from < 2) return reduce(kind, values, start, end)
  const known = blocks.of(kind)
  let result = known[from] as number
  if (Number.isNaN(result)) result = blocks.compute(kind, from)
  for (let b = from + 1; b < to; b++) {
    let each = known[b] as number
    if (Number.isNaN(each)) each = blocks.compute(kind, b)
    result = both(kind, result, each)
  }
  if (start < from * BLOCK) result = both(kind, reduce(kind, values, start, from * BLOCK), result)
  return to * BLOCK < end ? both(kind, result, reduce(kind, values, to * BLOCK, end)) : result
}

function both(kind: BlockKind, a: number, b: number): number {
  if (kind === 'sum') return a + b
  return kind === 'min' ? (b < a ? b : a) : b > a ? b : a
}

/** Of samples that are there; for `avg` their sum. Four at a time, for each waits for the one before. */
function reduce(by: ResampleName, values: Float64Array, start: number, end: number): number {
  let a = values[start] as number
  if (by === 'last' || by === 'count') return values[end - 1] as number
  let i = start + 1
  if (end - start < 16) {
    if (by === 'min') for (; i < end; i++) a = (values[i] as number) < a ? (values[i] as number) : a
    else if (by === 'max') for (; i < end; i++) a = (values[i] as number) > a ? (values[i] as number) : a
    else for (; i < end; i++) a += values[i] as number
    return a
  }
  let b = values[i] as number
  let c = values[i + 1] as number
  let d = values[i + 2] as number
  const last = end - 3
  if (by === 'min') {
    for (i = start + 4; i < last; i += 4) {
      a = (values[i] as number) < a ? (values[i] as number) : a
      b = (values[i + 1] as number) < b ? (values[i + 1] as number) : b
      c = (values[i + 2] as number) < c ? (values[i + 2] as number) : c
      d = (values[i + 3] as number) < d ? (values[i + 3] as number) : d
    }
    a = Math.min(a, b, c, d)
    for (; i < end; i++) a = (values[i] as number) < a ? (values[i] as number) : a
  } else if (by === 'max') {
    for (i = start + 4; i < last; i += 4) {
      a = (values[i] as number) > a ? (values[i] as number) : a
      b = (values[i + 1] as number) > b ? (values[i + 1] as number) : b
      c = (values[i + 2] as number) > c ? (values[i + 2] as number) : c
      d = (values[i + 3] as number) > d ? (values[i + 3] as number) : d
    }
    a = Math.max(a, b, c, d)
    for (; i < end; i++) a = (values[i] as number) > a ? (values[i] as number) : a
  } else {
    for (i = start + 4; i < last; i += 4) {
      a += values[i] as number
      b += values[i + 1] as number
      c += values[i + 2] as number
      d += values[i + 3] as number
    }
    a += b + (c + d)
    for (; i < end; i++) a += values[i] as number
  }
  return a
}

/** The first of [i, end) that is not before `until`; `guess` is where that was found for the bucket before. */
function bucketEnd(times: Float64Array, i: number, end: number, until: number, guess: number): number {
  if (guess > i && guess < end && (times[guess - 1] as number) < until && (times[guess] as number) >= until)
    return guess
  if ((times[end - 1] as number) < until) return end
  // Not far, as a rule: a step that doubles, then back by halves.
  let step = 1
  while (i + step < end && (times[i + step] as number) < until) step *= 2
  return lowerBound(times, i + (step >> 1), Math.min(end, i + step), until)
}

/** The stamps of the grid, once for each of the rows, so that full rows of all metrics share one column of times. */
export function gridTimes({ from, step, count }: Grid, rows: number): Float64Array {
  const times = new Float64Array(count * rows)
  for (let b = 0; b < count; b++) times[b] = from + (b + 1) * step
  for (let done = count; done < times.length; done *= 2)
    times.copyWithin(done, 0, Math.min(done, times.length - done))
  return times
}

/** Series of one metric in buckets: rows of one column. */
export class HotGrid {
  readonly #grid: Grid
  readonly #by: ResampleName
  readonly #shared: Float64Array
  readonly #values: Float64Array
  readonly #counts: Float64Array
  readonly #bucket: Float64Array

  /** `shared`: `gridTimes` for as many rows as there are. */
  constructor(grid: Grid, by: ResampleName, shared: Float64Array) {
    this.#grid = grid
    this.#by = by
    this.#shared = shared
    this.#values = new Float64Array(shared.length)
    this.#counts = new Float64Array(grid.count)
    this.#bucket = new Float64Array(grid.count)
  }

  /** The row's points; undefined when there are none. */
  row(row: number, slices: HotSlices): Points | undefined {
    if (slices.count === 0) return undefined
    const { count, from, step } = this.#grid
    const counts = this.#counts.fill(0)
    fill(slices, this.#grid, this.#by, counts, this.#bucket)
    const start = row * count
    const values = this.#values
    let end = start
    for (let b = 0; b < count; b++) {
      const n = counts[b] as number
      if (n === 0) continue
      const value = finished(this.#by, this.#bucket[b] as number, n)
      if (this.#by === 'avg' && value - value !== 0) continue
      values[end++] = value
    }
    if (end === start) return undefined
    if (end - start === count) return { times: this.#shared, values, start, end }
    const times = new Float64Array(end - start)
    let at = 0
    for (let b = 0; b < count; b++) {
      const n = counts[b] as number
      if (n === 0) continue
      const value = finished(this.#by, this.#bucket[b] as number, n)
      if (this.#by === 'avg' && value - value !== 0) continue
      times[at++] = from + (b + 1) * step
    }
    return { times, values: values.subarray(start, end), start: 0, end: at }
  }
}

function finished(by: ResampleName, value: number, count: number): number {
  if (by === 'avg') return value / count
  return by === 'count' ? count : value
}

/** All series of one metric in one row of buckets. */
export class HotFold {
  readonly #grid: Grid
  readonly #by: FoldPair
  readonly #totals: Float64Array
  readonly #members: Float64Array
  readonly #counts: Float64Array
  readonly #bucket: Float64Array

  constructor(grid: Grid, by: FoldPair) {
    this.#grid = grid
    this.#by = by
    this.#totals = new Float64Array(grid.count)
    this.#members = new Float64Array(grid.count)
    this.#counts = new Float64Array(grid.count)
    this.#bucket = new Float64Array(grid.count)
  }

  add(slices: HotSlices): void {
    if (slices.count === 0) return
    const counts = this.#counts.fill(0)
    fill(slices, this.#grid, this.#by, counts, this.#bucket)
    const totals = this.#totals
    for (let b = 0; b < counts.length; b++) {
      const n = counts[b] as number
      if (n === 0) continue
      const value = finished(this.#by, this.#bucket[b] as number, n)
      const before = totals[b] as number
      if ((this.#members[b] as number)++ === 0) totals[b] = value
      else if (this.#by === 'max') totals[b] = value > before ? value : before
      else if (this.#by === 'min') totals[b] = value < before ? value : before
      else totals[b] = before + value
    }
  }

  points(): Points | undefined {
    const { count, from, step } = this.#grid
    const times = new Float64Array(count)
    const values = new Float64Array(count)
    let end = 0
    for (let b = 0; b < count; b++) {
      const n = this.#members[b] as number
      if (n === 0) continue
      const value = this.#by === 'avg' ? (this.#totals[b] as number) / n : (this.#totals[b] as number)
      if (value - value !== 0) continue
      times[end] = from + (b + 1) * step
      values[end++] = value
    }
    return end === 0 ? undefined : { times, values, start: 0, end }
  }
}
