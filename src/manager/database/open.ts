import { randomUUID } from 'node:crypto'
import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely'
import { migrate } from './migrate.js'
import { createPool, type PoolOptions } from './pool.js'
import type { Database } from './schema.js'

export type Db = Kysely<Database>

export interface OpenDatabase {
  db: Db
  /** The same for every manager of the deployment; agents refuse others. */
  deploymentId: string
  close(): Promise<void>
}

/**
 * Connects to the manager's database and brings its schema up to date.
 *
 * ```ts
 * const { db, deploymentId, close } = await openDatabase(postgres.url)
 * ```
 */
export async function openDatabase(url: string, options: PoolOptions = {}): Promise<OpenDatabase> {
  const pool = createPool(url, options)
  const db = new Kysely<Database>({
    dialect: new PostgresDialect({ pool }),
    // Keys inside of JSON are data, not names.
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
  })
  try {
    await migrate(db)
    return { db, deploymentId: await deploymentOf(db), close: () => db.destroy() }
  } catch (error) {
    await db.destroy()
    throw error
  }
}

async function deploymentOf(db: Db): Promise<string> {
  await db
    .insertInto('deployment')
    .values({ id: randomUUID(), createdAt: Date.now(), modelVersion: 1 })
    .onConflict((c) => c.doNothing())
    .execute()
  return (await db.selectFrom('deployment').select('id').executeTakeFirstOrThrow()).id
}
