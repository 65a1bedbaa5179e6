import { longer } from './longer.js'
import type { Regions } from './regions.js'

/** Bytes that it takes by slot. */
export const SPACING_BYTES = 24

/**
 * Which series have their samples at equal distances: of these it is known where a time stands without a look at the times, which
 * is half of what a query would read. Found when it is first asked for, and again as far as a region has changed.
 */
export class Spacing {
  /** By slot: the time of the first sample, milliseconds since the epoch. */
  firsts = new Float64Array(0)
  /** Between samples, whole milliseconds; 0: not equal. */
  intervals = new Float64Array(0)
  readonly #columns: Regions
  /** By slot: the region that was looked at. */
  #starts = new Uint32Array(0)
  #ends = new Uint32Array(0)

  constructor(columns: Regions) {
    this.#columns = columns
  }

  /** Between a series' samples, of which there is at least one; 0 where distances differ. `firsts` holds then too. */
  of(slot: number): number {
    const start = this.#columns.starts[slot] as number
    const end = this.#columns.ends[slot] as number
    if (this.#ends[slot] !== end || this.#starts[slot] !== start) this.#look(slot, start, end)
    return this.intervals[slot] as number
  }

  #look(slot: number, start: number, end: number): void {
    if (slot >= this.#ends.length) this.#reserve(this.#columns.starts.length)
    const { times } = this.#columns
    const seen = this.#starts[slot] === start ? (this.#ends[slot] as number) : 0
    const first = times[start] as number
    // Of a single sample any interval is right, but not for the next one.
    const goesOn = seen > start + 1 && seen <= end
    let interval = goesOn
      ? (this.intervals[slot] as number)
      : end > start + 1
        ? (times[start + 1] as number) - first
        : 1
    if (!Number.isInteger(interval) || !Number.isInteger(first)) interval = 0
    if (interval > 0)
      for (let i = goesOn ? seen : start + 1; i < end; i++)
        if (times[i] !== first + (i - start) * interval) {
          interval = 0
          break
        }
    this.firsts[slot] = first
    this.intervals[slot] = interval
    this.#starts[slot] = start
    this.#ends[slot] = end
  }

  #reserve(slots: number): void {
    this.firsts = longer(this.firsts, new Float64Array(slots))
    this.intervals = longer(this.intervals, new Float64Array(slots))
    this.#starts = longer(this.#starts, new Uint32Array(slots))
    this.#ends = longer(this.#ends, new Uint32Array(slots))
  }
}
