import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { openPostgres, type Postgres } from '../../src/engine/index.js'
import { type OpenDatabase, openDatabase } from '../../src/manager/database/index.js'

export const silent = { debug() {}, info() {}, warn() {}, error() {} }

export interface TestPostgres {
  postgres: Postgres
  /** URL of a new, empty database. */
  newDatabase(): Promise<string>
  /** URL of a new database that has the schema already. */
  newMigratedDatabase(): Promise<string>
  /** A new database with the schema; closed by `cleanUp`. */
  open(url?: string): Promise<OpenDatabase>
  query(url: string, text: string): Promise<Record<string, unknown>[]>
  cleanUp(): Promise<void>
}

interface Server {
  postgres: Postgres
  folder: string
  databases: number
  template?: Promise<string>
}

async function startServer(folder: string): Promise<Server> {
  return { postgres: await openPostgres({ dataDir: folder, logger: silent }), folder, databases: 0 }
}

const KEPT = Symbol.for('bellwether.test.postgres')

/** The server that all files of a worker share; it ends with the worker, and `global-setup.ts` removes its folder. */
function sharedServer(): Promise<Server> {
  const kept = globalThis as { [KEPT]?: Promise<Server> }
  kept[KEPT] ??= mkdtemp(join(process.env.BELLWETHER_TEST_FOLDER ?? tmpdir(), 'postgres-'))
    .then(startServer)
    .then(spared)
  return kept[KEPT]
}

/** Nothing outlives this server, nor is one of its tables worth cleaning up: no waiting for the disk, no vacuum. */
async function spared(server: Server): Promise<Server> {
  const settings = ['fsync', 'full_page_writes', 'autovacuum']
  for (const name of settings) await query(server.postgres.url, `alter system set ${name} = off`)
  await query(server.postgres.url, 'select pg_reload_conf()')
  return server
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end().catch(() => {})
  }
}

async function createDatabase(server: Server, template = 'template1'): Promise<string> {
  const name = `test_${++server.databases}`
  await query(server.postgres.url, `create database ${name} template ${template}`)
  const url = new URL(server.postgres.url)
  url.pathname = `/${name}`
  return url.href
}

/** The schema is made once; the others are copies. A deployment of its own each gets when it is opened. */
async function createTemplate(server: Server): Promise<string> {
  const url = await createDatabase(server)
  await (await openDatabase(url)).close()
  await query(url, 'delete from deployment')
  return new URL(url).pathname.slice(1)
}

/**
 * A PostgreSQL with databases of the test's own. Where the project of the tests says so (`vitest.config.ts`) all files of a
 * worker share the server: to make one costs more processor time than most files. With `own` it is this file's, to kill and
 * to change. Needs a built dist/.
 */
export async function startTestPostgres({ own = false } = {}): Promise<TestPostgres> {
  const isShared = !own && process.env.BELLWETHER_TEST_ENGINE === 'shared'
  const server = isShared
    ? await sharedServer()
    : await startServer(await mkdtemp(join(tmpdir(), 'bellwether-manager-')))
  const { postgres, folder } = server
  const opened: OpenDatabase[] = []
  const newMigratedDatabase = async () => {
    server.template ??= createTemplate(server)
    return createDatabase(server, await server.template)
  }
  return {
    postgres,
    newDatabase: () => createDatabase(server),
    newMigratedDatabase,
    query,
    async open(url) {
      const database = await openDatabase(url ?? (await newMigratedDatabase()))
      opened.push(database)
      return database
    },
    async cleanUp() {
      // One whose client a failed test has not given back would never be closed.
      const late = delay(20_000, undefined, { ref: false })
      await Promise.race([Promise.all(opened.map((each) => each.close())), late])
      if (isShared) return
      await postgres.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
