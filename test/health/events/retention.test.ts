import { afterAll, beforeAll, expect, test } from 'vitest'
import { daysToDrop, dropOldEvents } from '../../../src/health/events/retention.js'
import { createEventStore, type EventRow } from '../../../src/health/events/store.js'
import { type Bench, silent, startBench } from '../../metrics/support.js'

const DAY = 86_400_000
const T = Date.UTC(2026, 10, 20)
const days = [1, 2, 3, 4].map((n) => ({ id: String(n), end: T + n * DAY, bytes: 100 }))
const dropped = (...rest: Parameters<typeof daysToDrop> extends [unknown, ...infer R] ? R : never) =>
  daysToDrop(days.toReversed(), ...rest).map(({ id }) => id)

test('days that are old go, and the oldest ones of too many bytes; the newest stays', () => {
  expect(dropped({ keepMs: DAY, maxBytes: 1e9 }, T + 3 * DAY)).toEqual(['1', '2'])
  expect(dropped({ keepMs: DAY, maxBytes: 1e9 }, undefined)).toEqual([])
  expect(dropped({ keepMs: 100 * DAY, maxBytes: 250 }, undefined)).toEqual(['1', '2'])
  expect(dropped({ keepMs: DAY, maxBytes: 0 }, T + 100 * DAY)).toEqual(['1', '2', '3'])
})

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
}, 120_000)
afterAll(() => bench?.cleanUp())

test('what is dropped is gone, and the rest is found', async () => {
  const store = await bench.open('event_retention')
  const events = createEventStore(
    () => store.client,
    () => [],
  )
  for (const day of [0, 1, 2]) {
    const row: EventRow = {
      id: `d${day}`,
      occurred: T,
      received: T + day * DAY,
      category: 'SYSTEM',
      severity: 'INFORMATIONAL',
      alert: false,
      content: 'x',
      attribute_names: [],
      attribute_values: [],
      facts: [],
    }
    await events.insert([row])
  }
  const retention = { keepMs: DAY, maxBytes: 1e9 }
  expect(await dropOldEvents(store.client, retention, T + 2 * DAY, silent)).toBe(1)
  expect(await dropOldEvents(store.client, retention, T + 2 * DAY, silent)).toBe(0)
  const { items } = await events.search([], { most: 10, offset: 0 })
  expect(items.map(({ id }) => id)).toEqual(['d2', 'd1'])
})
