import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { type Engine, type EngineLogger, type EngineOptions, openEngine } from '../../src/engine/index.js'

export const silent: EngineLogger = { debug() {}, info() {}, warn() {}, error() {} }

/** A client of an engine, quiet about failures that a test provokes. */
export function testClient(engine: Engine): ClickHouseClient {
  const { url, username, password } = engine.connection
  return createClient({ url, username, password, log: { level: ClickHouseLogLevel.OFF } })
}

export interface TestEngine {
  engine: Engine
  client: ClickHouseClient
  dataDir: string
  /** Ends the engine and removes its folder. May be called more than once. */
  cleanUp(): Promise<void>
}

/** A fresh engine in a temporary folder. Call `cleanUp` in `afterAll` or `finally`. Needs a built dist/. */
export async function startTestEngine(options: Partial<EngineOptions> = {}): Promise<TestEngine> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'bellwether-engine-')))
  const engine = await openEngine({ logger: silent, memoryLimitBytes: 1_500_000_000, ...options, dataDir })
  const client = testClient(engine)
  return {
    engine,
    client,
    dataDir,
    async cleanUp() {
      await client.close()
      await engine.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** A database of the shared engine that stays there for others to be made like it: see `startBench`. */
export const TEMPLATE = 'test_template'

const KEPT = Symbol.for('bellwether.test.engine')

/**
 * An engine that all files of a worker share where the project of the tests says so (`vitest.config.ts`); otherwise one of its own.
 * A start costs more processor time than most files. `cleanUp` leaves it empty. Not for tests that stop, kill or hold it.
 * It ends with the worker; `global-setup.ts` removes its folder.
 */
export async function sharedTestEngine(): Promise<TestEngine> {
  if (process.env.BELLWETHER_TEST_ENGINE !== 'shared') return startTestEngine()
  const kept = globalThis as { [KEPT]?: Promise<TestEngine> }
  kept[KEPT] ??= mkdtemp(join(process.env.BELLWETHER_TEST_FOLDER ?? tmpdir(), 'engine-')).then((dataDir) =>
    startTestEngine({ dataDir }),
  )
  const { engine, dataDir } = await kept[KEPT]
  const client = testClient(engine)
  return {
    engine,
    client,
    dataDir,
    async cleanUp() {
      const names = await client.query({
        query: `SELECT name FROM system.databases WHERE name NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema', '${TEMPLATE}')`,
        format: 'JSONEachRow',
      })
      for (const { name } of await names.json<{ name: string }>()) {
        await client.command({ query: 'DROP DATABASE {name:Identifier} SYNC', query_params: { name } })
        if (name === 'default') await client.command({ query: 'CREATE DATABASE default' })
      }
      await client.close()
    },
  }
}

/** True while a process of this id exists (and is no zombie). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return false
  }
}

/** Asks again every 20 ms until `condition` holds; fails after a generous time. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
