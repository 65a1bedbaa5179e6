import type { Block } from '../../metrics/index.js'
import type { Points, Statistics } from '../functions/points.js'
import type { Slots } from './slots.js'

/** After metric and entity. */
const COLUMNS = 12

/** Collects rows of a rollup, ordered by metric, entity and stamp, into points with statistics. */
export class RollupCollector {
  rows = 0
  readonly #slots: Slots
  /** Per column, from the stamp on, the blocks one after another. */
  readonly #columns: Float64Array[][] = Array.from({ length: COLUMNS }, () => [])
  /** Slot, first row and end of each run, rows counted over all blocks. */
  readonly #runs: number[] = []

  constructor(slots: Slots) {
    this.#slots = slots
  }

  add({ rows, columns }: Block): void {
    const metrics = columns[0]?.values as Float64Array
    const entities = columns[1]?.values as Float64Array
    for (let c = 0; c < COLUMNS; c++) this.#columns[c]?.push(columns[c + 2]?.values as Float64Array)
    for (let row = 0; row < rows; row++) {
      const slot = this.#slots.of(metrics[row] as number, entities[row] as number)
      const runs = this.#runs
      if (runs.length > 0 && runs[runs.length - 3] === slot) runs[runs.length - 1] = this.rows + row + 1
      else runs.push(slot, this.rows + row, this.rows + row + 1)
    }
    this.rows += rows
  }

  finish(): (Points | undefined)[][] {
    const { metrics, ordinals } = this.#slots
    const result = Array.from({ length: metrics }, (): (Points | undefined)[] => new Array(ordinals))
    const [times, count, min, minTime, max, maxTime, values, squares, sampleTime, sampleValue, first, drops] =
      this.#columns.map((parts) => joined(parts, this.rows)) as Columns
    const statistics: Statistics = {
      count,
      min,
      minTime,
      max,
      maxTime,
      squares,
      sampleTime,
      sampleValue,
      first,
      drops,
    }
    for (let r = 0; r < this.#runs.length; r += 3) {
      const slot = this.#runs[r] as number
      if (slot < 0) continue
      const series = result[Math.floor(slot / ordinals)] as (Points | undefined)[]
      const start = this.#runs[r + 1] as number
      const end = this.#runs[r + 2] as number
      series[slot % ordinals] = { times, values, start, end, statistics }
    }
    return result
  }
}

type F = Float64Array
type Columns = [F, F, F, F, F, F, F, F, F, F, F, F]

function joined(parts: readonly Float64Array[], length: number): Float64Array {
  if (parts.length === 1) return parts[0] as Float64Array
  const all = new Float64Array(length)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
