import { CHUNK_MS } from './limits.js'
import { longer } from './longer.js'
import type { Regions } from './regions.js'

/** What is kept of a bin: the sum of its values and how many there are, or one of the extremes. */
export type BinKind = 'sum' | 'min' | 'max'

/** Widths of bins, milliseconds: each divides a chunk, and the steps that people ask for are multiples of one of them. */
const WIDTHS = [60_000, 300_000, 900_000, 3_600_000]
/** Samples that a bin stands for, at least: fewer would hardly save work, and their bins would take much memory beside them. */
const LEAST_SAMPLES = 15
/** Series that are looked at to find out how close samples are; and distances that have to be known for that. */
const LOOKED_AT = 8
const LEAST_GAPS = 8

/**
 * The width for samples as close as these, milliseconds; undefined where they are too few, or not enough is known yet.
 * The same for all series of the columns.
 */
export function binWidth({ times, starts, ends }: Regions): number | undefined {
  let span = 0
  let gaps = 0
  for (let slot = 0, seen = 0; slot < starts.length && seen < LOOKED_AT; slot++) {
    const start = starts[slot] as number
    const end = ends[slot] as number
    if (end - start < 2) continue
    span += (times[end - 1] as number) - (times[start] as number)
    gaps += end - start - 1
    seen++
  }
  return gaps < LEAST_GAPS ? undefined : WIDTHS.find((width) => (width * gaps) / span >= LEAST_SAMPLES)
}

/**
 * The samples of each series by stretches of time ("bins") that begin at multiples of their width since the epoch, so that a bucket
 * that is made of whole bins needs no look at samples or their times. A series' bins are made when they are first
 * asked for; later samples are added to them, and they are made anew where its region was moved.
 */
export class Bins {
  readonly kind: BinKind
  /** Where the first bin begins, milliseconds since the epoch, and how long each is. */
  readonly from: number
  readonly width: number
  /** Bins of a series. */
  readonly perSeries: number
  /** Series after series. Extremes of a bin without samples are NaN, sums 0. */
  values = new Float64Array(0)
  /** Samples; of sums only. */
  counts = new Uint32Array(0)
  readonly #columns: Regions
  /** By slot: the region whose samples are in. */
  #starts = new Uint32Array(0)
  #ends = new Uint32Array(0)
  readonly #grown: () => void

  /** `from`: where the chunk begins. `grown` is called when more memory is taken. */
  constructor(columns: Regions, kind: BinKind, from: number, width: number, grown: () => void) {
    this.#columns = columns
    this.kind = kind
    this.from = from
    this.width = width
    this.perSeries = CHUNK_MS / width
    this.#grown = grown
  }

  get bytes(): number {
    return this.values.byteLength + this.counts.byteLength + 2 * this.#ends.byteLength
  }

  /** Where the bins of a series begin in `values` and `counts`; they hold all its samples then. */
  at(slot: number): number {
    const start = this.#columns.starts[slot] as number
    const end = this.#columns.ends[slot] as number
    if (this.#ends[slot] !== end || this.#starts[slot] !== start) this.#update(slot, start, end)
    return slot * this.perSeries
  }

  #update(slot: number, start: number, end: number): void {
    if (slot >= this.#ends.length) this.#reserve(this.#columns.starts.length)
    const first = slot * this.perSeries
    const known = this.#starts[slot] === start ? (this.#ends[slot] as number) : 0
    // What stands in a region stays: a region that begins where it did has only become longer.
    const goesOn = known > start && known <= end
    if (!goesOn) {
      this.values.fill(this.kind === 'sum' ? 0 : Number.NaN, first, first + this.perSeries)
      if (this.kind === 'sum') this.counts.fill(0, first, first + this.perSeries)
    }
    this.#add(first, goesOn ? known : start, end)
    this.#starts[slot] = start
    this.#ends[slot] = end
  }

  #add(first: number, start: number, end: number): void {
    const { kind, values, counts, from, width } = this
    const { times, values: samples } = this.#columns
    for (let i = start; i < end; ) {
      const bin = Math.floor(((times[i] as number) - from) / width)
      const until = from + (bin + 1) * width
      const place = first + bin
      let result = values[place] as number
      const before = i
      if (kind === 'sum') {
        for (; i < end && (times[i] as number) < until; i++) result += samples[i] as number
        counts[place] = (counts[place] as number) + i - before
      } else {
        // Whatever is compared with NaN, the answer is no.
        if (Number.isNaN(result)) result = samples[i++] as number
        if (kind === 'min') {
          for (; i < end && (times[i] as number) < until; i++)
            if ((samples[i] as number) < result) result = samples[i] as number
        } else
          for (; i < end && (times[i] as number) < until; i++)
            if ((samples[i] as number) > result) result = samples[i] as number
      }
      values[place] = result
    }
  }

  #reserve(slots: number): void {
    this.values = longer(this.values, new Float64Array(slots * this.perSeries))
    if (this.kind === 'sum') this.counts = longer(this.counts, new Uint32Array(slots * this.perSeries))
    this.#starts = longer(this.#starts, new Uint32Array(slots))
    this.#ends = longer(this.#ends, new Uint32Array(slots))
    this.#grown()
  }
}
