import { type BinKind, Bins, binWidth } from './bins.js'
import { longer } from './longer.js'
import type { Regions } from './regions.js'
import { SPACING_BYTES, Spacing } from './spacing.js'

/** Samples, and what queries have found out about them. */
export interface HotColumns extends Regions {
  readonly spacing: Spacing
  /** Samples by stretches of time; undefined where that would save nothing. */
  bins(kind: BinKind): Bins | undefined
}

/** Slots for samples that are still to come, as a part of those that are there. */
const MOST_SLACK = 4
const SPARE = 8

export class Columns implements HotColumns {
  times = new Float64Array(0)
  values = new Float64Array(0)
  starts = new Uint32Array(0)
  ends = new Uint32Array(0)
  /** By slot: where the region may grow to. */
  #limits = new Uint32Array(0)
  #used = 0
  #garbage = 0
  #rows = 0
  #spacing: Spacing | undefined
  #bins: Partial<Record<BinKind, Bins>> = {}
  #binWidth: number | undefined
  /** Called when `bytes` has grown by what a query asked for. */
  onGrown: () => void = () => {}
  readonly #from: number
  readonly #until: number
  readonly #expected: number

  /**
   * `from`: where the stretch of time begins, a chunk's length; milliseconds since the epoch. `until`: its end, when it is
   * still going on; else 0. `expected`: how many samples there will be, roughly; columns that grow are made anew, and the
   * collector of garbage takes a third of the time of a read then.
   */
  constructor(from: number, until: number, expected = 64) {
    this.#from = from
    this.#until = until
    this.#expected = expected
  }

  get bytes(): number {
    const { sum, min, max } = this.#bins
    const bins = (sum?.bytes ?? 0) + (min?.bytes ?? 0) + (max?.bytes ?? 0)
    return 16 * this.times.length + (12 + SPACING_BYTES) * this.starts.length + bins
  }

  get spacing(): Spacing {
    this.#spacing ??= new Spacing(this)
    return this.#spacing
  }

  bins(kind: BinKind): Bins | undefined {
    const known = this.#bins[kind]
    if (known !== undefined) return known
    this.#binWidth ??= binWidth(this)
    if (this.#binWidth === undefined) return undefined
    const made = new Bins(this, kind, this.#from, this.#binWidth, () => this.onGrown())
    this.#bins[kind] = made
    return made
  }

  get rows(): number {
    return this.#rows
  }

  /** Whether so much room is lost to regions that were moved that it should be made free. */
  get wasteful(): boolean {
    return this.#garbage > this.#rows / 2 + 16_384
  }

  /** Puts the regions one after another in new columns; readers keep the old ones as long as they need them. */
  compact(): void {
    const { times, values, starts, ends } = this
    const room = new Uint32Array(starts.length)
    let needed = 0
    for (let slot = 0; slot < starts.length; slot++) {
      const start = starts[slot] as number
      const end = ends[slot] as number
      const count = end - start
      if (count === 0) continue
      const slack = this.#until > 0 ? this.#slack(times[start] as number, times[end - 1] as number, count) : 0
      room[slot] = count + slack
      needed += count + slack
    }
    this.times = new Float64Array(needed)
    this.values = new Float64Array(needed)
    // Regions may come to stand where others stood.
    this.#spacing = undefined
    this.#bins = {}
    this.#used = 0
    this.#garbage = 0
    for (let slot = 0; slot < starts.length; slot++) {
      const start = starts[slot] as number
      const end = ends[slot] as number
      const at = this.#used
      this.times.set(times.subarray(start, end), at)
      this.values.set(values.subarray(start, end), at)
      starts[slot] = at
      ends[slot] = at + end - start
      this.#used = at + (room[slot] as number)
      this.#limits[slot] = this.#used
    }
  }

  /** Adds a run of one series, ascending, as it was stored; called while loading only, once a slot. */
  load(slot: number, times: Float64Array, values: Float64Array, from: number, to: number): void {
    if (this.ends[slot] !== undefined && (this.ends[slot] as number) > 0) {
      // The run went on in the next block.
      for (let i = from; i < to; i++) this.put(slot, times[i] as number, values[i] as number)
      return
    }
    this.#reserveSlot(slot)
    this.#reserve(to - from)
    const start = this.#used
    let at = start
    for (let i = from; i < to; i++) {
      const value = values[i] as number
      if (value - value !== 0) continue
      this.times[at] = times[i] as number
      this.values[at++] = value
    }
    this.starts[slot] = start
    this.ends[slot] = at
    this.#rows += at - start
    this.#used = at
    if (this.#until > 0 && at > start) {
      const slack = this.#slack(times[from] as number, times[to - 1] as number, at - start)
      this.#reserve(slack)
      this.#used += slack
    }
    this.#limits[slot] = this.#used
  }

  /** How many more samples to expect of a series, going by what it has. */
  #slack(first: number, last: number, count: number): number {
    if (count < 2 || last <= first) return SPARE
    const expected = Math.ceil(((this.#until - last) * (count - 1)) / (last - first))
    return Math.min(Math.max(expected, 0) + 2, MOST_SLACK * count + SPARE)
  }

  /** Gives back what was reserved for more than has come. */
  trim(): void {
    if (this.times.length - this.#used < this.times.length / 16) return
    this.times = this.times.slice(0, this.#used)
    this.values = this.values.slice(0, this.#used)
  }

  /** Stores a sample of a series; of two with the same time the later one stays. */
  put(slot: number, time: number, value: number): void {
    this.#reserveSlot(slot)
    const start = this.starts[slot] as number
    const end = this.ends[slot] as number
    if (end > start && time <= (this.times[end - 1] as number)) {
      this.#putLate(slot, time, value)
      return
    }
    if (value - value !== 0) return
    if (end === this.#limits[slot]) this.#move(slot, Math.max(SPARE, end - start))
    const at = this.ends[slot] as number
    this.times[at] = time
    this.values[at] = value
    this.ends[slot] = at + 1
    this.#rows++
  }

  #putLate(slot: number, time: number, value: number): void {
    const end = this.ends[slot] as number
    const at = lowerBound(this.times, this.starts[slot] as number, end, time)
    const there = this.times[at] === time
    const finite = value - value === 0
    if (there ? Object.is(this.values[at], value) : !finite) return
    const place = at - (this.starts[slot] as number)
    this.#move(slot, 2)
    const start = this.starts[slot] as number
    const last = this.ends[slot] as number
    if (there && finite) this.values[start + place] = value
    else if (there) {
      this.times.copyWithin(start + place, start + place + 1, last)
      this.values.copyWithin(start + place, start + place + 1, last)
      this.ends[slot] = last - 1
      this.#rows--
    } else {
      this.times.copyWithin(start + place + 1, start + place, last)
      this.values.copyWithin(start + place + 1, start + place, last)
      this.times[start + place] = time
      this.values[start + place] = value
      this.ends[slot] = last + 1
      this.#rows++
    }
  }

  /** Copies a region to a new place, with room for `more` samples. */
  #move(slot: number, more: number): void {
    const from = this.starts[slot] as number
    const length = (this.ends[slot] as number) - from
    this.#reserve(length + more)
    const start = this.#used
    this.times.copyWithin(start, from, from + length)
    this.values.copyWithin(start, from, from + length)
    this.#garbage += (this.#limits[slot] as number) - from
    this.#used += length + more
    this.starts[slot] = start
    this.ends[slot] = start + length
    this.#limits[slot] = this.#used
  }

  #reserve(count: number): void {
    const needed = this.#used + count
    if (needed <= this.times.length) return
    const length = Math.max(
      needed,
      Math.ceil(this.times.length * 1.5),
      this.times.length === 0 ? this.#expected : 0,
    )
    this.times = longer(this.times, new Float64Array(length))
    this.values = longer(this.values, new Float64Array(length))
  }

  #reserveSlot(slot: number): void {
    if (slot < this.starts.length) return
    const length = Math.max(slot + 1, Math.ceil(this.starts.length * 1.5), 4)
    this.starts = longer(this.starts, new Uint32Array(length))
    this.ends = longer(this.ends, new Uint32Array(length))
    this.#limits = longer(this.#limits, new Uint32Array(length))
  }
}

/** The first index in [start, end) whose time is at least `time`; `end` when there is none. */
export function lowerBound(times: Float64Array, start: number, end: number, time: number): number {
  let low = start
  let high = end
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((times[middle] as number) < time) low = middle + 1
    else high = middle
  }
  return low
}
