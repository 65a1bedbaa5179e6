import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCatalogue } from '../../src/metrics/catalogue/catalogue.js'
import type { Store } from '../../src/metrics/index.js'
import { DEFAULT_LIMITS } from '../../src/metrics/limits.js'
import { createChunkPool } from '../../src/metrics/writer/chunk.js'
import { appendRecords, appendSamples, newCommit } from '../../src/metrics/writer/commit.js'
import { createInsert } from '../../src/metrics/writer/insert.js'
import { type Bench, columns, countSamples, rowsOf, seriesOf, startBench } from './support.js'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(() => bench?.cleanUp())

test('a part that ClickHouse has noted as stored, and lost when it was killed just then, is stored by the next attempt', async () => {
  const [now, day] = [Date.UTC(2026, 4, 17, 12), 86_400_000]
  const store = await bench.open('lost_part')
  const catalogue = createCatalogue({ limits: DEFAULT_LIMITS })
  const series = catalogue.addSeries(
    catalogue.addMetric({ name: 'm' }),
    catalogue.addEntity({ category: 'HOST', name: 'h', attributes: {} }),
  )
  const pool = createChunkPool()
  const commit = newCommit()
  appendSamples(
    commit,
    pool,
    catalogue,
    columns([series, now, 1], [series, now + day, 2], [series, now + day + 1, 3]),
  )
  appendRecords(commit, pool, 4_711)
  const { insert } = createInsert(
    () => store.client,
    99,
    async () => undefined,
  )
  const { signal } = new AbortController()
  await insert(commit, signal)
  const all = await countRows(store)
  const [part] = await rowsOf<{ path: string }>(
    store,
    "SELECT path FROM system.parts WHERE active AND database = 'lost_part' AND table = 'samples' AND partition = '20260518'",
  )
  await store.client.command({ query: 'DETACH TABLE samples' })
  rmSync(part!.path, { recursive: true })
  await store.client.command({ query: 'ATTACH TABLE samples' })
  expect(await countSamples(store)).toBe(1)
  await insert(commit, signal)
  expect([await countSamples(store), await countRows(store)]).toEqual([3, all])
  await insert(commit, signal)
  expect([await countSamples(store), await countRows(store)]).toEqual([3, all])
})

const countRows = async (store: Store) =>
  Number((await rowsOf<{ n: string }>(store, 'SELECT count() AS n FROM samples'))[0]!.n)

test('inserts wait for the disk where that is asked for, on every table, and no longer when it is not', async () => {
  const synced = async () => {
    const [row] = await rowsOf<{ synced: string; all: string }>(
      store,
      `SELECT countIf(engine_full LIKE '%fsync_after_insert = 1, fsync_part_directory = 1%') AS synced, count() AS all
      FROM system.tables WHERE database = 'durable'`,
    )
    return [Number(row!.synced), Number(row!.all)]
  }
  let store = await bench.open('durable', { durability: 'synced' })
  const [first, all] = await synced()
  expect(first).toBe(all)
  const syncs = async () =>
    Number(
      (
        await rowsOf<{ n: string }>(
          store,
          "SELECT sum(value) AS n FROM system.events WHERE event = 'FileSync'",
        )
      )[0]!.n,
    )
  const syncsOfAWrite = async (time: number) => {
    const before = await syncs()
    await store.writer.write(columns([seriesOf(store, 'm', 'h'), time, 1]))
    return (await syncs()) - before
  }
  await syncsOfAWrite(Date.now() - 1)
  expect(await syncsOfAWrite(Date.now())).toBeGreaterThan(0)
  store = await bench.open('durable')
  expect((await synced())[0]).toBe(0)
  await syncsOfAWrite(Date.now() + 1)
  expect(await syncsOfAWrite(Date.now() + 2)).toBe(0)
})
