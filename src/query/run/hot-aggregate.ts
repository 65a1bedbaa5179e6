import { type AggregateName, aggregate } from '../functions/aggregate.js'
import type { Points } from '../functions/points.js'
import type { HotSlices } from './hot-slices.js'

/** One aggregate of the series of a metric: a point each, all in one column. */
export class HotAggregate {
  readonly #by: AggregateName
  readonly #times: Float64Array
  readonly #values: Float64Array

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
    if (by === 'stddev') return aggregate(by, joined(slices))
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

/** The samples of a series: where they stand when that is one place, else one after another. */
export function joined(slices: HotSlices): Points {
  const { count, times, values, starts, ends } = slices
  if (count === 1) {
    const [onlyTimes] = times as [Float64Array]
    const [onlyValues] = values as [Float64Array]
    return { times: onlyTimes, values: onlyValues, start: starts[0] as number, end: ends[0] as number }
  }
  const length = slices.samples
  const allTimes = new Float64Array(length)
  const allValues = new Float64Array(length)
  let at = 0
  for (let s = 0; s < count; s++) {
    const start = starts[s] as number
    const end = ends[s] as number
    allTimes.set((times[s] as Float64Array).subarray(start, end), at)
    allValues.set((values[s] as Float64Array).subarray(start, end), at)
    at += end - start
  }
  return { times: allTimes, values: allValues, start: 0, end: length }
}
