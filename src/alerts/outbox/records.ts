import { addCause } from '../core/cause.js'
import type { Cause, Delivery, Group, Message, Pace, Silence, State } from '../core/index.js'
import { emptyState } from '../core/index.js'

/** One record of the outbox: a key (`recordKey`) and its value as JSON, or undefined where there is none any more. */
export type OutboxRecord = [key: string, json: string | undefined]

export function recordOf(state: State, key: string): OutboxRecord {
  const value = currentOf(state, key)
  return [key, value === undefined ? undefined : JSON.stringify(value)]
}

function currentOf(state: State, key: string): unknown {
  const rest = key.slice(1)
  switch (key[0]) {
    case 'g':
      return withoutCauses(state.groups.get(rest))
    case 'c': {
      const [group, cause] = JSON.parse(rest) as [string, string]
      return state.groups.get(group)?.causes.get(cause)
    }
    case 'p':
      return state.paces.get(rest)
    case 's':
      return state.silences.get(rest)
    case 'e':
      return state.seen.get(rest)
    case 'm':
      return state.messages.get(rest)
    case 'd':
      return state.deliveries.get(rest)
    default:
      return state.engine
  }
}

function withoutCauses(group: Group | undefined) {
  if (!group) return undefined
  const { causes: _, ...rest } = group
  return rest
}

/** Keys of everything there is, for a fresh copy of the outbox. */
export function* allKeys(state: State): Generator<string> {
  for (const [key, group] of state.groups) {
    yield `g${key}`
    for (const cause of group.causes.keys()) yield `c${JSON.stringify([key, cause])}`
  }
  for (const key of state.paces.keys()) yield `p${key}`
  for (const key of state.silences.keys()) yield `s${key}`
  for (const key of state.seen.keys()) yield `e${key}`
  for (const key of state.messages.keys()) yield `m${key}`
  for (const key of state.deliveries.keys()) yield `d${key}`
  if (state.engine) yield 'x'
}

/** Builds the state from records, the latest of each key. Causes whose group was lost are left out and counted. */
export function stateFrom(records: Map<string, string>): { state: State; orphans: number } {
  const state = emptyState()
  const causes: [string, Cause][] = []
  let orphans = 0
  for (const [key, json] of records) {
    const value: unknown = JSON.parse(json)
    const rest = key.slice(1)
    if (key[0] === 'g') state.groups.set(rest, { ...(value as Group), causes: new Map() })
    else if (key[0] === 'c') causes.push([(JSON.parse(rest) as [string, string])[0], value as Cause])
    else if (key[0] === 'p') state.paces.set(rest, value as Pace)
    else if (key[0] === 's') state.silences.set(rest, value as Silence)
    else if (key[0] === 'e') state.seen.set(rest, value as number)
    else if (key[0] === 'm') state.messages.set(rest, value as Message)
    else if (key[0] === 'd') state.deliveries.set(rest, value as Delivery)
    else if (key[0] === 'x') state.engine = value as NonNullable<State['engine']>
  }
  for (const [groupKey, cause] of causes) {
    const group = state.groups.get(groupKey)
    if (group) addCause(state, group, cause)
    else orphans++
  }
  for (const id of [...state.deliveries.keys()]) if (!state.messages.has(id)) state.deliveries.delete(id)
  state.dirty.clear()
  return { state, orphans }
}
