import { type Blocks, type HotMetric, lowerBound } from '../../metrics/index.js'

/** The pieces of one series that lie in a window, oldest first; one object for all series of a read. */
export class HotSlices {
  count = 0
  readonly times: Float64Array[] = []
  readonly values: Float64Array[] = []
  readonly starts: number[] = []
  readonly ends: number[] = []
  readonly blocks: Blocks[] = []
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
    if (slot < 0) return this
    for (const chunk of chunks) {
      let start = chunk.starts[slot] ?? 0
      let end = chunk.ends[slot] ?? 0
      if (start === end) continue
      const { times, values } = chunk
      if ((times[start] as number) < this.#from) start = lowerBound(times, start, end, this.#from)
      // Times are whole milliseconds or not; the window's end counts.
      if (end > start && (times[end - 1] as number) > this.#to) end = upperBound(times, start, end, this.#to)
      if (start === end) continue
      const at = this.count++
      this.times[at] = times
      this.values[at] = values
      this.starts[at] = start
      this.ends[at] = end
      this.blocks[at] = chunk.blocks
    }
    return this
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
