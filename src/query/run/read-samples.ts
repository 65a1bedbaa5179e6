import type { Block } from '../../metrics/index.js'
import { type Points, pointsOf } from '../functions/points.js'
import type { Slots } from './slots.js'

/**
 * Collects blocks of (metric, entity, ts, v) into points per series. Blocks come in any order; inside a block the rows
 * of one series stand together and ascend, as they are stored. So a block is a few runs, and a series is its runs put
 * one after another; only where runs overlap are samples sorted. A sample that is there twice counts once.
 */
export class SampleCollector {
  rows = 0
  readonly #slots: Slots
  readonly #times: Float64Array[] = []
  readonly #values: Float64Array[] = []
  /** Four numbers a run: slot, block, from, to. */
  readonly #runs: number[] = []

  constructor(slots: Slots) {
    this.#slots = slots
  }

  add({ rows, columns }: Block): void {
    const metrics = columns[0]?.values as Float64Array
    const entities = columns[1]?.values as Float64Array
    const block = this.#times.length
    this.#times.push(columns[2]?.values as Float64Array)
    this.#values.push(columns[3]?.values as Float64Array)
    for (let from = 0; from < rows; ) {
      const metric = metrics[from] as number
      const entity = entities[from] as number
      let to = from + 1
      while (to < rows && entities[to] === entity && metrics[to] === metric) to++
      const slot = this.#slots.of(metric, entity)
      if (slot >= 0) {
        this.#runs.push(slot, block, from, to)
        this.rows += to - from
      }
      from = to
    }
  }

  /** Per metric, per ordinal: the points, or undefined where there are none. */
  finish(): (Points | undefined)[][] {
    const { metrics, ordinals } = this.#slots
    const slots = metrics * ordinals
    const runs = this.#runs
    const runCount = runs.length / 4
    const starts = new Uint32Array(slots + 1)
    for (let r = 0; r < runCount; r++) (starts[(runs[4 * r] as number) + 1] as number)++
    for (let s = 0; s < slots; s++) (starts[s + 1] as number) += starts[s] as number
    const order = new Uint32Array(runCount)
    const next = starts.slice(0, slots)
    for (let r = 0; r < runCount; r++) order[(next[runs[4 * r] as number] as number)++] = r
    const times = new Float64Array(this.rows)
    const values = new Float64Array(this.rows)
    let at = 0
    const result: (Points | undefined)[][] = []
    for (let m = 0; m < metrics; m++) {
      const series: (Points | undefined)[] = new Array(ordinals)
      for (let o = 0; o < ordinals; o++) {
        const slot = m * ordinals + o
        const first = starts[slot] as number
        const last = starts[slot + 1] as number
        if (first === last) continue
        const start = at
        if (last - first > 1) this.#sortRuns(order, first, last)
        for (let k = first; k < last; k++) at = this.#copyRun(order[k] as number, times, values, at)
        const end = ascending(times, values, start, at)
        series[o] = { times, values, start, end }
      }
      result.push(series)
    }
    return result
  }

  #sortRuns(order: Uint32Array, first: number, last: number): void {
    const timeOf = (r: number) =>
      (this.#times[this.#runs[4 * r + 1] as number] as Float64Array)[
        this.#runs[4 * r + 2] as number
      ] as number
    order.subarray(first, last).sort((a, b) => timeOf(a) - timeOf(b))
  }

  #copyRun(run: number, times: Float64Array, values: Float64Array, at: number): number {
    const block = this.#runs[4 * run + 1] as number
    const from = this.#runs[4 * run + 2] as number
    const to = this.#runs[4 * run + 3] as number
    const blockTimes = this.#times[block] as Float64Array
    const blockValues = this.#values[block] as Float64Array
    if (to - from > 64) {
      times.set(blockTimes.subarray(from, to), at)
      values.set(blockValues.subarray(from, to), at)
      return at + to - from
    }
    for (let i = from; i < to; i++) {
      times[at] = blockTimes[i] as number
      values[at++] = blockValues[i] as number
    }
    return at
  }
}

/** Makes times strictly ascending in place, and drops what is no finite number; returns the new end. */
function ascending(times: Float64Array, values: Float64Array, start: number, end: number): number {
  let fine = true
  for (let i = start; i < end && fine; i++) {
    const value = values[i] as number
    if (value - value !== 0 || (i > start && (times[i] as number) <= (times[i - 1] as number))) fine = false
  }
  if (fine) return end
  const order = new Uint32Array(end - start).map((_, i) => start + i)
  order.sort((a, b) => (times[a] as number) - (times[b] as number) || a - b)
  const sorted = pointsOf(
    Float64Array.from(order, (i) => times[i] as number),
    Float64Array.from(order, (i) => values[i] as number),
  )
  let at = start
  for (let i = 0; i < sorted.end; i++) {
    const value = sorted.values[i] as number
    if (value - value !== 0) continue
    if (at > start && times[at - 1] === sorted.times[i]) {
      values[at - 1] = value
      continue
    }
    times[at] = sorted.times[i] as number
    values[at++] = value
  }
  return at
}
