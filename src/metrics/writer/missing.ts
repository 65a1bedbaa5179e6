import type { ClickHouseClient } from '@clickhouse/client'
import { readBlocks } from '../native/client.js'
import { integer } from '../rollup/fold-sql.js'
import { TABLES, TOUCHED_METRIC } from '../schema/tables.js'
import { type Chunk, createChunk } from './chunk.js'
import type { Commit } from './commit.js'
import { DAY_MS } from './days.js'

/**
 * The days of a commit, since the epoch, of which ClickHouse has nothing though it has acknowledged the commit. It notes the
 * token of a part before it stores the part: when it is killed in between, it takes every further attempt for a repetition.
 * What an insert has touched is recorded in the same part (see `TOUCHED_METRIC`), so what has no record is not there.
 */
export async function missingDays(
  client: ClickHouseClient,
  { touched, number }: Pick<Commit, 'touched' | 'number'>,
  signal: AbortSignal,
): Promise<Set<number>> {
  const missing = new Set<number>()
  for (const bucket of touched) missing.add(Math.floor(bucket / DAY_MS))
  await readBlocks(
    client,
    `SELECT DISTINCT toUInt32(toUnixTimestamp64Milli(ts) / ${DAY_MS}) FROM ${TABLES.samples} ` +
      `WHERE metric = ${TOUCHED_METRIC} AND entity = ${integer(number)}`,
    ({ rows, columns }) => {
      for (let i = 0; i < rows; i++) missing.delete(columns[0]!.values[i] as number)
    },
    { signal },
  )
  return missing
}

/** The rows of these days, in chunks of their own. */
export function rowsOfDays(chunks: readonly Chunk[], days: ReadonlySet<number>): Chunk[] {
  return chunks.map(({ rows, metric, entity, time, value }) => {
    const kept = createChunk()
    for (let i = 0; i < rows; i++) {
      const t = time[2 * i]! + time[2 * i + 1]! * 0x1_0000_0000
      if (!days.has(Math.floor(t / DAY_MS))) continue
      const row = kept.rows++
      kept.metric[row] = metric[i]!
      kept.entity[row] = entity[i]!
      kept.time[2 * row] = time[2 * i]!
      kept.time[2 * row + 1] = time[2 * i + 1]!
      kept.value[row] = value[i]!
    }
    return kept
  })
}
