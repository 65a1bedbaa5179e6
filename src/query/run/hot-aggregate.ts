import { type AggregateName, aggregate } from '../functions/aggregate.js'
import type { Points } from '../functions/points.js'
import type { HotSlices } from './hot-slices.js'

/** One aggregate of the series of a metric: a point each, all in one column. */
export class HotAggregate {
  readonly #by: AggregateName
  readonly #times: Float64Array
  readonly #values: Float64Array
  readonly #even = new EvenTimes()

  constructor(by: AggregateName, rows: number) {
    this.#by = by
    this.#times = new Float64Array(rows)
    this.#values = new Float64Array(rows)
  }

  row(row: number, slices: HotSlices): Points | undefined {
    const { count, times, values, starts, ends } = slices
    if (count === 0) return undefined
    const by = this.#by
    const lastEnd = ends[count - 1] as number
    let time = (times[count - 1] as Float64Array)[lastEnd - 1] as number
    let value = (values[count - 1] as Float64Array)[lastEnd - 1] as number
    if (by === 'stddev') return aggregate(by, joined(slices, this.#even))
    if (by === 'min' || by === 'max') {
      const sign = by === 'max' ? 1 : -1
      value = Number.NaN
      for (let s = 0; s < count; s++) {
        const column = values[s] as Float64Array
        for (let i = starts[s] as number; i < (ends[s] as number); i++) {
          const each = column[i] as number
          // The first one that attains the extreme. A comparison with NaN is false.
          if (each * sign <= value * sign) continue
          value = each
          time = (times[s] as Float64Array)[i] as number
        }
      }
    } else if (by === 'count') value = slices.samples
    else if (by !== 'last') {
      value = 0
      for (let s = 0; s < count; s++) {
        const column = values[s] as Float64Array
        const end = ends[s] as number
        for (let i = starts[s] as number; i < end; i++) value += column[i] as number
      }
      if (by === 'avg') value /= slices.samples
    }
    if (value - value !== 0) return undefined
    this.#times[row] = time
    this.#values[row] = value
    return { times: this.#times, values: this.#values, start: row, end: row + 1 }
  }
}

/** Times at equal distances: those of one series are mostly those of the next one, so they are made once. */
export class EvenTimes {
  #first = 0
  #interval = 0
  #times = new Float64Array(0)

  of(first: number, interval: number, count: number): Float64Array {
    if (this.#first === first && this.#interval === interval && this.#times.length === count)
      return this.#times
    const times = new Float64Array(count)
    for (let i = 0; i < count; i++) times[i] = first + i * interval
    this.#first = first
    this.#interval = interval
    this.#times = times
    return times
  }
}

/** The samples of a series: where they stand when that is one place, else one after another. */
export function joined(slices: HotSlices, even: EvenTimes): Points {
  const { count, times, values, starts, ends } = slices
  if (count === 1) {
    const [onlyTimes] = times as [Float64Array]
    const [onlyValues] = values as [Float64Array]
    return { times: onlyTimes, values: onlyValues, start: starts[0] as number, end: ends[0] as number }
  }
  const length = slices.samples
  const interval = evenInterval(slices)
  const allValues = new Float64Array(length)
  const allTimes =
    interval > 0 ? even.of(slices.firsts[0] as number, interval, length) : new Float64Array(length)
  let at = 0
  for (let s = 0; s < count; s++) {
    const start = starts[s] as number
    const end = ends[s] as number
    if (interval === 0) allTimes.set((times[s] as Float64Array).subarray(start, end), at)
    allValues.set((values[s] as Float64Array).subarray(start, end), at)
    at += end - start
  }
  return { times: allTimes, values: allValues, start: 0, end: length }
}

/** The distance of all samples; 0 where it is not the same everywhere, also from piece to piece. */
function evenInterval({ count, starts, ends, firsts, intervals }: HotSlices): number {
  let interval = 0
  // Of a piece of one sample, how far it is from the next says it.
  for (let s = 0; s < count && interval === 0; s++)
    if ((ends[s] as number) - (starts[s] as number) > 1) {
      interval = intervals[s] as number
      if (interval === 0) return 0
    }
  for (let s = 0; s < count; s++) {
    const samples = (ends[s] as number) - (starts[s] as number)
    if (samples > 1 && intervals[s] !== interval) return 0
    if (s + 1 < count && firsts[s + 1] !== (firsts[s] as number) + samples * interval) return 0
  }
  return interval
}
