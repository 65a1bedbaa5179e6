import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createClient } from '../load/client.js'
import type { Protocol } from '../tsbs/data-set.js'
import { freePort, startProgram, untilReady } from './program.js'
import { REMOTE_WRITE } from './remote-write.js'
import type { System } from './system.js'
import { withDescendants } from './usage.js'

/** Half a minute; a table that gets a row now and then is whole at once. */
const MOST_PASSES = 60
const PACKAGE = fileURLToPath(new URL('../', import.meta.url))
const MAIN = join(PACKAGE, 'dist', 'cli', 'main.js')
const missing = existsSync(MAIN) ? {} : { missing: `npm run build:server: there is no ${MAIN}` }

const TARGETS: Partial<Record<Protocol, { path: string; headers: Record<string, string> }>> = {
  'line-protocol': { path: '/write', headers: { 'content-type': 'text/plain' } },
  'remote-write': REMOTE_WRITE,
  native: { path: '/ingest/native', headers: { 'content-type': 'application/x-bellwether-batch' } },
}

/** Our monitor with its embedded engine, as built, with its defaults. `profile`: a folder for CPU profiles of it. */
export function bellwether(profile?: string): System {
  return {
    name: 'Bellwether',
    ...missing,
    version: ownVersion(),
    protocols: ['line-protocol', 'remote-write', 'native'],
    start: async (folder) => {
      const { origin, engine, running } = await start(folder, profile)
      return {
        ...running,
        target: (protocol) => ({ origin, ...TARGETS[protocol]! }),
        settle: engine.optimize,
        bytesOnDisk: engine.bytes,
        rollupBytes: engine.rollupBytes,
      }
    },
  }
}

export const ENGINE_ALONE = 'engine alone'

/**
 * The engine of our monitor alone, which gets ready blocks into a table like that of the samples: what the monitor's way
 * in can reach at the most.
 */
export function engineAlone(): System {
  return {
    name: ENGINE_ALONE,
    ...missing,
    version: 'the same',
    protocols: ['blocks'],
    start: async (folder) => {
      const { engine, running } = await start(folder, undefined)
      await engine.ask('CREATE TABLE bellwether.ready AS bellwether.samples')
      const query = 'INSERT INTO bellwether.ready SETTINGS async_insert = 0 FORMAT Native'
      return {
        ...running,
        target: () => ({
          origin: engine.origin,
          path: `/?query=${encodeURIComponent(query)}`,
          headers: engine.headers,
        }),
        settle: engine.optimize,
        bytesOnDisk: engine.bytes,
      }
    },
  }
}

async function start(folder: string, profile: string | undefined) {
  await mkdir(folder, { recursive: true })
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const program = startProgram(
    process.execPath,
    [
      ...(profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []),
      MAIN,
      'monitor',
      '--data',
      folder,
      '--monitor-port',
      String(port),
      '--log-level',
      'warn',
    ],
    `${folder}.log`,
  )
  const client = createClient(origin)
  await untilReady(program, async () => (await client.send('GET', '/metrics')).status === 200)
  const engine = await openEngine(folder, program.pid)
  return {
    origin,
    engine,
    running: {
      pid: program.pid,
      origin,
      async stop() {
        client.close()
        engine.close()
        await program.stop()
      },
    },
  }
}

/** A way into the embedded engine: its port is an argument of its process, its password in a file of its folder. */
async function openEngine(folder: string, monitor: number) {
  const config = await findFile(folder, 'config.xml')
  const port = enginePort(monitor)
  const password = (await readFile(join(dirname(config), 'password'), 'utf8')).trim()
  const origin = `http://127.0.0.1:${port}`
  const headers = { 'x-clickhouse-user': 'bellwether', 'x-clickhouse-key': password }
  const client = createClient(origin, 600_000)
  const ask = async (sql: string) => {
    const answer = await client.send('POST', '/', headers, Buffer.from(sql))
    if (answer.status !== 200) throw new Error(`the engine refused ${sql}: ${answer.body}`)
    return answer.body.toString().trim()
  }
  const OURS = `database = 'bellwether'`
  /** OPTIMIZE leaves out, without a word, parts that are being merged already. */
  const mergeWhole = async (table: string) => {
    for (let times = 0; times < MOST_PASSES; times++) {
      await ask(`OPTIMIZE TABLE ${table} FINAL`)
      const parts = await ask(
        `SELECT count() - uniqExact(partition_id) FROM system.parts WHERE active AND database || '.' || table = '${table}'`,
      )
      if (parts === '0') return
      await sleep(500)
    }
    throw new Error(`${table} is not merged after ${MOST_PASSES} passes`)
  }
  return {
    origin,
    headers,
    ask,
    async optimize() {
      const tables = await ask(
        `SELECT database || '.' || name FROM system.tables WHERE ${OURS} AND engine LIKE '%MergeTree%'`,
      )
      for (const table of tables.split('\n').filter(Boolean)) await mergeWhole(table)
    },
    /** All of our tables: samples, catalogue, rollups. Parts that were merged away stay on disk for minutes and are not counted. */
    bytes: async () =>
      Number(await ask(`SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND ${OURS}`)),
    rollupBytes: async () =>
      Number(
        await ask(
          `SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND ${OURS} AND table LIKE 'rollup%'`,
        ),
      ),
    close: () => client.close(),
  }
}

function enginePort(monitor: number): string {
  for (const pid of withDescendants(monitor)) {
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    const config = args.findIndex((arg) => arg.endsWith('config.xml'))
    if (config >= 0) return args[config + 1]!
  }
  throw new Error(`the monitor, process ${monitor}, has no embedded engine`)
}

/** Not deeper: what lies below comes and goes while it is looked at. */
async function findFile(folder: string, name: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true })
  const folders = [folder, ...entries.filter((e) => e.isDirectory()).map((e) => join(folder, e.name))]
  const found = folders.map((path) => join(path, name)).find((path) => existsSync(path))
  if (!found) throw new Error(`${folder} has no ${name} of an embedded engine`)
  return found
}

function ownVersion(): string {
  try {
    const commit = execFileSync('git', ['-C', PACKAGE, 'describe', '--always', '--dirty'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return `commit ${commit.trim()}`
  } catch {
    return 'without version control'
  }
}
