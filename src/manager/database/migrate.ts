import { type Kysely, type Migration, Migrator } from 'kysely'
import { DatabaseError } from './errors.js'
import * as model from './migrations/0001-model.js'
import * as runtime from './migrations/0002-runtime.js'
import * as health from './migrations/0003-health.js'
import * as clusterConfig from './migrations/0004-cluster-config.js'
import type { Database } from './schema.js'

/** In this order; what has been released is never changed. */
const migrations: Record<string, Migration> = {
  '0001-model': model,
  '0002-runtime': runtime,
  '0003-health': health,
  '0004-cluster-config': clusterConfig,
}

/**
 * Brings the schema up to date. Any number of managers may do so at once: kysely's migrator holds an advisory lock, and does
 * it all in one transaction. Throws `SCHEMA_TOO_NEW` when a newer program has been here.
 */
export async function migrate(db: Kysely<Database>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
  const done = await migrator.getMigrations()
  const last = done.findLast(({ executedAt }) => executedAt !== undefined)?.name
  const unknown = await newer(db)
  if (unknown !== undefined)
    throw new DatabaseError('SCHEMA_TOO_NEW', { found: unknown, known: last ?? 'none' })
  const { error, results } = await migrator.migrateToLatest()
  if (error === undefined) return
  const failed = results?.find(({ status }) => status === 'Error')?.migrationName
  throw new DatabaseError('MIGRATION', { found: failed ?? 'the first' }, error)
}

/** The newest migration in the database that this program does not have. */
async function newer(db: Kysely<Database>): Promise<string | undefined> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === 'kysely_migration')) return undefined
  const rows = await (db.withoutPlugins() as unknown as Kysely<{ kysely_migration: { name: string } }>)
    .selectFrom('kysely_migration')
    .select('name')
    .orderBy('name', 'desc')
    .execute()
  return rows.find(({ name }) => !Object.hasOwn(migrations, name))?.name
}
