import { Readable } from 'node:stream'
import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client'
import { type Block, createBlockDecoder } from './decode.js'
import { encodeBlock, type OutColumn } from './encode.js'

export interface ReadOptions {
  settings?: ClickHouseSettings
  parameters?: Record<string, unknown>
  signal?: AbortSignal
  queryId?: string
}

/**
 * Runs a SELECT (without FORMAT) and hands every block to `onBlock` as it arrives.
 *
 *     await readBlocks(client, 'SELECT entity, ts, v FROM samples WHERE metric = 17', (block) => …)
 *
 * Rejects with the client's `ClickHouseError` or a connection's error; also when the server fails half-way.
 */
export async function readBlocks(
  client: ClickHouseClient,
  query: string,
  onBlock: (block: Block) => void,
  { settings, parameters, signal, queryId }: ReadOptions = {},
): Promise<void> {
  const decoder = createBlockDecoder(onBlock)
  const { stream } = await client.exec({
    query: `${query}\nFORMAT Native`,
    ...(settings && { clickhouse_settings: settings }),
    ...(parameters && { query_params: parameters }),
    ...(signal && { abort_signal: signal }),
    ...(queryId && { query_id: queryId }),
  })
  for await (const chunk of stream) decoder.push(chunk as Buffer)
  decoder.end()
}

/** Inserts one block, as it is: one part for each partition that it touches. Resolves when ClickHouse has stored it. */
export async function insertBlock(
  client: ClickHouseClient,
  table: string,
  columns: readonly OutColumn[],
  rows: number,
  { settings, signal, queryId }: ReadOptions = {},
): Promise<void> {
  const names = columns.map((column) => column.name).join(', ')
  const { stream } = await client.exec({
    query: `INSERT INTO ${table} (${names}) FORMAT Native`,
    values: Readable.from(encodeBlock(columns, rows), { objectMode: false }),
    clickhouse_settings: { async_insert: 0, ...settings },
    ...(signal && { abort_signal: signal }),
    ...(queryId && { query_id: queryId }),
  })
  for await (const _ of stream) {
    // An insert answers with nothing; the answer must be read to its end for the connection to be used again.
  }
}
