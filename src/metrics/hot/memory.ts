import type { Metric } from '../types.js'
import { bytesOf, type HotChunk, type MetricState, newChunk, newMetricState } from './chunk.js'
import type { HotLimits } from './limits.js'

/** What is held or being read, and how much of the memory it takes. */
export class HotMemory {
  /** By the metric's index; and the same as a flag, which is all that most samples that are stored look at. */
  readonly states = new Map<number, MetricState>()
  flags = new Uint8Array(256)
  /** Chunks in memory, those used longest ago first. */
  readonly order = new Set<HotChunk>()
  bytes = 0
  evictions = 0
  readonly #limits: Pick<HotLimits, 'bytes'>
  readonly #clock: () => number

  constructor(limits: Pick<HotLimits, 'bytes'>, clock: () => number) {
    this.#limits = limits
    this.#clock = clock
  }

  /** From now on what is stored of these chunks is kept, so that nothing is missed while they are being read. */
  reserve(metric: Metric, first: number, last: number): void {
    let state = this.states.get(metric.index)
    if (state === undefined) {
      state = newMetricState(metric.id, metric.index)
      this.states.set(metric.index, state)
      this.recountSlots(state)
      if (metric.index >= this.flags.length) {
        const grown = new Uint8Array(2 * metric.index)
        grown.set(this.flags)
        this.flags = grown
      }
      this.flags[metric.index] = 1
    }
    for (let n = first; n <= last; n++) if (!state.chunks.has(n)) state.chunks.set(n, newChunk(state, n))
  }

  /** Gives up what was used longest ago, and not within `keepMs`. False when that is not enough. */
  makeRoom(more: number, keepMs: number, except: HotChunk): boolean {
    const time = this.#clock()
    for (const chunk of this.order) {
      if (this.bytes + more <= this.#limits.bytes) return true
      if (chunk === except) continue
      // What was read in idle time stands anywhere in the order.
      if (time - chunk.usedAt < keepMs) continue
      this.evictions++
      this.drop(chunk)
    }
    return this.bytes + more <= this.#limits.bytes
  }

  recount(chunk: HotChunk): void {
    if (chunk.metric.chunks.get(chunk.number) !== chunk) return
    const size = bytesOf(chunk)
    this.bytes += size - chunk.bytes
    chunk.bytes = size
  }

  recountSlots(state: MetricState): void {
    this.bytes += state.slots.bytes - state.slotBytes
    state.slotBytes = state.slots.bytes
  }

  drop(chunk: HotChunk): void {
    const { metric, number } = chunk
    this.order.delete(chunk)
    this.bytes -= chunk.bytes
    chunk.bytes = 0
    metric.chunks.delete(number)
    if (metric.chunks.size > 0) return
    this.bytes -= metric.slotBytes
    this.states.delete(metric.index)
    this.flags[metric.index] = 0
  }

  clear(): void {
    this.states.clear()
    this.flags.fill(0)
    this.order.clear()
    this.bytes = 0
  }
}
