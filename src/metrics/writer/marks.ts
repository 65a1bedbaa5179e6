import type { ClickHouseClient } from '@clickhouse/client'
import { readBlocks } from '../native/client.js'
import type { Block } from '../native/decode.js'
import { BATCH_METRIC, TABLES } from '../schema/tables.js'

type Mark = (key: number, day: number) => void

const SELECT = `SELECT entity, toUInt32(toUnixTimestamp64Milli(ts) / 86400000) AS day FROM ${TABLES.samples} WHERE metric = ${BATCH_METRIC}`

/** Reports the newest `count` batches that are stored, oldest first. */
export async function loadMarks(client: ClickHouseClient, count: number, mark: Mark): Promise<void> {
  const found: [key: number, day: number][] = []
  await readBlocks(client, `${SELECT} ORDER BY v DESC LIMIT ${count}`, (block) =>
    each(block, (k, d) => found.push([k, d])),
  )
  for (const [key, day] of found.reverse()) mark(key, day)
}

/** Reports which of the batches are stored. */
export async function findMarks(
  client: ClickHouseClient,
  keys: readonly number[],
  mark: Mark,
): Promise<void> {
  for (let at = 0; at < keys.length; at += 5_000) {
    const some = keys.slice(at, at + 5_000).join(',')
    await readBlocks(client, `${SELECT} AND entity IN (${some})`, (block) => each(block, mark))
  }
}

/**
 * Resolves when no insert of those named runs in the server any more; an insert whose client has gone away may still be
 * under way there, and would be stored after we have looked.
 */
export async function endInserts(
  client: ClickHouseClient,
  where: string,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    const result = await client.query({
      query: `SELECT count() AS running FROM system.processes WHERE query_kind = 'Insert' AND ${where}`,
      format: 'JSONEachRow',
      ...(signal && { abort_signal: signal }),
    })
    const [row] = await result.json<{ running: string }>()
    if (Number(row?.running ?? 0) === 0) return
    if (Date.now() > deadline)
      throw new Error('inserts of unknown outcome are still running in the metrics database')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function each({ rows, columns }: Block, mark: Mark): void {
  const [keys, days] = columns
  for (let i = 0; i < rows; i++) mark(keys!.values[i] as number, days!.values[i] as number)
}
