import type { ClickHouseClient } from '@clickhouse/client'
import type { Placement } from '../cluster/placement.js'
import { readBlocks } from '../native/client.js'
import type { Block } from '../native/decode.js'
import { FIRST_HOUR, HOUR_MS, ONLY_MARKS, TABLES } from '../schema/tables.js'
import { DAY_MS } from './days.js'

type Mark = (key: number, day: number) => void

const SELECT = `SELECT entity, toUInt32(toUnixTimestamp64Milli(ts) / ${DAY_MS}) AS day FROM ${TABLES.samples} WHERE`

/** How far back the newest marks are looked for, hours: usually the first is enough, after a long pause more are needed. */
const WINDOWS = [2, 48, 31 * 24, 1_000_000]

/** Reports the newest batches that are stored, oldest first: `count` of them at most. */
export async function loadMarks(
  client: ClickHouseClient,
  count: number,
  now: number,
  mark: Mark,
): Promise<void> {
  const found: [key: number, day: number][] = []
  for (const hours of WINDOWS) {
    found.length = 0
    const since = Math.max(FIRST_HOUR, Math.floor(now / HOUR_MS) - hours)
    const query = `${SELECT} metric >= ${since} AND ${ONLY_MARKS} ORDER BY metric DESC LIMIT ${count}`
    await readBlocks(client, query, (block) => each(block, (key, day) => found.push([key, day])))
    if (found.length > 0) break
  }
  for (const [key, day] of found.reverse()) mark(key, day)
}

/** Reports which of these batches were stored in the last two days. */
export async function findMarks(
  client: ClickHouseClient,
  keys: readonly number[],
  now: number,
  mark: Mark,
): Promise<void> {
  const since = Math.max(FIRST_HOUR, Math.floor(now / HOUR_MS) - WINDOWS[1]!)
  for (let at = 0; at < keys.length; at += 5_000) {
    const some = keys.slice(at, at + 5_000).join(',')
    const query = `${SELECT} metric >= ${since} AND ${ONLY_MARKS} AND entity IN (${some})`
    await readBlocks(client, query, (block) => each(block, mark))
  }
}

/**
 * Waits until the inserts that are running now, of those that `where` selects, are over: an insert whose client has gone
 * away may still be under way in the server, and would be stored after we have looked. False when the time was too short.
 */
export async function endInserts(
  client: ClickHouseClient,
  where: string,
  { timeoutMs, placement, signal }: { timeoutMs: number; placement: Placement; signal?: AbortSignal },
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  const running = async (condition: string): Promise<string[]> => {
    const result = await client.query({
      query: `SELECT query_id FROM ${placement.system('processes')} WHERE query_kind = 'Insert' AND ${condition}`,
      format: 'JSONEachRow',
      ...(signal && { abort_signal: signal }),
    })
    return (await result.json<{ query_id: string }>()).map((row) => row.query_id)
  }
  const first = new Set(await running(where))
  for (let wait = 5; first.size > 0; wait = Math.min(2 * wait, 200)) {
    if (Date.now() > deadline) return false
    await new Promise((resolve) => setTimeout(resolve, wait))
    const left = new Set(await running(where))
    for (const id of first) if (!left.has(id)) first.delete(id)
  }
  return true
}

function each({ rows, columns }: Block, mark: Mark): void {
  const [keys, days] = columns
  for (let i = 0; i < rows; i++) mark(keys!.values[i] as number, days!.values[i] as number)
}
