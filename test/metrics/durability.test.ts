import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Bench, columns, rowsOf, seriesOf, startBench } from './support.js'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(() => bench?.cleanUp())

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
