import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../../engine/support.js'
import { type Bench, seriesOf, startBench } from '../support.js'
import { DAY, differences, MINUTE, manual, NOON, writer } from './support.js'

let bench: Bench
beforeAll(async () => {
  bench = await startBench({})
})
afterAll(() => bench?.cleanUp())

const CHILD = new URL('./folder-child.mjs', import.meta.url).pathname
const NOW = NOON + 9 * DAY
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Samples of many buckets, so that a pass takes a while. */
function batch(series: readonly number[], round: number): [number, number, number][] {
  return series.flatMap((id) =>
    Array.from({ length: 40 }, (_, i): [number, number, number] => [
      id,
      NOON + ((i * 7 + round) % 40) * 31 * MINUTE + round * 1_000,
      Math.sin(id + i * round),
    ]),
  )
}

async function begun(child: ChildProcess): Promise<void> {
  await once(child.stdout!, 'data')
}

describe('rollups are exact', () => {
  it('after a monitor was killed in the middle of folding, again and again', async () => {
    const store = await bench.open('monitor_killed', { tuning: { commitMs: 1 } })
    const series = Array.from({ length: 100 }, (_, i) => seriesOf(store, `m${i % 10}`, `h${i}`))
    const written = writer(store)
    const connection = JSON.stringify(bench.connection('monitor_killed'))
    for (let round = 0; round < 3; round++) {
      await written.write(...batch(series, round))
      const child = spawn(process.execPath, [CHILD, connection, String(NOW)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const closed = once(child, 'close')
      await begun(child)
      await sleep(Math.random() * 400)
      child.kill('SIGKILL')
      await closed
    }
    const rollups = manual(store, { now: NOW }, { leaseMs: 0 })
    await rollups.pass()
    expect(await differences(store, written)).toEqual([])
    await rollups.stop()
  })

  it('after the engine was killed in the middle of folding, with inserts under way', async () => {
    const store = await bench.open('engine_killed', { tuning: { commitMs: 1 } })
    bench.engine.engine.onState(({ connectionChanged }) => {
      if (connectionChanged) void store.reconnect(bench.connection('engine_killed'))
    })
    const series = Array.from({ length: 100 }, (_, i) => seriesOf(store, `m${i % 10}`, `h${i}`))
    const written = writer(store)
    const rollups = manual(store, { now: NOW }, { leaseMs: 0 })
    let failed = 0
    for (let round = 0; round < 3; round++) {
      await written.write(...batch(series, round))
      const folding = rollups.pass().catch(() => failed++)
      const writing = written.write(...batch(series, round + 10))
      await sleep(20 + Math.random() * 200)
      process.kill(bench.engine.engine.pid!, 'SIGKILL')
      await until('the engine is gone', () => bench.engine.engine.state() !== 'running')
      await until('the engine is back', () => bench.engine.engine.state() === 'running')
      await Promise.all([folding, writing])
    }
    expect(failed).toBeGreaterThan(0)
    await rollups.pass()
    expect(await differences(store, written)).toEqual([])
    await rollups.stop()
  })
})

it('a pass that runs by itself folds what is closed, and ends when it is stopped', async () => {
  const store = await bench.open('by_itself', { tuning: { commitMs: 1 } })
  const series = seriesOf(store, 'm', 'h')
  const written = writer(store)
  await written.write([series, NOON, 1])
  const rollups = manual(store, { now: NOW }, { everyMs: 20 })
  await until('it is folded', async () => (await differences(store, written)).length === 0)
  await rollups.stop()
  await rollups.stop()
})

it('samples of a database from before rollups are rolled up', async () => {
  const store = await bench.open('upgraded', { tuning: { commitMs: 1 } })
  const series = seriesOf(store, 'm', 'h')
  const written = writer(store)
  await written.write([series, NOON, 1], [series, NOON + DAY, 2])
  await store.client.command({
    query: 'ALTER TABLE samples DELETE WHERE metric = 1 SETTINGS mutations_sync = 1',
  })
  await store.client.command({
    query: 'ALTER TABLE migrations DELETE WHERE version > 1 SETTINGS mutations_sync = 1',
  })
  await store.stop()
  const upgraded = await bench.open('upgraded')
  const rollups = manual(upgraded, { now: NOW })
  await rollups.pass()
  expect(await differences(upgraded, written)).toEqual([])
  await rollups.stop()
})
