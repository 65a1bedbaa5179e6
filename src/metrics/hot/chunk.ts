import { createIdTable, type IdTable } from '../catalogue/id-table.js'
import type { Columns } from './columns.js'
import { CHUNK_MS } from './limits.js'
import { Tail } from './tail.js'

/** What is held of one metric. */
export interface MetricState {
  /** Durable id, and the catalogue's index. */
  readonly id: number
  readonly index: number
  /** By chunk number: milliseconds since the epoch over `CHUNK_MS`. */
  readonly chunks: Map<number, HotChunk>
  /** Slots of entities, by durable id; one numbering for all chunks. */
  readonly slots: IdTable
  /** Of `slots`, as it stands in the cache's sum. */
  slotBytes: number
}

export interface HotChunk {
  readonly metric: MetricState
  readonly number: number
  /** Undefined while it is being read. */
  columns: Columns | undefined
  /** What was stored since reading began, or since the last query. */
  readonly tail: Tail
  /** When a query used it last, by the clock of durations. */
  usedAt: number
  /** Whether one did since samples were last taken over from the tail. */
  used: boolean
  /** As it stands in the cache's sum. */
  bytes: number
}

export const newMetricState = (id: number, index: number): MetricState => ({
  id,
  index,
  chunks: new Map(),
  slots: createIdTable(),
  slotBytes: 0,
})

export const newChunk = (metric: MetricState, number: number): HotChunk => ({
  metric,
  number,
  columns: undefined,
  tail: new Tail(),
  usedAt: 0,
  used: false,
  bytes: 0,
})

const OVERHEAD = 400

export const bytesOf = ({ columns, tail }: HotChunk): number => OVERHEAD + (columns?.bytes ?? 0) + tail.bytes

export const chunkNumber = (time: number): number => Math.floor(time / CHUNK_MS)

/** The slot of an entity, a new one if it has none. */
export function slotFor({ slots }: MetricState, entity: number): number {
  const known = slots.get(entity)
  if (known !== undefined) return known
  const slot = slots.size
  slots.set(entity, slot)
  return slot
}

/** Takes the tail over into the columns. */
export function settleTail(chunk: HotChunk, columns: Columns, idOf: (entity: number) => number): void {
  const { tail, metric } = chunk
  for (let i = 0; i < tail.length; i++)
    columns.put(
      slotFor(metric, idOf(tail.entities[i] as number)),
      tail.times[i] as number,
      tail.values[i] as number,
    )
  tail.clear()
}
