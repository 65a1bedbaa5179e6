import type { MetricSource } from '../../wire/health-tests.js'

export type Aggregation = NonNullable<MetricSource['aggregation']>

/** What is looked at of a metric: its last sample, or an aggregate of the samples of a window. */
export interface Stream {
  readonly id: number
  readonly metric: string
  readonly aggregation: Aggregation
  /** 0 for `last`. */
  readonly windowMs: number
}

/**
 * Figures that tests read, kept up to date sample by sample, so that an evaluation asks nobody. One slot is one stream of one
 * owner. A window is kept in 12 buckets: it is exact but for the oldest twelfth, which goes all at once.
 *
 * Samples of a slot count in the order of their times; one that is not newer than the last is left out, so that reading
 * some twice does no harm. Every array is bounded by the number of slots.
 */
export interface Streams {
  stream(metric: string, aggregation: Aggregation, windowMs: number): Stream
  readonly all: readonly Stream[]
  /** Makes the slot if there is none. Owners are whole numbers below 2^32. */
  slot(stream: Stream, owner: number): number
  /** The first slot of the owner's streams of the metric, -1 for none; `next` leads to the others. */
  firstSlot(metric: string, owner: number): number
  next(slot: number): number
  /** Is the metric asked for by anybody? */
  reads(metric: string): boolean
  put(slot: number, time: number, value: number): void
  /** When the newest sample is from, milliseconds; 0 without one. */
  timeOf(slot: number): number
  /** The stream's figure at that time; NaN where there is none. */
  valueOf(slot: number, now: number): number
  streamOf(slot: number): Stream
  /** Gives up the slots of an owner. Whoever holds numbers of them must have let them go: they are given to others. */
  drop(owner: number): void
  /** Gives up the slot of one stream of an owner, in the same way. */
  dropOne(stream: Stream, owner: number): void
  /** Who has a slot of the stream. */
  ownersOf(stream: Stream): number[]
  readonly count: number
  /** How many slots have been made since the start, those that were given up included. */
  readonly made: number
  readonly bytes: number
}

const BUCKETS = 12
/** Head (number of the newest bucket), then of each bucket its figure and how many samples are in it. */
const STRIDE = 1 + 2 * BUCKETS
/** A sample from further ahead would keep out all that come before its time. */
const FUTURE_MS = 600_000
const NONE = -1

export function createStreams(now: () => number = Date.now): Streams {
  const streams: Stream[] = []
  const byKey = new Map<string, Stream>()
  const byMetric = new Map<string, Stream[]>()
  /** By stream, then by owner: small whole numbers are quick keys, and one number made of both would be none. */
  const slots: Map<number, number>[] = []
  /** Slots that were given up, without a window and with one. */
  const free: [number[], number[]] = [[], []]
  /** Slots that are in use, and those that were. */
  let used = 0
  let made = 0
  let streamIds = new Uint32Array(1024)
  let times = new Float64Array(1024)
  let values = new Float64Array(1024)
  let nexts = new Int32Array(1024)
  let windows = new Int32Array(1024)
  /** In which order the slots were made. */
  let born = new Float64Array(1024)
  let pool = new Float64Array(64 * STRIDE)
  let poolUsed = 0

  function stream(metric: string, aggregation: Aggregation, windowMs: number): Stream {
    const window = aggregation === 'last' ? 0 : Math.max(BUCKETS, windowMs)
    const key = `${metric} ${aggregation} ${window}`
    let found = byKey.get(key)
    if (found === undefined) {
      found = { id: streams.length, metric, aggregation, windowMs: window }
      byKey.set(key, found)
      streams.push(found)
      slots.push(new Map())
      const list = byMetric.get(metric)
      if (list === undefined) byMetric.set(metric, [found])
      else list.push(found)
    }
    return found
  }

  function slot(of: Stream, owner: number): number {
    const mine = slots[of.id]!
    const known = mine.get(owner)
    if (known !== undefined) return known
    const first = firstSlot(of.metric, owner)
    const at = place(of.windowMs > 0)
    mine.set(owner, at)
    streamIds[at] = of.id
    born[at] = made++
    if (first !== NONE) {
      let last = first
      while (nexts[last] !== NONE) last = nexts[last]!
      nexts[last] = at
    }
    return at
  }

  function place(hasWindow: boolean): number {
    let at = free[hasWindow ? 1 : 0].pop()
    if (at === undefined) {
      if (used === times.length) grow()
      at = used++
      windows[at] = hasWindow ? newWindow() : NONE
    }
    times[at] = 0
    values[at] = Number.NaN
    nexts[at] = NONE
    return at
  }

  function giveUp(at: number): void {
    const window = windows[at]!
    if (window !== NONE) pool.fill(0, window, window + STRIDE)
    free[window === NONE ? 0 : 1].push(at)
  }

  function drop(owner: number): void {
    for (const mine of slots) {
      const at = mine.get(owner)
      if (at === undefined) continue
      mine.delete(owner)
      giveUp(at)
    }
  }

  function dropOne(of: Stream, owner: number): void {
    const at = slots[of.id]!.get(owner)
    if (at === undefined) return
    for (let each = firstSlot(of.metric, owner); each !== NONE; each = nexts[each]!)
      if (nexts[each] === at) nexts[each] = nexts[at]!
    slots[of.id]!.delete(owner)
    giveUp(at)
  }

  function firstSlot(metric: string, owner: number): number {
    // Slots of an owner are chained in the order in which they were made.
    let first = NONE
    for (const { id } of byMetric.get(metric) ?? []) {
      const found = slots[id]!.get(owner)
      if (found !== undefined && (first === NONE || born[found]! < born[first]!)) first = found
    }
    return first
  }

  function newWindow(): number {
    if ((poolUsed + 1) * STRIDE > pool.length) {
      const grown = new Float64Array(Math.ceil((pool.length / STRIDE) * 1.5) * STRIDE)
      grown.set(pool)
      pool = grown
    }
    return STRIDE * poolUsed++
  }

  function grow(): void {
    const length = Math.ceil(times.length * 1.5)
    const longer = <T extends Float64Array | Int32Array | Uint32Array>(old: T, made: T): T => {
      made.set(old as never)
      return made
    }
    streamIds = longer(streamIds, new Uint32Array(length))
    times = longer(times, new Float64Array(length))
    values = longer(values, new Float64Array(length))
    nexts = longer(nexts, new Int32Array(length))
    windows = longer(windows, new Int32Array(length))
    born = longer(born, new Float64Array(length))
  }

  function put(at: number, time: number, value: number): void {
    const before = times[at]!
    if (!(time > before) || value - value !== 0 || time > now() + FUTURE_MS) return
    const window = windows[at]!
    if (window !== NONE) fold(streams[streamIds[at]!]!, window, time, value, before > 0 ? values[at]! : value)
    times[at] = time
    values[at] = value
  }

  function fold(
    { aggregation, windowMs }: Stream,
    window: number,
    time: number,
    value: number,
    last: number,
  ) {
    const bucket = Math.floor((time * BUCKETS) / windowMs)
    const head = pool[window]!
    for (let b = Math.max(head + 1, bucket - BUCKETS + 1); b <= bucket; b++)
      pool[window + 2 + 2 * (b % BUCKETS)] = 0
    pool[window] = bucket
    const i = window + 1 + 2 * (bucket % BUCKETS)
    const n = pool[i + 1]!++
    const old = n === 0 ? undefined : pool[i]!
    if (aggregation === 'min') pool[i] = old === undefined ? value : Math.min(old, value)
    else if (aggregation === 'max') pool[i] = old === undefined ? value : Math.max(old, value)
    else if (aggregation === 'sum' || aggregation === 'mean') pool[i] = (old ?? 0) + value
    // A counter that is less than before has started over.
    else pool[i] = (old ?? 0) + (value < last ? Math.max(0, value) : value - last)
  }

  function figureOf(at: number, time: number): number {
    const window = windows[at]!
    if (window === NONE) return times[at] === 0 ? Number.NaN : values[at]!
    const { aggregation, windowMs } = streams[streamIds[at]!]!
    const head = pool[window]!
    const from = Math.max(head - BUCKETS + 1, Math.floor((time * BUCKETS) / windowMs) - BUCKETS + 1)
    let figure = Number.NaN
    let n = 0
    for (let b = from; b <= head; b++) {
      const i = window + 1 + 2 * (b % BUCKETS)
      const here = pool[i + 1]!
      if (here === 0) continue
      const part = pool[i]!
      if (n === 0) figure = part
      else if (aggregation === 'min') figure = Math.min(figure, part)
      else if (aggregation === 'max') figure = Math.max(figure, part)
      else figure += part
      n += here
    }
    if (n === 0) return Number.NaN
    if (aggregation === 'mean') return figure / n
    if (aggregation === 'rate') return (figure * 1000) / windowMs
    return aggregation === 'raised' ? (figure > 0 ? values[at]! : 0) : figure
  }

  return {
    stream,
    all: streams,
    slot,
    firstSlot,
    next: (at) => nexts[at]!,
    reads: (metric) => byMetric.has(metric),
    put,
    timeOf: (at) => times[at]!,
    valueOf: figureOf,
    streamOf: (at) => streams[streamIds[at]!]!,
    drop,
    dropOne,
    ownersOf: ({ id }) => [...slots[id]!.keys()],
    get count() {
      return used - free[0].length - free[1].length
    },
    get made() {
      return made
    },
    get bytes() {
      return 36 * times.length + 8 * pool.length + 50 * used
    },
  }
}
