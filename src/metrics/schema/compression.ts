import { type ClickHouseClient, ClickHouseError } from '@clickhouse/client'
import { TABLES } from './tables.js'

/**
 * Set in the server's `<macros>` where its `<compression>` has cases that suit samples: light for what is inserted, stronger for
 * what is merged. The embedded engine has both; another ClickHouse may be given them (docs/metrics-store.md).
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
const ACCESS_DENIED = '497'

/**
 * Leaves the compression of samples to the server where that has cases for it, else it is ZSTD(1) for all of them. Changes the
 * table's description only, and that only where it is otherwise: parts get the new form when they are merged. Returns whether the server
 * has such cases.
 */
export async function setCompression(client: ClickHouseClient): Promise<boolean> {
  const isSetUp = await hasCases(client)
  const compression = isSetUp ? 'Default' : 'ZSTD(1)'
  const result = await client.query({
    query: `SELECT name, compression_codec AS codec FROM system.columns WHERE database = currentDatabase() AND table = '${TABLES.samples}'`,
    format: 'JSONEachRow',
  })
  const changes: string[] = []
  for (const { name, codec } of await result.json<{ name: string; codec: string }>()) {
    const wanted = `CODEC(${PREPARED[name] ?? ''}${compression})`
    if (codec !== wanted) changes.push(`MODIFY COLUMN ${name} ${wanted}`)
  }
  if (changes.length > 0)
    await client.command({ query: `ALTER TABLE ${TABLES.samples} ${changes.join(', ')}` })
  return isSetUp
}

/** Who may not look at macros is not on a server that was set up for this. */
async function hasCases(client: ClickHouseClient): Promise<boolean> {
  try {
    const result = await client.query({
      query: `SELECT count() AS n FROM system.macros WHERE macro = '${COMPRESSION_MACRO}'`,
      format: 'JSONEachRow',
    })
    const [row] = await result.json<{ n: string }>()
    return Number(row?.n) > 0
  } catch (error) {
    if (error instanceof ClickHouseError && error.code === ACCESS_DENIED) return false
    throw error
  }
}
