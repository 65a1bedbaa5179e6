import { createClient } from '@clickhouse/client'
import type { BaseLogger } from 'pino'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Store } from '../../src/metrics/index.js'
import { createBursts } from '../../src/metrics/writer/bursts.js'
import { createMergePause } from '../../src/metrics/writer/merge-pause.js'
import { type Bench, columns, countSamples, rowsOf, seriesOf, startBench } from './support.js'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(() => bench?.cleanUp())

test('a burst is large inserts one after the other; it ends with them, or when they become sparse', () => {
  let now = 0
  const changes: boolean[] = []
  const bursts = createBursts({
    largeRows: 100,
    onChange: (isBurst) => changes.push(isBurst),
    clock: () => now,
  })
  const inserts = (times: number, rows: number, took: number, every: number) => {
    for (let k = 0; k < times; k++) {
      now += every
      bursts.inserted(rows, took)
    }
  }
  inserts(100, 99, 10, 10)
  inserts(100, 100, 10, 100)
  expect(changes).toEqual([])
  inserts(20, 100, 10, 20)
  expect(changes).toEqual([true])
  inserts(100, 100, 10, 100)
  expect(changes).toEqual([true, false])
  bursts.stop()
})

const isHeld = async (store: Store): Promise<boolean> => {
  const [row] = await rowsOf<{ held: number }>(
    store,
    "SELECT position(engine_full, 'min_parts_to_merge_at_once') > 0 AS held FROM system.tables WHERE database = currentDatabase() AND name = 'samples'",
  )
  return Boolean(row?.held)
}

test('merges are held back during a burst, and go on after it', async () => {
  const store = await bench.open('pause', { tuning: { eagerRows: 1, minMs: 0 } })
  const series = seriesOf(store, 'm', 'h')
  let written = 0
  await vi.waitUntil(
    async () => {
      for (let k = 0; k < 20; k++) await store.writer.write(columns([series, 1_000_000 + written++, 1]))
      return isHeld(store)
    },
    { timeout: 100_000, interval: 0 },
  )
  await vi.waitUntil(async () => !(await isHeld(store)), { timeout: 100_000 })
  expect(await countSamples(store)).toBe(written)
})

test('a store that is stopped or killed in a burst does not leave them held', async () => {
  const first = await bench.open('killed')
  await first.client.command({ query: 'ALTER TABLE samples MODIFY SETTING min_parts_to_merge_at_once = 100' })
  expect(await isHeld(first)).toBe(true)
  expect(await isHeld(await bench.open('killed'))).toBe(false)

  const stopped = await bench.open('stopped', { tuning: { eagerRows: 1, minMs: 0 } })
  const series = seriesOf(stopped, 'm', 'h')
  await vi.waitUntil(
    async () => {
      for (let k = 0; k < 20; k++) await stopped.writer.write(columns([series, 1_000_000 + k, 1]))
      return isHeld(stopped)
    },
    { timeout: 100_000, interval: 0 },
  )
  await stopped.stop()
  expect(await isHeld(await bench.open('stopped'))).toBe(false)
})

test('merges that could not be let go on, for the engine was away, are let go on when it is back', async () => {
  const store = await bench.open('away')
  const away = createClient({ url: 'http://127.0.0.1:9', max_open_connections: 1 })
  let isAway = false
  let refused = 0
  const logger = { debug: () => refused++ } as unknown as BaseLogger
  const pause = createMergePause(() => (isAway ? away : store.client), 1, logger, 20)
  pause.inserted(1, 10_000)
  await vi.waitUntil(() => isHeld(store), { timeout: 100_000 })
  isAway = true
  await vi.waitUntil(() => refused > 1, { timeout: 100_000 })
  expect(await isHeld(store)).toBe(true)
  isAway = false
  await vi.waitUntil(async () => !(await isHeld(store)), { timeout: 100_000 })
  await pause.stop()
  await away.close()
})
