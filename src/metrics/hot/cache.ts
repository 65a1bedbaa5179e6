import type { CatalogueCore } from '../catalogue/catalogue.js'
import type { Metric, StoredSamples } from '../types.js'
import {
  chunkNumber,
  type HotChunk,
  type MetricState,
  OVERHEAD,
  settleTail,
  slotFor,
  slotsOf,
} from './chunk.js'
import type { Columns } from './columns.js'
import { CHUNK_MS, type HotLimits } from './limits.js'
import { type LoadRequest, TooManyRows } from './load.js'
import { createLoadQueue, type Load } from './load-queue.js'
import { HotMemory } from './memory.js'
import { Pace } from './pace.js'
import { Touches } from './touches.js'
import type { HotMetric, HotReading, HotSamples, HotStats } from './types.js'

export interface HotCacheOptions {
  readonly catalogue: CatalogueCore
  readonly limits: HotLimits
  /** Reads chunks from the store. */
  readonly load: (request: LoadRequest) => Promise<Columns[]>
  readonly onFailure?: (error: unknown) => void
  /** Of the day, and of durations. */
  readonly now?: () => number
  readonly clock?: () => number
}

export interface HotCache extends HotSamples {
  /**
   * Reads chunks (numbers, both inclusive) into memory though nobody has asked for them, as far as `limits.preloadPart` of
   * the memory allows; nothing is given up for them. Resolves when that is done, whether there was room or not.
   */
  preload(metric: Metric, first: number, last: number): Promise<void>
  /** Rows that the store has acknowledged. Never throws. */
  stored(batches: readonly StoredSamples[]): void
  /** Rows that may or may not be stored, and may still come: nothing is held for `ms`. */
  doubt(ms: number): void
  stop(): void
}

/** Samples of a tail at which it is taken over at once, or its chunk given up if nobody has asked for it meanwhile. */
const LONG_TAIL = 65_536
/** While a chunk is being read more may come; beyond this it is given up. */
const LONGEST_TAIL = 1_048_576
/** How long what found no room is not tried again. */
const NO_ROOM_MS = 60_000
/** One chunk may take this part of the memory. */
const LARGEST_PART = 0.25
const BYTES_PER_SAMPLE = 16

export function createHotCache(options: HotCacheOptions): HotCache {
  const { catalogue, limits, load, onFailure, now = Date.now, clock = () => performance.now() } = options
  const memory = new HotMemory(limits, clock)
  const { states, order } = memory
  const touches = new Touches()
  const pace = new Pace()
  const queue = createLoadQueue(loadOne, limits.wait ? undefined : pace)
  let closedUntil = 0
  let stopped = false
  let aborted = new AbortController()
  /** Of the newest chunk: those of other metrics are as large, as a rule. */
  let expectedRows = 1024
  const counts = { hits: 0, misses: 0, loads: 0 }
  const key = (metric: number, number: number) => `${metric}/${number}`
  const idOf = (entity: number) => catalogue.entities.idAt(entity)

  const isClosed = () => stopped || limits.bytes <= 0 || clock() < closedUntil

  function read(metrics: readonly Metric[], from: number, to: number) {
    if (isClosed() || to < from) return undefined
    pace.query()
    const found = find(metrics, from, to)
    if (found !== undefined) {
      counts.hits++
      return found
    }
    counts.misses++
    const wanted = admit(metrics, chunkNumber(from), chunkNumber(to))
    if (!limits.wait || wanted.length === 0) return undefined
    return Promise.all(wanted).then(() => (isClosed() ? undefined : find(metrics, from, to)))
  }

  function holds(metrics: readonly Metric[], first: number, last: number): boolean {
    for (const { index } of metrics) {
      const state = states.get(index)
      if (state === undefined) return false
      for (let n = first; n <= last; n++) if (state.chunks.get(n)?.columns === undefined) return false
    }
    return true
  }

  function find(metrics: readonly Metric[], from: number, to: number): HotReading | undefined {
    const first = chunkNumber(from)
    const last = chunkNumber(to)
    if (!holds(metrics, first, last)) return undefined
    const time = clock()
    const result: HotMetric[] = []
    for (const { index } of metrics) {
      const state = states.get(index)
      const chunks: Columns[] = []
      for (let n = first; n <= last; n++) {
        const chunk = state?.chunks.get(n)
        // Making room for the tail of one may have cost another.
        if (chunk?.columns === undefined) return undefined
        chunk.used = true
        chunk.usedAt = time
        order.delete(chunk)
        order.add(chunk)
        if (!settle(chunk)) return undefined
        chunks.push(chunk.columns)
      }
      if (state === undefined) return undefined
      result.push({ chunks, slotsOf: (entities) => slotsOf(state, entities) })
    }
    return { metrics: result }
  }

  /** Takes the tail over. False when the chunk had to be given up. */
  function settle(chunk: HotChunk): boolean {
    const { columns, tail } = chunk
    if (columns === undefined || tail.length === 0) return true
    settleTail(chunk, columns, idOf)
    memory.recountSlots(chunk.metric)
    if (columns.wasteful) columns.compact()
    memory.recount(chunk)
    if (memory.bytes > limits.bytes && !memory.makeRoom(0, 0, chunk)) {
      memory.drop(chunk)
      return false
    }
    return true
  }

  /** A query made something more of what is held. */
  function grown(chunk: HotChunk): void {
    memory.recount(chunk)
    if (memory.bytes > limits.bytes) memory.makeRoom(0, 0, chunk)
  }

  /** Notes what was asked for; starts reading what is worth it. Resolves, each of them, when it is there. */
  function admit(metrics: readonly Metric[], first: number, last: number): Promise<void>[] {
    const started: Promise<void>[] = []
    if ((last - first + 1) * metrics.length > limits.chunksPerRead) return started
    const time = clock()
    for (const metric of metrics) {
      const state = states.get(metric.index)
      let start = -1
      for (let n = first; n <= last + 1; n++) {
        const wanted =
          n <= last &&
          state?.chunks.get(n) === undefined &&
          touches.add(key(metric.index, n), time, limits.admitMs) >= limits.touches
        if (wanted && start < 0) start = n
        if (wanted || start < 0) continue
        const done = enqueue(metric, start, n - 1)
        if (done !== undefined) started.push(done)
        start = -1
      }
    }
    started.push(...queue.reading(metrics, first, last))
    return started
  }

  function enqueue(metric: Metric, first: number, last: number, idle = false): Promise<void> | undefined {
    if (queue.isFull) return undefined
    for (let n = first; n <= last; n++) touches.delete(key(metric.index, n))
    memory.reserve(metric, first, last)
    return queue.add(metric, first, last, idle)
  }

  async function loadOne(next: Load): Promise<void> {
    const state = states.get(next.metric.index)
    if (state === undefined || isClosed()) return
    await loadRange(state, next, aborted.signal)
  }

  async function loadRange(
    state: MetricState,
    { metric, first, last, idle }: Pick<Load, 'metric' | 'first' | 'last' | 'idle'>,
    signal: AbortSignal,
  ): Promise<void> {
    const own = [...state.chunks.values()].filter(
      ({ number, columns }) => number >= first && number <= last && columns === undefined,
    )
    if (own.length === 0) return
    const mostRows = Math.floor((limits.bytes * LARGEST_PART) / BYTES_PER_SAMPLE)
    try {
      const columns = await load({
        metric: metric.id,
        first,
        last,
        mostRows,
        expectedRows,
        now: now(),
        slotOf: (entity) => slotFor(state, entity),
        signal,
      })
      if (signal.aborted) return
      counts.loads++
      // What was registered for it takes room too.
      if (states.get(metric.index) === state) memory.recountSlots(state)
      for (const chunk of own) {
        // It may have been given up meanwhile.
        if (state.chunks.get(chunk.number) !== chunk) continue
        const read = columns[chunk.number - first] as Columns
        const more = OVERHEAD + read.bytes
        const hasRoom = idle
          ? memory.bytes + more <= limits.preloadPart * limits.bytes
          : memory.makeRoom(more, limits.keepMs, chunk)
        if (!hasRoom) {
          memory.drop(chunk)
          if (idle) continue
          touches.refuse(key(metric.index, chunk.number), clock() + NO_ROOM_MS)
          continue
        }
        chunk.columns = read
        read.onGrown = () => grown(chunk)
        if (read.rows > 0) expectedRows = Math.ceil(1.01 * read.rows)
        chunk.usedAt = idle ? Number.NEGATIVE_INFINITY : clock()
        chunk.used = !idle
        order.add(chunk)
        settle(chunk)
        memory.recount(chunk)
      }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof TooManyRows && last > first) {
        const middle = Math.floor((first + last) / 2)
        await loadRange(state, { metric, first, last: middle, idle }, signal)
        if (!signal.aborted) await loadRange(state, { metric, first: middle + 1, last, idle }, signal)
        return
      }
      for (const chunk of own) {
        if (state.chunks.get(chunk.number) === chunk) memory.drop(chunk)
        touches.refuse(key(metric.index, chunk.number), clock() + limits.admitMs)
      }
      if (!(error instanceof TooManyRows)) onFailure?.(error)
    } finally {
      if (states.get(metric.index) === state) memory.recountSlots(state)
    }
  }

  function stored(batches: readonly StoredSamples[]): void {
    if (states.size === 0) return
    try {
      for (const batch of batches) take(batch)
    } catch (error) {
      // What is stored is stored; but what is held here may lack some of it.
      clear()
      onFailure?.(error)
    }
  }

  function take({ length, series, time, value }: StoredSamples): void {
    const { metrics, entities } = catalogue.series
    for (let i = 0; i < length; i++) {
      const s = series[i] as number
      const metric = metrics[s] as number
      if (memory.flags[metric] !== 1) continue
      const t = Math.floor(time[i] as number)
      const state = states.get(metric) as MetricState
      const number = Math.floor(t / CHUNK_MS)
      const chunk = state.chunks.get(number) ?? follow(state, number)
      if (chunk === undefined) continue
      const { tail } = chunk
      const room = tail.times.length
      tail.push(entities[s] as number, t, value[i] as number)
      if (tail.times.length !== room) {
        memory.recount(chunk)
        if (memory.bytes > limits.bytes) memory.makeRoom(0, 0, chunk)
      }
      if (tail.length >= LONG_TAIL) shorten(chunk)
    }
  }

  /**
   * Windows move on: what comes first of the stretch of time after one that is in use makes that one wanted too, while
   * there is next to nothing to read of it.
   */
  function follow(state: MetricState, number: number): HotChunk | undefined {
    const before = state.chunks.get(number - 1)
    if (before?.columns === undefined || clock() - before.usedAt > limits.admitMs) return undefined
    if (isClosed()) return undefined
    void enqueue(catalogue.metricAt(state.index), number, number)
    return state.chunks.get(number)
  }

  function shorten(chunk: HotChunk): void {
    if (chunk.columns === undefined) {
      if (chunk.tail.length >= LONGEST_TAIL) memory.drop(chunk)
    } else if (chunk.used) {
      chunk.used = false
      settle(chunk)
    } else memory.drop(chunk)
  }

  function clear(): void {
    aborted.abort()
    aborted = new AbortController()
    memory.clear()
    touches.clear()
  }

  return {
    read,
    holds: (metrics, from, to) => !isClosed() && holds(metrics, chunkNumber(from), chunkNumber(to)),
    preload: async (metric, first, last) => {
      if (!isClosed()) await enqueue(metric, first, last, true)
    },
    stored,
    clear,
    dropBefore(time, metric) {
      for (const state of metric === undefined ? [...states.values()] : [states.get(metric.index)])
        if (state !== undefined)
          for (const chunk of [...state.chunks.values()])
            if (chunk.number * CHUNK_MS < time) memory.drop(chunk)
    },
    doubt(ms) {
      clear()
      closedUntil = Math.max(closedUntil, clock() + ms)
    },
    stop() {
      stopped = true
      clear()
    },
    get stats(): HotStats {
      return { ...counts, evictions: memory.evictions, bytes: memory.bytes, chunks: order.size }
    },
  }
}
