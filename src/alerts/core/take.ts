import type { AlertEvent } from '../../wire/alert.js'
import { addCause, causeKey, dampen, isBad, isOneOff, reconsider, removeCause } from './cause.js'
import { isSilenced } from './match.js'
import { labelsOf, type Rules, route } from './rules.js'
import { type Cause, type Group, recordKey, type State } from './types.js'

/**
 * - `taken`: a receiver will be told, unless it passes first
 * - `unchanged`: receivers know it, or need not hear of it
 * - `outdated`: older than what is known of the entity
 */
export type Outcome = 'taken' | 'unchanged' | 'duplicate' | 'outdated' | 'suppressed' | 'unrouted'

const BAD = new Set(['RED', 'YELLOW'])
const MAX_CHANGES = 32
const MAX_HISTORY = 10

/** Takes an event into the groups of its receivers. Pure but for `state`; `now` in milliseconds. */
export function takeEvent(state: State, event: AlertEvent, now: number, rules: Rules): Outcome {
  if (state.seen.has(event.id)) return 'duplicate'
  state.seen.set(event.id, now)
  state.dirty.add(recordKey.seen(event.id))

  const key = causeKey(event)
  const groups = new Map<string, Group>()
  for (const groupKey of state.groupsOf.get(key) ?? []) {
    const group = state.groups.get(groupKey)
    if (group) groups.set(group.receiver, group)
  }
  if (event.suppressed) {
    for (const group of groups.values()) removeCause(state, group, key)
    return 'suppressed'
  }
  // The end of a trouble goes where its beginning went, whatever the rules say of its own severity.
  const begins = event.begins !== false && (isBad(event) || isOneOff(event))
  if (begins)
    for (const receiver of route(event, rules))
      if (!groups.has(receiver)) groups.set(receiver, groupFor(state, receiver, event, rules))
  if (groups.size === 0) return begins ? 'unrouted' : 'unchanged'

  let outcome: Outcome = 'unchanged'
  const silenced = isSilenced(state.silences.values(), event, now)
  for (const group of groups.values()) {
    const one = fold(state, group, key, event, now, rules, silenced)
    if (one === 'taken' || outcome !== 'taken') outcome = one
  }
  return outcome
}

function groupFor(state: State, receiver: string, event: AlertEvent, rules: Rules): Group {
  const labels = labelsOf(event, rules.grouping.by)
  const key = JSON.stringify([receiver, ...Object.entries(labels).flat()])
  let group = state.groups.get(key)
  if (!group) {
    group = { key, receiver, labels, level: 0, causes: new Map() }
    state.groups.set(key, group)
    state.dirty.add(recordKey.group(key))
  }
  return group
}

function fold(
  state: State,
  group: Group,
  key: string,
  event: AlertEvent,
  now: number,
  { grouping }: Rules,
  silenced: boolean,
): Outcome {
  const known = group.causes.get(key)
  const order = Math.min(event.time, now)
  // What is known of a time that is still to come was noted before the clock was set back: it says nothing of the order.
  if (known && order < known.order && known.order <= now) return 'outdated'
  const cause: Cause = known ?? {
    key,
    event,
    order,
    since: event.time,
    changes: [],
    flapping: false,
    history: [],
    count: 0,
    touchedAt: now,
  }
  const before = known?.event
  const health = event.health?.current
  if (health !== undefined && before?.health?.current !== health) {
    cause.changes = [...cause.changes, now].slice(-MAX_CHANGES)
    cause.history = [...cause.history, { time: event.time, health }].slice(-MAX_HISTORY)
    if (isBad(event) && before && !isBad(before)) cause.since = event.time
    // The group's pace, or the receiver's, had held it back.
    const overdue = cause.pendingSince !== undefined && now - cause.pendingSince > grouping.waitMs
    const knownBad = cause.told !== undefined && (BAD.has(cause.told.health) || cause.told.flapping)
    if (before && isBad(before) && !isBad(event) && !knownBad && overdue && !silenced) cause.missed = true
  }
  if (isOneOff(event) && cause.told && now - cause.told.at >= (grouping.repeatMs || Infinity))
    delete cause.told
  cause.event = event
  cause.order = order
  cause.count++
  cause.touchedAt = now
  dampen(cause, now, grouping)
  reconsider(cause, now)
  if (known) state.dirty.add(recordKey.cause(group.key, key))
  else addCause(state, group, cause)
  return cause.pendingSince === undefined ? 'unchanged' : 'taken'
}
