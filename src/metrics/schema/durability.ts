import type { ClickHouseClient } from '@clickhouse/client'
import type { Placement } from '../cluster/placement.js'

/**
 * What an acknowledged sample survives: `written`, the end of any process; `synced`, also the loss of power: each insert waits
 * until its files are on the disk. What it costs: docs/decisions/0024-cluster-scraping-durability.md.
 */
export type Durability = 'written' | 'synced'

const SYNCED = 'fsync_after_insert = 1, fsync_part_directory = 1'
const NAMES = 'fsync_after_insert, fsync_part_directory'

/** Sets it on every table of the database that holds rows; does nothing where it is so already. */
export async function setDurability(
  client: ClickHouseClient,
  durability: Durability,
  placement: Placement,
): Promise<void> {
  const result = await client.query({
    query:
      `SELECT name, position(engine_full, 'fsync_after_insert = 1') > 0 AS synced FROM system.tables ` +
      `WHERE database = ${placement.databaseSql} AND endsWith(engine, 'MergeTree')`,
    format: 'JSONEachRow',
  })
  const wanted = durability === 'synced'
  for (const { name, synced } of await result.json<{ name: string; synced: number }>())
    if (Boolean(synced) !== wanted)
      await client.command({
        query: `ALTER TABLE ${placement.target(name)} ${wanted ? `MODIFY SETTING ${SYNCED}` : `RESET SETTING ${NAMES}`}`,
      })
}
