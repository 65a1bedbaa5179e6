import type { ClickHouseClient } from '@clickhouse/client'
import { TABLES } from './tables.js'

/**
 * Set in the server's `<macros>` where its `<compression>` has cases that suit samples: light for what is inserted, stronger for
 * what is merged. The embedded engine has both; another ClickHouse may be given them (docs/operations.md).
 */
export const COMPRESSION_MACRO = 'bellwether_compression'

/** What prepares each column for the compression. */
const PREPARED: Readonly<Record<string, string>> = {
  metric: 'Delta(8), ',
  entity: 'Delta(8), ',
  // DoubleDelta costs a tenth of an insert more, and saves nothing where samples come in time.
  ts: 'Delta(8), ',
  v: '',
}

/**
 * Leaves the compression of samples to the server where that has cases for it, else it is ZSTD(1) for all of them. Changes the
 * table's description only, and that only where it is otherwise: parts get the new form when they are merged.
 */
export async function setCompression(client: ClickHouseClient): Promise<void> {
  const result = await client.query({
    query:
      `SELECT name, compression_codec AS codec, (SELECT count() FROM system.macros WHERE macro = '${COMPRESSION_MACRO}') AS cases ` +
      `FROM system.columns WHERE database = currentDatabase() AND table = '${TABLES.samples}'`,
    format: 'JSONEachRow',
  })
  const changes: string[] = []
  for (const { name, codec, cases } of await result.json<{ name: string; codec: string; cases: string }>()) {
    const wanted = `CODEC(${PREPARED[name] ?? ''}${Number(cases) > 0 ? 'Default' : 'ZSTD(1)'})`
    if (codec !== wanted) changes.push(`MODIFY COLUMN ${name} ${wanted}`)
  }
  if (changes.length > 0)
    await client.command({ query: `ALTER TABLE ${TABLES.samples} ${changes.join(', ')}` })
}
