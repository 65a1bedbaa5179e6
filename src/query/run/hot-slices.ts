import { type HotColumns, type HotMetric, lowerBound } from '../../metrics/index.js'

/** The pieces of one series that lie in a window, oldest first; one object for all series of a read. */
export class HotSlices {
  count = 0
  readonly times: Float64Array[] = []
  readonly values: Float64Array[] = []
  readonly starts: number[] = []
  readonly ends: number[] = []
  /** Milliseconds between the samples of a piece; 0 where distances differ. */
  readonly intervals: number[] = []
  /** The first time of a piece; only where distances are equal. */
  readonly firsts: number[] = []
  readonly #from: number
  readonly #to: number

  /** Milliseconds since the epoch, both inclusive. */
  constructor(from: number, to: number) {
    this.#from = from
    this.#to = to
  }

  /** Moves on to the series in a slot. */
  at({ chunks }: HotMetric, slot: number): this {
    this.count = 0
    if (slot >= 0) for (const chunk of chunks) this.add(chunk, slot)
    return this
  }

  /** Adds what one more chunk, later than those before, has of a series. */
  add(chunk: HotColumns, slot: number): void {
    let start = chunk.starts[slot] ?? 0
    let end = chunk.ends[slot] ?? 0
    if (start === end) return
    const { times, values, spacing } = chunk
    const interval = spacing.of(slot)
    let first = spacing.firsts[slot] as number
    if (interval > 0) {
      // Where the edges lie follows from the first time.
      const last = first + (end - start - 1) * interval
      if (last > this.#to) end = start + Math.max(0, Math.floor((this.#to - first) / interval) + 1)
      if (first < this.#from) {
        const skipped = Math.min(end - start, Math.ceil((this.#from - first) / interval))
        start += skipped
        first += skipped * interval
      }
    } else {
      if (first < this.#from) start = lowerBound(times, start, end, this.#from)
      // Times are whole milliseconds or not; the window's end counts.
      if (end > start && (times[end - 1] as number) > this.#to) end = upperBound(times, start, end, this.#to)
    }
    if (start >= end) return
    const at = this.count++
    this.times[at] = times
    this.values[at] = values
    this.starts[at] = start
    this.ends[at] = end
    this.intervals[at] = interval
    this.firsts[at] = first
  }

  get samples(): number {
    let sum = 0
    for (let i = 0; i < this.count; i++) sum += (this.ends[i] as number) - (this.starts[i] as number)
    return sum
  }
}

function upperBound(times: Float64Array, start: number, end: number, time: number): number {
  let low = start
  let high = end
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((times[middle] as number) <= time) low = middle + 1
    else high = middle
  }
  return low
}
