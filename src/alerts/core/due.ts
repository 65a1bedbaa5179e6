import { calmAt, dampen, isBad, isOneOff, reconsider, removeCause, toldOf } from './cause.js'
import { isSilenced } from './match.js'
import type { Grouping, Rules } from './rules.js'
import {
  type Cause,
  type CauseState,
  type Group,
  type Message,
  type MessageCause,
  type Pace,
  recordKey,
  type State,
} from './types.js'

/** Causes of one message; more go into the next one. */
const MAX_CAUSES = 2_000
/** A cause of which nothing was heard for so long is forgotten: its entity is gone. */
const FORGET_MS = 14 * 86_400_000
const FAR = Number.POSITIVE_INFINITY

interface GroupDue {
  group: Group
  at: number
  kind: 'alert' | 'reminder'
}

/**
 * Takes the messages out of the state that are due at `now`, and marks their causes as told. Groups go out one by one
 * while the receiver has messages left in its burst, and together in one message when it has not. Pure but for `state`.
 */
export function takeDue(state: State, now: number, rules: Rules, newId: () => string): Message[] {
  tidy(state, now, rules.grouping)
  const due = new Map<string, GroupDue[]>()
  for (const group of state.groups.values()) {
    if (!rules.receivers.has(group.receiver)) continue
    const next = groupDue(state, group, now, rules.grouping)
    if (!next || next.at > now) continue
    const others = due.get(group.receiver)
    if (others) others.push(next)
    else due.set(group.receiver, [next])
  }
  const messages: Message[] = []
  for (const [receiver, groups] of due) {
    const pace = paceOf(state, receiver, now, rules.grouping)
    if (pace.tokens < 1) continue
    const batches = groups.length <= pace.tokens ? groups.map((group) => [group]) : [groups]
    for (const batch of batches) {
      const message = messageOf(state, receiver, batch, now, rules.grouping, newId())
      if (message.causes.length === 0) continue
      pace.tokens--
      messages.push(message)
    }
    state.paces.set(receiver, pace)
    state.dirty.add(recordKey.pace(receiver))
  }
  return messages
}

/** When `takeDue` may have something next, if no event comes; undefined: never. */
export function nextDue(state: State, now: number, rules: Rules): number | undefined {
  let next = FAR
  for (const group of state.groups.values()) {
    if (!rules.receivers.has(group.receiver)) continue
    const due = groupDue(state, group, now, rules.grouping)
    if (due) {
      const pace = paceOf(state, group.receiver, now, rules.grouping)
      const token = pace.tokens >= 1 ? now : pace.at + rules.grouping.refillMs
      next = Math.min(next, Math.max(due.at, token))
    }
    for (const cause of group.causes.values())
      if (cause.flapping) next = Math.min(next, calmAt(cause, rules.grouping.flapWindowMs))
  }
  for (const { from, until } of state.silences.values())
    for (const at of [from, until]) if (at > now) next = Math.min(next, at)
  return next === FAR ? undefined : next
}

function groupDue(state: State, group: Group, now: number, grouping: Grouping): GroupDue | undefined {
  let first = FAR
  let oldestTold = FAR
  for (const cause of group.causes.values()) {
    const pending = cause.pendingSince !== undefined
    const open = cause.told !== undefined && isBad(cause.event)
    if (!(pending && cause.pendingSince! < first) && !(open && grouping.repeatMs > 0)) continue
    if (isSilenced(state.silences.values(), cause.event, now)) continue
    if (pending) first = Math.min(first, cause.pendingSince!)
    else if (open) oldestTold = Math.min(oldestTold, cause.told!.at)
  }
  if (first < FAR) {
    const earliest = (group.lastSentAt ?? Number.NEGATIVE_INFINITY) + intervalOf(group, grouping)
    return { group, at: Math.max(first + grouping.waitMs, earliest), kind: 'alert' }
  }
  if (oldestTold === FAR) return undefined
  return { group, at: (group.lastSentAt ?? oldestTold) + grouping.repeatMs, kind: 'reminder' }
}

const intervalOf = ({ level }: Group, { intervalMs, longestIntervalMs }: Grouping) =>
  level === 0 ? 0 : Math.min(longestIntervalMs, intervalMs * 2 ** Math.min(level - 1, 20))

function paceOf(state: State, receiver: string, now: number, { burst, refillMs }: Grouping): Pace {
  const { tokens, at } = state.paces.get(receiver) ?? { tokens: burst, at: now }
  if (at > now) return { tokens, at: now } // the clock was set back
  const refilled = Math.floor((now - at) / refillMs)
  return tokens + refilled >= burst
    ? { tokens: burst, at: now }
    : { tokens: tokens + refilled, at: at + refilled * refillMs }
}

function messageOf(
  state: State,
  receiver: string,
  batch: GroupDue[],
  now: number,
  grouping: Grouping,
  id: string,
): Message {
  const causes: MessageCause[] = []
  let open = 0
  let news = false
  for (const { group, kind } of batch) {
    let full = false
    for (const cause of [...group.causes.values()]) {
      if (cause.told && isBad(cause.event) && cause.pendingSince === undefined) open++
      const tell =
        cause.pendingSince !== undefined || (kind === 'reminder' && cause.told && isBad(cause.event))
      if (!tell || isSilenced(state.silences.values(), cause.event, now)) continue
      if (causes.length === MAX_CAUSES) {
        full = true
        continue
      }
      const told = tellOf(cause)
      if (told.state !== 'still') news = true
      causes.push(told)
      if (isBad(cause.event) && cause.pendingSince !== undefined) open++
      markTold(state, group, cause, now)
    }
    const quiet =
      now - (group.lastSentAt ?? Number.NEGATIVE_INFINITY) > 2 * intervalOf(group, grouping) + grouping.waitMs
    group.level = quiet ? 1 : group.level + 1
    if (full) group.level = Math.min(group.level, 1)
    group.lastSentAt = now
    state.dirty.add(recordKey.group(group.key))
  }
  const order: CauseState[] = ['new', 'changed', 'event', 'flapping', 'still', 'recovered']
  causes.sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.since - b.since)
  const groups = batch.map(({ group }) => group.labels)
  return { id, receiver, at: now, kind: news ? 'alert' : 'reminder', groups, causes, open }
}

function tellOf(cause: Cause): MessageCause {
  const { event, since, count, history } = cause
  return { state: stateOf(cause), event, since, count, history }
}

function stateOf(cause: Cause): CauseState {
  if (isOneOff(cause.event)) return 'event'
  if (cause.flapping) return cause.pendingSince === undefined ? 'still' : 'flapping'
  if (!isBad(cause.event)) return 'recovered'
  if (cause.pendingSince === undefined) return 'still'
  return cause.told ? 'changed' : 'new'
}

function markTold(state: State, group: Group, cause: Cause, now: number): void {
  cause.told = toldOf(cause.event, now, cause.flapping)
  delete cause.pendingSince
  delete cause.missed
  cause.history = []
  cause.count = 0
  state.dirty.add(recordKey.cause(group.key, cause.key))
}

/** Ends flapping, and forgets what is over: good and told, or not heard of for very long; then empty groups. */
function tidy(state: State, now: number, grouping: Grouping): void {
  for (const group of state.groups.values()) {
    if (group.lastSentAt !== undefined && group.lastSentAt > now) {
      group.lastSentAt = now
      state.dirty.add(recordKey.group(group.key))
    }
    for (const cause of [...group.causes.values()]) {
      if (setBack(cause, now)) state.dirty.add(recordKey.cause(group.key, cause.key))
      if (cause.flapping && now >= calmAt(cause, grouping.flapWindowMs)) {
        cause.changes = []
        dampen(cause, now, grouping)
        reconsider(cause, now)
        state.dirty.add(recordKey.cause(group.key, cause.key))
      }
      if (isOver(cause, now, grouping)) removeCause(state, group, cause.key)
    }
    const paced = now - (group.lastSentAt ?? 0) < 2 * grouping.longestIntervalMs
    if (group.causes.size === 0 && !paced) {
      state.groups.delete(group.key)
      state.dirty.add(recordKey.group(group.key))
    }
  }
}

/** After the clock was set back nothing waits for the time that it had been: what lies ahead is as if it were now. */
function setBack(cause: Cause, now: number): boolean {
  if (cause.touchedAt <= now && (cause.told?.at ?? 0) <= now && (cause.pendingSince ?? 0) <= now) return false
  cause.touchedAt = Math.min(cause.touchedAt, now)
  cause.order = Math.min(cause.order, now)
  cause.changes = cause.changes.map((at) => Math.min(at, now))
  if (cause.told) cause.told.at = Math.min(cause.told.at, now)
  if (cause.pendingSince !== undefined) cause.pendingSince = Math.min(cause.pendingSince, now)
  return true
}

function isOver(cause: Cause, now: number, grouping: Grouping): boolean {
  if (now - cause.touchedAt > FORGET_MS) return true
  if (cause.pendingSince !== undefined || cause.flapping) return false
  // Kept for a while although there is nothing to tell, so that the same log line, or an entity that goes to and fro
  // faster than the wait, is recognised.
  const quiet = now - cause.touchedAt
  if (isOneOff(cause.event)) return quiet > (grouping.repeatMs || FORGET_MS)
  return !isBad(cause.event) && quiet > grouping.flapWindowMs
}
