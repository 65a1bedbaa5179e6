import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { openPostgres, type Postgres } from '../../src/engine/index.js'
import { type OpenDatabase, openDatabase } from '../../src/manager/database/index.js'

export const silent = { debug() {}, info() {}, warn() {}, error() {} }

export interface TestPostgres {
  postgres: Postgres
  /** URL of a new, empty database. */
  newDatabase(): Promise<string>
  /** A new database with the schema; closed by `cleanUp`. */
  open(url?: string): Promise<OpenDatabase>
  query(url: string, text: string): Promise<Record<string, unknown>[]>
  cleanUp(): Promise<void>
}

/** A PostgreSQL of its own for a test file, in a temporary folder. Needs a built dist/. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bellwether-manager-'))
  const postgres = await openPostgres({ dataDir, logger: silent })
  const opened: OpenDatabase[] = []
  let count = 0
  const query = async (url: string, text: string) => {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => {})
    await client.connect()
    try {
      return (await client.query(text)).rows
    } finally {
      await client.end().catch(() => {})
    }
  }
  const newDatabase = async () => {
    const name = `test_${++count}`
    await query(postgres.url, `create database ${name}`)
    const url = new URL(postgres.url)
    url.pathname = `/${name}`
    return url.href
  }
  return {
    postgres,
    newDatabase,
    query,
    async open(url) {
      const database = await openDatabase(url ?? (await newDatabase()))
      opened.push(database)
      return database
    },
    async cleanUp() {
      await Promise.all(opened.map((each) => each.close()))
      await postgres.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
