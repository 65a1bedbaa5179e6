import type { ClickHouseClient } from '@clickhouse/client'
import { readBlocks } from '../native/client.js'
import { TABLES } from '../schema/tables.js'
import { Columns } from './columns.js'
import { CHUNK_MS } from './limits.js'

export interface LoadRequest {
  /** Durable id. */
  readonly metric: number
  /** Chunk numbers, ascending, without gaps. */
  readonly first: number
  readonly last: number
  readonly mostRows: number
  /** Samples of a chunk, as far as that can be guessed. */
  readonly expectedRows: number
  readonly now: number
  readonly slotOf: (entity: number) => number
  readonly signal: AbortSignal
}

/** There is more than may be held; nothing of it is. */
export class TooManyRows extends Error {
  override name = 'TooManyRows'
}

/** Reads the chunks of one metric, for all entities, in one statement; one `Columns` a chunk. */
export async function loadChunks(client: ClickHouseClient, request: LoadRequest): Promise<Columns[]> {
  const { metric, first, last, mostRows, expectedRows, now, slotOf, signal } = request
  const chunks = Array.from({ length: last - first + 1 }, (_, i) => {
    const from = (first + i) * CHUNK_MS
    const until = from + CHUNK_MS
    return new Columns(from, until > now ? until : 0, expectedRows)
  })
  const time = (chunk: number) => `fromUnixTimestamp64Milli(${chunk * CHUNK_MS}, 'UTC')`
  // FINAL: of samples that are stored twice the one that came last. In the order of the key, so nothing is sorted.
  const sql =
    `SELECT entity, ts, v FROM ${TABLES.samples} FINAL WHERE metric = ${metric} ` +
    `AND ts >= ${time(first)} AND ts < ${time(last + 1)} ORDER BY entity, ts LIMIT ${mostRows + 1}`
  let total = 0
  await readBlocks(
    client,
    sql,
    ({ rows, columns }) => {
      total += rows
      if (total > mostRows) throw new TooManyRows(`more than ${mostRows} samples`)
      const entities = columns[0]?.values as Float64Array
      const times = columns[1]?.values as Float64Array
      const values = columns[2]?.values as Float64Array
      for (let from = 0; from < rows; ) {
        const entity = entities[from] as number
        const chunk = Math.floor((times[from] as number) / CHUNK_MS)
        const end = (chunk + 1) * CHUNK_MS
        let to = from + 1
        while (to < rows && entities[to] === entity && (times[to] as number) < end) to++
        ;(chunks[chunk - first] as Columns).load(slotOf(entity), times, values, from, to)
        from = to
      }
    },
    {
      signal,
      settings: { max_execution_time: 30, max_threads: 1, do_not_merge_across_partitions_select_final: 1 },
    },
  )
  for (const chunk of chunks) chunk.trim()
  return chunks
}
