import type { ClickHouseClient } from '@clickhouse/client'
import { TABLES } from './tables.js'

const SETTING = 'min_parts_to_merge_at_once'
/** Parts that come together before they are merged, which is well before inserts have to wait for merges (`parts_to_delay_insert`). */
const HELD_PARTS = 100

/**
 * Holds merges of samples back until there is much to merge at once, or lets them go on. What is being merged goes on. Changes the table's
 * description only; `releaseMerges` undoes it when a monitor was killed in between.
 */
export async function holdMerges(client: ClickHouseClient, isHeld: boolean): Promise<void> {
  await client.command({
    query: `ALTER TABLE ${TABLES.samples} ${isHeld ? `MODIFY SETTING ${SETTING} = ${HELD_PARTS}` : `RESET SETTING ${SETTING}`}`,
  })
  // They are not stopped, but this has the engine look for what to merge now; by itself it does so after up to minutes.
  if (!isHeld) await client.command({ query: `SYSTEM START MERGES ${TABLES.samples}` })
}

/** Lets merges go on that an earlier process held back. */
export async function releaseMerges(client: ClickHouseClient): Promise<void> {
  const result = await client.query({
    query: `SELECT position(engine_full, '${SETTING}') > 0 AS held FROM system.tables WHERE database = currentDatabase() AND name = '${TABLES.samples}'`,
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ held: number }>()
  if (row?.held) await holdMerges(client, false)
}
