import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import {
  eventually,
  type Program,
  startUp,
  stopProgram,
  temporaryFolder,
  type Up,
} from '../integration/program.js'
import { askEngine, childOf, LINES, type Load, sendLoad } from '../integration/sent-load.js'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(): Promise<Up> {
  const { path, remove } = temporaryFolder()
  cleanups.push(remove)
  const up = await startUp(path)
  cleanups.push(() => stopProgram(up as Program))
  return up
}

const ENGINE = 'clickhouse-child'
const MONITOR = 'main.js\0monitor'
const HOUR_MS = 3_600_000
const SENDERS = 4

/** Senders whose samples lie hours apart. */
const sendLoads = (up: Up): Load[] =>
  Array.from({ length: SENDERS }, (_, k) => sendLoad(up.monitorUrl, Date.now() - 24 * HOUR_MS * (k + 1)))

const acknowledged = (loads: Load[]) => loads.reduce((sum, load) => sum + load.acknowledged.size, 0)

/** Waits until every sender has had answers since now. */
async function expectProgress(loads: Load[], timeoutMs = 90_000): Promise<void> {
  const before = loads.map((load) => load.acknowledged.size)
  await eventually(
    'acknowledged samples of every sender',
    () => loads.every((load, k) => load.acknowledged.size > before[k]! + LINES),
    { timeoutMs },
  )
}

async function expectAllOnce(up: Up, loads: Load[]): Promise<void> {
  for (const load of loads) await load.stop()
  const rows = await eventually(
    'the samples',
    () =>
      askEngine<[string, number][]>(
        up,
        `SELECT v, count() FROM bellwether.samples WHERE metric =
          (SELECT any(id) FROM bellwether.metrics WHERE name = 'load') GROUP BY v`,
      ),
    { timeoutMs: 60_000 },
  )
  const stored = new Map(rows.map(([value, count]) => [Number(value), Number(count)]))
  let missing = 0
  for (const load of loads) for (const value of load.acknowledged) if (!stored.has(value)) missing++
  const twice = [...stored.values()].filter((count) => count > 1).length
  expect({ missing, twice }).toEqual({ missing: 0, twice: 0 })
  expect(stored.size).toBeGreaterThanOrEqual(acknowledged(loads))
}

function signal(up: Up, victim: string, name: NodeJS.Signals): boolean {
  try {
    return process.kill(childOf(up, victim), name)
  } catch {
    return false // it is dead or not there yet
  }
}

it('twenty kills of monitor and engine at random moments lose nothing acknowledged and double nothing', async () => {
  const up = await start()
  const loads = sendLoads(up)
  for (let round = 0; round < 20; round++) {
    // At first under load, then also while it starts again.
    if (round % 4 < 2) await expectProgress(loads)
    await sleep(Math.random() * 2_000)
    const victims = [[ENGINE], [MONITOR], [ENGINE, MONITOR], [MONITOR, ENGINE]][
      Math.floor(Math.random() * 4)
    ]!
    for (const victim of victims) signal(up, victim, 'SIGKILL')
  }
  await expectProgress(loads)
  await expectAllOnce(up, loads)
}, 900_000)

it('an engine that stands still for 60 s', async () => {
  const up = await start()
  const loads = sendLoads(up)
  await expectProgress(loads)
  expect(signal(up, ENGINE, 'SIGSTOP')).toBe(true)
  await sleep(60_000)
  // Unless the monitor has replaced it meanwhile.
  signal(up, ENGINE, 'SIGCONT')
  await expectProgress(loads)
  await expectAllOnce(up, loads)
}, 300_000)

it('an engine that is away for 60 s: killed whenever it comes back', async () => {
  const up = await start()
  const loads = sendLoads(up)
  await expectProgress(loads)
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(200)) signal(up, ENGINE, 'SIGKILL')
  await expectProgress(loads, 180_000)
  await expectAllOnce(up, loads)
}, 400_000)
