import { type BinKind, type Bins, type HotColumns, type HotMetric, lowerBound } from '../../metrics/index.js'
import type { ResampleName } from '../functions/resample.js'
import { lastOf, maxOf, minOf, type Reduce, sumOf } from './hot-reduce.js'
import { HotSlices } from './hot-slices.js'

export interface Grid {
  /** Start of the first bucket, and their length, milliseconds. */
  readonly from: number
  readonly step: number
  readonly count: number
}

/** How values are put together. The mean's total is divided at the end; `count` looks at no value. */
type Way = 'sum' | 'min' | 'max' | 'last'

const WAYS: Readonly<Record<ResampleName, Way>> = {
  avg: 'sum',
  sum: 'sum',
  min: 'min',
  max: 'max',
  last: 'last',
  count: 'last',
}
const REDUCE: Readonly<Record<Way, Reduce>> = { sum: sumOf, min: minOf, max: maxOf, last: lastOf }
const BINS: Readonly<Record<ResampleName, BinKind | undefined>> = {
  avg: 'sum',
  sum: 'sum',
  min: 'min',
  max: 'max',
  last: undefined,
  count: undefined,
}

/** Bins of a chunk that lie in the grid: [first, end), of which the first is the `within`-th of its bucket. */
interface BinRange {
  readonly bins: Bins
  readonly first: number
  readonly end: number
  readonly bucket: number
  readonly within: number
  readonly perBucket: number
}

/** Puts the series of one metric into buckets, one after another. */
export class HotFill {
  /** Of the series that was put in last: samples of each bucket (for extremes, some number that is not 0), and their value. */
  readonly counts: Float64Array
  readonly out: Float64Array
  readonly #grid: Grid
  readonly #way: Way
  readonly #reduce: Reduce
  readonly #chunks: readonly HotColumns[]
  /** By chunk; undefined where samples have to be looked at. */
  readonly #ranges: readonly (BinRange | undefined)[]
  readonly #slices: HotSlices

  constructor(grid: Grid, by: ResampleName, { chunks }: HotMetric) {
    this.#grid = grid
    this.#way = WAYS[by]
    this.#reduce = REDUCE[this.#way]
    this.#chunks = chunks
    this.#ranges = chunks.map((chunk) => rangeOf(grid, BINS[by], chunk))
    this.counts = new Float64Array(grid.count)
    this.out = new Float64Array(grid.count)
    this.#slices = new HotSlices(grid.from, grid.from + grid.count * grid.step - 1)
  }

  /** False when the series in a slot (-1: none) has no sample in the window: then `counts` and `out` mean nothing. */
  at(slot: number): boolean {
    if (slot < 0) return false
    const chunks = this.#chunks
    let some = false
    for (let c = 0; c < chunks.length; c++) {
      const chunk = chunks[c] as HotColumns
      const start = chunk.starts[slot]
      if (start === undefined || start === chunk.ends[slot]) continue
      if (!some) this.counts.fill(0)
      some = true
      const range = this.#ranges[c]
      if (range === undefined) this.#samples(chunk, slot)
      else if (this.#way === 'sum') this.#sums(range, slot)
      else this.#extremes(range, slot)
    }
    return some
  }

  #sums({ bins, first, end, bucket, within, perBucket }: BinRange, slot: number): void {
    const start = bins.at(slot)
    const { values, counts: samples } = bins
    const { counts, out } = this
    let to = bucket
    let left = perBucket - within
    for (let place = start + first; place < start + end; ) {
      const until = Math.min(start + end, place + left)
      let count = 0
      let sum = 0
      for (; place < until; place++) {
        count += samples[place] as number
        sum += values[place] as number
      }
      if (count > 0) {
        const known = counts[to] as number
        out[to] = known === 0 ? sum : (out[to] as number) + sum
        counts[to] = known + count
      }
      to++
      left = perBucket
    }
  }

  #extremes({ bins, first, end, bucket, within, perBucket }: BinRange, slot: number): void {
    const start = bins.at(slot)
    const { values } = bins
    const { counts, out } = this
    const least = this.#way === 'min'
    let to = bucket
    let left = perBucket - within
    for (let place = start + first; place < start + end; ) {
      const until = Math.min(start + end, place + left)
      let result = counts[to] === 0 ? Number.NaN : (out[to] as number)
      for (; place < until; place++) {
        const each = values[place] as number
        // NaN stands for nothing on either side.
        if (least ? !(each >= result) : !(each <= result)) if (!Number.isNaN(each)) result = each
      }
      if (!Number.isNaN(result)) {
        out[to] = result
        counts[to] = 1
      }
      to++
      left = perBucket
    }
  }

  #samples(chunk: HotColumns, slot: number): void {
    const slices = this.#slices
    slices.count = 0
    slices.add(chunk, slot)
    if (slices.count === 0) return
    const values = slices.values[0] as Float64Array
    const start = slices.starts[0] as number
    const end = slices.ends[0] as number
    const interval = slices.intervals[0] as number
    if (interval > 0 && this.#grid.step % interval === 0)
      this.#even(values, start, end, slices.firsts[0] as number, interval)
    else this.#uneven(slices.times[0] as Float64Array, values, start, end)
  }

  /** Every bucket but the first and the last has as many samples. */
  #even(values: Float64Array, start: number, end: number, first: number, interval: number): void {
    const { from, step } = this.#grid
    const { counts, out } = this
    const reduce = this.#reduce
    const width = step / interval
    let bucket = Math.floor((first - from) / step)
    let next = start + Math.ceil((from + (bucket + 1) * step - first) / interval)
    for (let i = start; i < end; bucket++) {
      const until = next < end ? next : end
      const known = counts[bucket] as number
      const one = reduce(values, i, until)
      out[bucket] = known === 0 ? one : this.#both(out[bucket] as number, one)
      counts[bucket] = known + until - i
      i = until
      next += width
    }
  }

  #uneven(times: Float64Array, values: Float64Array, start: number, end: number): void {
    const { from, step } = this.#grid
    const { counts, out } = this
    const reduce = this.#reduce
    let width = 0
    for (let i = start; i < end; ) {
      const first = i
      const bucket = Math.floor(((times[i] as number) - from) / step)
      i = bucketEnd(times, first, end, from + (bucket + 1) * step, first + width)
      width = i - first
      const known = counts[bucket] as number
      const one = reduce(values, first, i)
      out[bucket] = known === 0 ? one : this.#both(out[bucket] as number, one)
      counts[bucket] = known + width
    }
  }

  /** Of an earlier and a later part of a bucket. */
  #both(before: number, one: number): number {
    if (this.#way === 'sum') return before + one
    if (this.#way === 'min') return one < before ? one : before
    if (this.#way === 'max') return one > before ? one : before
    return one
  }
}

/** Bins can be used where every bucket is made of whole ones. */
function rangeOf(
  { from, step, count }: Grid,
  kind: BinKind | undefined,
  chunk: HotColumns,
): BinRange | undefined {
  const bins = kind && chunk.bins(kind)
  if (bins === undefined) return undefined
  const { width, perSeries } = bins
  if (step % width !== 0 || from % width !== 0) return undefined
  const perBucket = step / width
  // In bins from the grid's beginning on.
  const offset = (bins.from - from) / width
  const first = Math.max(0, -offset)
  const end = Math.min(perSeries, count * perBucket - offset)
  const place = offset + first
  return { bins, first, end, bucket: Math.floor(place / perBucket), within: place % perBucket, perBucket }
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
