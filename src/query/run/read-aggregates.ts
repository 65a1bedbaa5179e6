import type { Block } from '../../metrics/index.js'
import type { AggregateName } from '../functions/aggregate.js'
import type { Points } from '../functions/points.js'
import { hasOwnTime } from '../sql/select.js'

/** Collects rows of (metric, entity, time of the last sample, aggregates…) into one point per series and aggregate. */
export class AggregateCollector {
  rows = 0
  readonly #slotOfMetric: ReadonlyMap<number, number>
  readonly #ordinalOf: ReadonlyMap<number, number>
  readonly #names: readonly AggregateName[]
  readonly #times: Float64Array[]
  readonly #values: Float64Array[]
  readonly #ordinals: number

  constructor(
    metrics: readonly number[],
    ordinalOf: ReadonlyMap<number, number>,
    ordinals: number,
    names: readonly AggregateName[],
  ) {
    this.#slotOfMetric = new Map(metrics.map((id, i) => [id, i]))
    this.#ordinalOf = ordinalOf
    this.#ordinals = ordinals
    this.#names = names
    const columns = metrics.length * names.length
    this.#times = Array.from({ length: columns }, () => new Float64Array(ordinals))
    this.#values = Array.from({ length: columns }, () => new Float64Array(ordinals).fill(Number.NaN))
  }

  add({ rows, columns }: Block): void {
    const metrics = columns[0]?.values as Float64Array
    const entities = columns[1]?.values as Float64Array
    const last = columns[2]?.values as Float64Array
    for (let row = 0; row < rows; row++) {
      const ordinal = this.#ordinalOf.get(entities[row] as number)
      const metric = this.#slotOfMetric.get(metrics[row] as number)
      if (ordinal === undefined || metric === undefined) continue
      this.rows++
      let column = 3
      for (let k = 0; k < this.#names.length; k++) {
        const at = metric * this.#names.length + k
        const values = columns[column++]?.values as Float64Array
        const times = hasOwnTime(this.#names[k] as AggregateName)
          ? (columns[column++]?.values as Float64Array)
          : last
        ;(this.#times[at] as Float64Array)[ordinal] = times[row] as number
        ;(this.#values[at] as Float64Array)[ordinal] = values[row] as number
      }
    }
  }

  /** Of one metric (its place in the list) and aggregate: per ordinal one point, or undefined. */
  points(metric: number, name: AggregateName): (Points | undefined)[] {
    const at = metric * this.#names.length + this.#names.indexOf(name)
    const times = this.#times[at] as Float64Array
    const values = this.#values[at] as Float64Array
    const result: (Points | undefined)[] = new Array(this.#ordinals)
    for (let o = 0; o < this.#ordinals; o++) {
      const value = values[o] as number
      if (value - value === 0) result[o] = { times, values, start: o, end: o + 1 }
    }
    return result
  }
}
