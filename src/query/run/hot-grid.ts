import type { HotMetric } from '../../metrics/index.js'
import type { Points } from '../functions/points.js'
import type { ResampleName } from '../functions/resample.js'
import type { FoldPair } from '../sql/select.js'
import { type Grid, HotFill } from './hot-fill.js'

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
  readonly #fill: HotFill

  /** `shared`: `gridTimes` for as many rows as there are. */
  constructor(grid: Grid, by: ResampleName, metric: HotMetric, shared: Float64Array) {
    this.#grid = grid
    this.#by = by
    this.#shared = shared
    this.#values = new Float64Array(shared.length)
    this.#fill = new HotFill(grid, by, metric)
  }

  /** The points of the series in a slot (-1: none) as a row; undefined when there are none. */
  row(row: number, slot: number): Points | undefined {
    if (!this.#fill.at(slot)) return undefined
    const { counts, out } = this.#fill
    const { count, from, step } = this.#grid
    const start = row * count
    const values = this.#values
    let end = start
    for (let b = 0; b < count; b++) {
      const n = counts[b] as number
      if (n === 0) continue
      const value = finished(this.#by, out[b] as number, n)
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
      const value = finished(this.#by, out[b] as number, n)
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
  readonly #fill: HotFill

  constructor(grid: Grid, by: FoldPair, metric: HotMetric) {
    this.#grid = grid
    this.#by = by
    this.#totals = new Float64Array(grid.count)
    this.#members = new Float64Array(grid.count)
    this.#fill = new HotFill(grid, by, metric)
  }

  /** Adds the series in a slot; -1: none. */
  add(slot: number): void {
    if (!this.#fill.at(slot)) return
    const { counts, out } = this.#fill
    const totals = this.#totals
    const members = this.#members
    const by = this.#by
    for (let b = 0; b < counts.length; b++) {
      const n = counts[b] as number
      if (n === 0) continue
      const value = by === 'avg' ? (out[b] as number) / n : (out[b] as number)
      const before = totals[b] as number
      const known = members[b] as number
      members[b] = known + 1
      if (known === 0) totals[b] = value
      else if (by === 'max') totals[b] = value > before ? value : before
      else if (by === 'min') totals[b] = value < before ? value : before
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
