import type { AlertEvent } from '../../wire/alert.js'
import type { Silence } from './match.js'

/** What the publisher knows and must not lose: plain data, written to the outbox record by record. */

/** One entity's trouble as one receiver is told of it. Events without health are causes that are told and done with. */
export interface Cause {
  /** Identity of the entity, and of the event for those without health: see `causeKey`. */
  key: string
  /** The latest event. */
  event: AlertEvent
  /**
   * By what events are put in order: the sender's time, but not later than ours. A sender whose clock was ahead once must not
   * make everything that it says afterwards look old.
   */
  order: number
  /** When the present trouble began, by the sender's clock. */
  since: number
  /** What the receiver has been told last; undefined before the first message. */
  told?: Told
  /** When something that the receiver has not been told came in. */
  pendingSince?: number
  /** It ended before the receiver was told, but later than the receiver should have been: it is told as a whole. */
  missed?: boolean
  /** Times at which the health changed, within the flap window. */
  changes: number[]
  flapping: boolean
  /** What has happened since the receiver was told last: the newest few. */
  history: { time: number; health: string }[]
  /** Events that this cause stands for since the receiver was told last. */
  count: number
  /** When the latest event came in. */
  touchedAt: number
}

export interface Told {
  health: string
  /** Failing tests and their severity. */
  tests: Record<string, string>
  at: number
  /** It was told as an entity that flaps, which leaves open what it is now. */
  flapping: boolean
}

/** Causes that go out in one message, in the pace of their own. */
export interface Group {
  key: string
  receiver: string
  labels: Record<string, string>
  lastSentAt?: number
  /** How often the wait has been doubled. */
  level: number
  causes: Map<string, Cause>
}

/** How many messages a receiver may still get at once. */
export interface Pace {
  tokens: number
  at: number
}

export type CauseState = 'new' | 'changed' | 'still' | 'flapping' | 'recovered' | 'event'

export interface MessageCause {
  state: CauseState
  event: AlertEvent
  since: number
  count: number
  history: { time: number; health: string }[]
}

/** What a receiver gets at once. Its id is the same in every attempt. */
export interface Message {
  id: string
  receiver: string
  at: number
  kind: 'alert' | 'reminder' | 'test'
  groups: Record<string, string>[]
  causes: MessageCause[]
  /** How many entities of these groups are in trouble after this message. */
  open: number
}

/** How far the delivery of a message has come. */
export interface Delivery {
  attempts: number
  /** An attempt has begun and its end is not known: after a start, nobody can say whether it arrived. */
  inFlight: boolean
  /** An earlier attempt may have arrived. */
  repeat: boolean
  /** Parts (addresses, targets) that have it, and those that refused it for good. */
  done: string[]
  refused: { part: string; reason: string }[]
  nextAt: number
  lastError?: string
}

export interface State {
  groups: Map<string, Group>
  /** Groups that hold a cause, by its key. */
  groupsOf: Map<string, Set<string>>
  paces: Map<string, Pace>
  silences: Map<string, Silence>
  /** Ids of events that have been taken, oldest first, with the time. */
  seen: Map<string, number>
  messages: Map<string, Message>
  deliveries: Map<string, Delivery>
  /** SNMP's engine: its id, and how often it has started (RFC 3414 §2.2). */
  engine: { id: string; boots: number } | undefined
  /** Keys of records that differ from what is on disk: see `outbox/records.ts`. */
  dirty: Set<string>
}

export function emptyState(): State {
  return {
    groups: new Map(),
    groupsOf: new Map(),
    paces: new Map(),
    silences: new Map(),
    seen: new Map(),
    messages: new Map(),
    deliveries: new Map(),
    engine: undefined,
    dirty: new Set(),
  }
}

export const recordKey = {
  group: (key: string) => `g${key}`,
  cause: (group: string, cause: string) => `c${JSON.stringify([group, cause])}`,
  pace: (receiver: string) => `p${receiver}`,
  silence: (id: string) => `s${id}`,
  seen: (id: string) => `e${id}`,
  message: (id: string) => `m${id}`,
  delivery: (id: string) => `d${id}`,
  engine: () => 'x',
}
