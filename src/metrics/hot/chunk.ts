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
  /** Of lists of entities, as long as there are no more slots than then. */
  readonly slotLists: WeakMap<object, { readonly size: number; readonly slots: Int32Array }>
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
  slotLists: new WeakMap(),
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

/** Bytes of a chunk besides its samples. */
export const OVERHEAD = 400

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

/** Lists of entities whose slots are remembered: short ones cost little, very long ones much memory. */
const LEAST_KEPT = 16
const MOST_KEPT = 50_000

/** The slots of a list of entities; -1 for one that has none. */
export function slotsOf(
  { slots, slotLists }: MetricState,
  entities: readonly { readonly id: number }[],
): Int32Array {
  const isKept = entities.length >= LEAST_KEPT && entities.length <= MOST_KEPT
  const known = isKept ? slotLists.get(entities) : undefined
  if (known !== undefined && known.size === slots.size) return known.slots
  const found = new Int32Array(entities.length)
  for (let i = 0; i < found.length; i++) found[i] = slots.get((entities[i] as { id: number }).id) ?? -1
  if (isKept) slotLists.set(entities, { size: slots.size, slots: found })
  return found
}
