import type { Block } from '../../metrics/index.js'
import type { Points } from '../functions/points.js'
import type { ResampleName } from '../functions/resample.js'

/** Collects blocks of (metric, entity, array of buckets, array of counts) into points per series. */
export class GridCollector {
  rows = 0
  readonly #slotOfMetric: ReadonlyMap<number, number>
  readonly #ordinalOf: ReadonlyMap<number, number>
  readonly #result: (Points | undefined)[][]
  readonly #stamps: Float64Array
  readonly #by: ResampleName

  /** `from`: start of the first bucket. */
  constructor(
    metrics: readonly number[],
    ordinalOf: ReadonlyMap<number, number>,
    ordinals: number,
    grid: { from: number; step: number; count: number; by: ResampleName },
  ) {
    this.#slotOfMetric = new Map(metrics.map((id, i) => [id, i]))
    this.#ordinalOf = ordinalOf
    this.#result = metrics.map(() => new Array(ordinals))
    this.#stamps = new Float64Array(grid.count).map((_, i) => grid.from + (i + 1) * grid.step)
    this.#by = grid.by
  }

  add({ rows, columns }: Block): void {
    const metrics = columns[0]?.values as Float64Array
    const entities = columns[1]?.values as Float64Array
    const values = columns[2]?.values as Float64Array
    const counts = this.#by === 'avg' ? undefined : ((columns[3] ?? columns[2])?.values as Float64Array)
    const width = this.#stamps.length
    const times = new Float64Array(values.length)
    for (let row = 0; row < rows; row++) {
      const ordinal = this.#ordinalOf.get(entities[row] as number)
      const slot = this.#slotOfMetric.get(metrics[row] as number)
      if (ordinal === undefined || slot === undefined) continue
      const start = row * width
      let end = start
      for (let b = 0; b < width; b++) {
        const value = values[start + b] as number
        const empty = counts === undefined ? value - value !== 0 : counts[start + b] === 0
        if (empty) continue
        times[end] = this.#stamps[b] as number
        values[end++] = value
      }
      if (end === start) continue
      this.rows += end - start
      const series = this.#result[slot] as (Points | undefined)[]
      series[ordinal] = { times, values, start, end }
    }
  }

  finish(): (Points | undefined)[][] {
    return this.#result
  }
}

/** Collects rows of (metric, array of buckets, array of counts): one a metric. */
export class FoldedGridCollector {
  rows = 0
  readonly #slotOfMetric: ReadonlyMap<number, number>
  readonly #result: (Points | undefined)[]
  readonly #grid: { from: number; step: number; count: number; by: ResampleName }

  constructor(
    metrics: readonly number[],
    grid: { from: number; step: number; count: number; by: ResampleName },
  ) {
    this.#slotOfMetric = new Map(metrics.map((id, i) => [id, i]))
    this.#result = new Array(metrics.length)
    this.#grid = grid
  }

  add({ rows, columns }: Block): void {
    const { from, step, count } = this.#grid
    const all = columns[1]?.values as Float64Array
    const counts = columns[2]?.values as Float64Array | undefined
    const metrics = columns[0]?.values as Float64Array
    for (let row = 0; row < rows; row++) {
      const slot = this.#slotOfMetric.get(metrics[row] as number)
      if (slot === undefined) continue
      const times = new Float64Array(count)
      const values = new Float64Array(count)
      let end = 0
      for (let b = 0; b < count; b++) {
        const value = all[row * count + b] as number
        if (counts === undefined ? value - value !== 0 : counts[row * count + b] === 0) continue
        times[end] = from + (b + 1) * step
        values[end++] = value
      }
      this.rows += end
      if (end > 0) this.#result[slot] = { times, values, start: 0, end }
    }
  }

  points(metric: number): Points | undefined {
    return this.#result[metric]
  }
}
