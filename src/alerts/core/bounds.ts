import type { AlertSeverity } from '../../wire/alert.js'
import { ALERT_SEVERITIES } from '../../wire/alert.js'
import { removeCause } from './cause.js'
import { type Message, recordKey, type State } from './types.js'

export interface Bounds {
  /** Causes that are kept, over all groups. */
  causes: number
  /** Messages that wait, their size in memory and on disk as JSON, and their age. */
  messages: number
  messageBytes: number
  messageAgeMs: number
  /** Ids of events, by which a repeated one is known, and for how long. */
  seen: number
  seenAgeMs: number
}

export const DEFAULT_BOUNDS: Bounds = {
  causes: 20_000,
  messages: 10_000,
  messageBytes: 64 * 1024 * 1024,
  messageAgeMs: 3 * 86_400_000,
  seen: 100_000,
  seenAgeMs: 2 * 86_400_000,
}

export interface Lost {
  causes: number
  messages: Message[]
  /** Messages that were too old, as against too many. */
  expired: Message[]
}

/**
 * Drops what is too much or too old, the oldest of the lowest severity first, and returns what was lost. `sizeOf` gives a
 * message's size in bytes.
 */
export function enforce(state: State, bounds: Bounds, now: number, sizeOf: (id: string) => number): Lost {
  forgetSeen(state, bounds, now)
  const lost: Lost = { causes: dropCauses(state, bounds), messages: [], expired: [] }
  for (const message of [...state.messages.values()]) {
    if (message.at >= now - bounds.messageAgeMs) continue
    dropMessage(state, message.id)
    lost.expired.push(message)
  }
  let bytes = 0
  for (const id of state.messages.keys()) bytes += sizeOf(id)
  if (state.messages.size <= bounds.messages && bytes <= bounds.messageBytes) return lost
  const order = [...state.messages.values()].sort((a, b) => rank(a) - rank(b) || a.at - b.at)
  for (const message of order) {
    if (state.messages.size <= bounds.messages && bytes <= bounds.messageBytes) break
    if (state.deliveries.get(message.id)?.inFlight) continue
    bytes -= sizeOf(message.id)
    dropMessage(state, message.id)
    lost.messages.push(message)
  }
  return lost
}

export function dropMessage(state: State, id: string): void {
  state.messages.delete(id)
  state.deliveries.delete(id)
  state.dirty.add(recordKey.message(id)).add(recordKey.delivery(id))
}

const rank = (message: Message) => ALERT_SEVERITIES.indexOf(severityOf(message))

/** The highest severity among the causes that are not over. */
export function severityOf({ causes }: Message): AlertSeverity {
  let highest = 0
  for (const { event } of causes) highest = Math.max(highest, ALERT_SEVERITIES.indexOf(event.severity))
  return ALERT_SEVERITIES[highest]!
}

function forgetSeen(state: State, bounds: Bounds, now: number): void {
  for (const [id, at] of state.seen) {
    if (state.seen.size <= bounds.seen && at >= now - bounds.seenAgeMs) break
    state.seen.delete(id)
    state.dirty.add(recordKey.seen(id))
  }
}

function dropCauses(state: State, bounds: Bounds): number {
  let count = 0
  for (const group of state.groups.values()) count += group.causes.size
  if (count <= bounds.causes) return 0
  const all = [...state.groups.values()].flatMap((group) =>
    [...group.causes.values()].map((cause) => ({ group, cause })),
  )
  all.sort(
    (a, b) =>
      ALERT_SEVERITIES.indexOf(a.cause.event.severity) - ALERT_SEVERITIES.indexOf(b.cause.event.severity) ||
      a.cause.touchedAt - b.cause.touchedAt,
  )
  // Somewhat more than needed, so that a flood does not sort all of them for each event.
  const drop = all.slice(0, count - Math.floor(bounds.causes * 0.95))
  for (const { group, cause } of drop) removeCause(state, group, cause.key)
  return drop.length
}
