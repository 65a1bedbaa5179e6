import type { AlertEvent } from '../../wire/alert.js'
import { isFailing } from './match.js'
import type { Grouping } from './rules.js'
import { type Cause, type Group, recordKey, type State, type Told } from './types.js'

export const isBad = (event: AlertEvent): boolean =>
  event.health?.current === 'RED' || event.health?.current === 'YELLOW'

/** Events without health have no end: they are told and done with. */
export const isOneOff = (event: AlertEvent): boolean => event.health === undefined

/** What makes two events be about the same trouble. */
export function causeKey(event: AlertEvent): string {
  const { entity } = event
  // The cluster may have been renamed as well; an identity is of the whole deployment.
  const identity =
    entity.identity === undefined
      ? [event.category, entity.cluster ?? '', entity.category, entity.name]
      : [event.category, entity.category, entity.identity]
  return JSON.stringify(isOneOff(event) ? [...identity, [...event.codes].sort(), event.summary] : identity)
}

export function toldOf(event: AlertEvent, now: number, flapping: boolean): Told {
  const tests = Object.fromEntries(event.tests.filter(isFailing).map((test) => [test.name, test.severity]))
  return { health: event.health?.current ?? '', tests, at: now, flapping }
}

const RANK: Record<string, number> = { INFORMATIONAL: 0, IMPORTANT: 1, CRITICAL: 2 }

/**
 * True if the event holds news for someone who has been told `told`: another health, or a test that fails only now or fails
 * worse. A test that passes again while the entity stays as bad as it was is no news.
 */
export function isNews(told: Told, event: AlertEvent): boolean {
  if (told.flapping || told.health !== (event.health?.current ?? '')) return true
  return event.tests.some((test) => {
    if (!isFailing(test)) return false
    const before = told.tests[test.name]
    return before === undefined || RANK[test.severity]! > RANK[before]!
  })
}

/** Recomputes whether the receiver has something to be told of the cause. */
export function reconsider(cause: Cause, now: number): void {
  if (hasNews(cause)) cause.pendingSince ??= now
  else delete cause.pendingSince
}

function hasNews({ told, event, flapping, missed }: Cause): boolean {
  if (isOneOff(event)) return told === undefined
  if (flapping) return !told?.flapping
  if (missed) return true
  return told ? isNews(told, event) : isBad(event)
}

/** Starts or ends flapping, and forgets changes that are too long ago. */
export function dampen(cause: Cause, now: number, { flapChanges, flapWindowMs }: Grouping): void {
  cause.changes = cause.changes.filter((at) => at > now - flapWindowMs)
  if (cause.changes.length >= flapChanges) cause.flapping = true
  else if (cause.flapping && now >= calmAt(cause, flapWindowMs)) cause.flapping = false
}

/** When flapping ends if nothing else comes. */
export const calmAt = ({ changes, touchedAt }: Cause, flapWindowMs: number): number =>
  (changes[changes.length - 1] ?? touchedAt) + flapWindowMs / 2

export function addCause(state: State, group: Group, cause: Cause): void {
  group.causes.set(cause.key, cause)
  const groups = state.groupsOf.get(cause.key)
  if (groups) groups.add(group.key)
  else state.groupsOf.set(cause.key, new Set([group.key]))
  state.dirty.add(recordKey.cause(group.key, cause.key))
}

export function removeCause(state: State, group: Group, key: string): void {
  if (!group.causes.delete(key)) return
  state.dirty.add(recordKey.cause(group.key, key))
  const groups = state.groupsOf.get(key)
  groups?.delete(group.key)
  if (groups?.size === 0) state.groupsOf.delete(key)
}
