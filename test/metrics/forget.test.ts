import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Store } from '../../src/metrics/index.js'
import { startRollups } from '../../src/metrics/index.js'
import { type Bench, columns, rowsOf, seriesOf, silent, startBench } from './support.js'

const DAY = 86_400_000
const NOW = Date.now()
const forget = { graceMs: 0, confirmMs: 0 }

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(() => bench?.cleanUp())

const put = (store: Store, metric: string, host: string, time: number, sender?: string) =>
  store.writer.write(columns([seriesOf(store, metric, host, sender), time, 1]))
const dropRaw = (store: Store, time: number) =>
  store.client.command({
    query: `ALTER TABLE samples DROP PARTITION ID '${new Date(time).toISOString().slice(0, 10).replaceAll('-', '')}'`,
  })
const table = async (store: Store, name: string) =>
  Number((await rowsOf<{ n: string }>(store, `SELECT count() AS n FROM ${name}`))[0]!.n)

test('series without data in any level leave lists and tables; the others stay, and a name that comes back works', async () => {
  const store = await bench.open('forget', { forget })
  const old = NOW - 20 * DAY
  await put(store, 'gone', 'dead', old, 'a')
  await put(store, 'gone', 'alive', old, 'a')
  await put(store, 'kept', 'alive', NOW, 'a')
  await put(store, 'folded', 'rolled', old, 'a')
  // One of the old ones is in a rollup: its samples may go.
  const rollups = startRollups({ store, logger: silent, tuning: { everyMs: 0 } })
  await store.client.command({
    query: `ALTER TABLE samples DELETE WHERE metric = ${store.catalogue.findMetric('gone')!.id}`,
    clickhouse_settings: { mutations_sync: '2' },
  })
  await rollups.pass()
  await rollups.stop()
  await dropRaw(store, old)
  expect(store.stats().series).toBe(4)

  expect(await store.forget()).toEqual({ announced: 2, deleted: 0 })
  const { catalogue } = store
  expect(store.stats().series).toBe(2)
  expect(catalogue.entitiesOf(catalogue.findMetric('gone')!.index)).toEqual([])
  expect((await store.cardinality()).topSenders).toEqual([{ sender: 'a', series: 2 }])
  expect(await table(store, 'series')).toBe(4)
  expect(await store.forget()).toEqual({ announced: 0, deleted: 2 })
  expect(await table(store, 'series')).toBe(2)
  expect(await rowsOf(store, 'SELECT identity AS name FROM entities ORDER BY name')).toEqual([
    { name: 'alive' },
    { name: 'rolled' },
  ])
  expect(await store.forget()).toEqual({ announced: 0, deleted: 0 })

  // After a restart nothing of it is there, and what was kept is.
  const next = await bench.open('forget', { forget })
  expect(next.stats()).toMatchObject({ series: 2, entities: 2 })

  // Back again, by a sender's remembered index and by name.
  await put(store, 'gone', 'dead', NOW)
  await next.refresh()
  expect(next.catalogue.findEntity('HOST', 'dead')).toBeDefined()
  expect(next.stats().series).toBe(3)
  const third = await bench.open('forget', { forget })
  expect(third.stats()).toMatchObject({ series: 3, entities: 3 })
  expect(await third.forget()).toEqual({ announced: 0, deleted: 0 })
})

test('a sample of a series whose index was remembered brings it back', async () => {
  const store = await bench.open('remembered', { forget })
  const index = seriesOf(store, 'm', 'h')
  await put(store, 'other', 'h2', NOW)
  // The registration is stored with the next sample.
  expect(await store.forget()).toEqual({ announced: 1, deleted: 0 })
  expect(await store.forget()).toEqual({ announced: 0, deleted: 1 })
  expect(store.stats().series).toBe(1)
  await store.writer.write(columns([index, NOW, 5], [index, NOW + 1, 6]))
  expect(store.stats().series).toBe(2)
  const next = await bench.open('remembered')
  expect(next.stats()).toMatchObject({ series: 2, entities: 2 })
})

test('what another monitor stores in between is not lost', async () => {
  const [leader, other] = await Promise.all([bench.open('two', { forget }), bench.open('two', { forget })])
  await put(leader, 'x', 'never', NOW)
  await put(leader, 'x', 'quick', NOW)
  await put(leader, 'x', 'late', NOW)
  await other.refresh()
  const remembered = ['quick', 'late'].map((host) => seriesOf(other, 'x', host))
  await leader.client.command({ query: 'TRUNCATE TABLE samples' })
  expect(await leader.forget()).toEqual({ announced: 3, deleted: 0 })
  // It has not heard of it yet …
  await other.writer.write(columns([remembered[0]!, NOW, 1]))
  await other.refresh()
  // … and now it has.
  await other.writer.write(columns([remembered[1]!, NOW, 1]))
  await leader.forget()
  await leader.writer.write(columns([seriesOf(leader, 'y', 'z'), NOW, 1]))
  while ((await leader.forget()).announced + (await leader.forget()).deleted > 0);
  const next = await bench.open('two')
  const names = next.catalogue
    .entitiesOf(next.catalogue.findMetric('x')!.index)
    .map((entity) => next.catalogue.entityAt(entity).name)
  expect(names.sort()).toEqual(['late', 'quick'])
})
