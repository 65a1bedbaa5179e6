import { expect, test } from 'vitest'
import { emptyState, matches, takeEvent } from '../../src/alerts/core/index.js'
import { type AlertEvent, readAlertEvents } from '../../src/wire/alert.js'
import { health, rules } from './support.js'

const NOW = 1_700_000_100_000

/** The role's event under a name; its identity and earlier names as the monitor sends them. */
function named(name: string, current: 'RED' | 'GREEN', formerNames: string[] = []): AlertEvent {
  const event = health(name, current)
  return { ...event, entity: { ...event.entity, identity: 'role-77', formerNames } }
}

test('an entity that is renamed while it is in trouble stays one trouble, and its end ends it', () => {
  const state = emptyState()
  const rule = rules()
  expect(takeEvent(state, named('zk-old', 'RED'), NOW, rule)).toBe('taken')
  takeEvent(state, named('zk-new', 'RED', ['zk-old']), NOW + 1, rule)
  expect(state.groupsOf.size).toBe(1)
  const [cause] = [...state.groups.values()].flatMap(({ causes }) => [...causes.values()])
  expect(cause!.event.entity.name).toBe('zk-new')
  takeEvent(state, named('zk-new', 'GREEN', ['zk-old']), NOW + 2, rule)
  expect(state.groupsOf.size).toBe(1)
  expect(cause!.event.health?.current).toBe('GREEN')
})

test('a silence by the old name, the new one or the identity goes on to hold', () => {
  const renamed = named('zk-new', 'RED', ['zk-older', 'zk-old'])
  for (const name of ['zk-new', 'zk-old', 'zk-older', 'role-77']) {
    expect(matches({ role: [name] }, renamed)).toBe(true)
    expect(matches({ entity: [name] }, renamed)).toBe(true)
  }
  expect(matches({ role: ['zk-2'] }, renamed)).toBe(false)
  // The service is another entity, which was not renamed.
  expect(matches({ service: ['zk-old'] }, renamed)).toBe(false)
})

test('a silence by an earlier name of the host, the service or the cluster that it belongs to holds, too', () => {
  const event = named('zk-1', 'RED')
  const formerly = { cluster: ['Test'], service: ['Zoo'], host: ['old.example.com'] }
  const sent = { ...event, entity: { ...event.entity, formerly } }
  const [renamed] = readAlertEvents(JSON.parse(JSON.stringify(sent))).events
  for (const match of [{ cluster: ['Test'] }, { service: ['Zoo'] }, { host: ['old*'] }])
    expect([match, matches(match, renamed!), matches(match, event)]).toEqual([match, true, false])
  expect(
    readAlertEvents({ ...sent, entity: { ...sent.entity, formerly: { host: [7] } } }).refused,
  ).toHaveLength(1)
})

test('identity and earlier names come over the wire', () => {
  const { events, refused } = readAlertEvents(JSON.parse(JSON.stringify(named('a', 'RED', ['b']))))
  expect(refused).toEqual([])
  expect(events[0]!.entity).toMatchObject({ identity: 'role-77', formerNames: ['b'] })
})
