import type { ClickHouseClient } from '@clickhouse/client'
import type { BaseLogger } from 'pino'
import { MIGRATIONS, type Migration } from './migrations.js'
import { TABLES } from './tables.js'

/** The database was written by a newer version of the program. */
export class SchemaVersionError extends Error {
  override name = 'SchemaVersionError'
}

/**
 * Brings the database of `client` up to the newest schema. Throws `SchemaVersionError` when it is newer than this
 * program knows: then nothing is changed.
 */
export async function migrate(
  client: ClickHouseClient,
  logger: BaseLogger,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  await client.command({
    query: `CREATE TABLE IF NOT EXISTS ${TABLES.migrations} (
      version UInt32, name String, applied DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = MergeTree ORDER BY version`,
  })
  const current = await schemaVersion(client)
  const newest = migrations.at(-1)?.version ?? 0
  if (current > newest)
    throw new SchemaVersionError(
      `the metrics database has schema ${current}, this program knows up to ${newest}: run a newer version of it`,
    )
  for (const { version, name, statements } of migrations) {
    if (version <= current) continue
    for (const query of statements) await client.command({ query })
    await client.insert({ table: TABLES.migrations, values: [{ version, name }], format: 'JSONEachRow' })
    logger.info({ version, name }, 'metrics database: schema migrated')
  }
}

export async function schemaVersion(client: ClickHouseClient): Promise<number> {
  const result = await client.query({
    query: `SELECT max(version) AS version FROM ${TABLES.migrations}`,
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ version: number }>()
  return row?.version ?? 0
}
