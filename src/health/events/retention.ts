import type { ClickHouseClient } from '@clickhouse/client'
import type { BaseLogger } from 'pino'
import { EVENT_TABLES, ONE_SERVER, type Placement } from '../../metrics/index.js'

export interface EventRetention {
  /** How long events are kept, from when they were received; milliseconds. Default: 90 days. */
  keepMs: number
  /** How many bytes on the disk they may take. Default: 10 GiB. */
  maxBytes: number
}

export const DEFAULT_EVENT_RETENTION: EventRetention = { keepMs: 90 * 86_400_000, maxBytes: 10 * 1024 ** 3 }

interface Day {
  /** As the database names it: `20261120`. */
  id: string
  /** Milliseconds. */
  end: number
  bytes: number
}

/**
 * Days to be dropped, oldest first. The newest day with events never is. `time` is undefined while it is not known what the
 * time is: then nothing is dropped for its age.
 */
export function daysToDrop(
  days: readonly Day[],
  { keepMs, maxBytes }: EventRetention,
  time: number | undefined,
): Day[] {
  const oldestFirst = days.toSorted((a, b) => a.end - b.end)
  let bytes = days.reduce((sum, day) => sum + day.bytes, 0)
  const drop: Day[] = []
  for (const day of oldestFirst.slice(0, -1)) {
    const old = time !== undefined && day.end + keepMs <= time
    if (!old && bytes <= maxBytes) continue
    drop.push(day)
    bytes -= day.bytes
  }
  return drop
}

/**
 * Drops the days that are due. `time` is the retention's clock, which does not jump: see `src/metrics/retention/clock.ts`.
 * Returns how many were dropped.
 */
export async function dropOldEvents(
  client: ClickHouseClient,
  retention: EventRetention,
  time: number | undefined,
  logger: BaseLogger,
  placement: Placement = ONE_SERVER,
): Promise<number> {
  const answer = await client.query({
    query: `SELECT partition_id AS id, toString(sum(bytes_on_disk)) AS bytes FROM system.parts WHERE active AND database = ${placement.databaseSql} AND table = {table: String} GROUP BY id`,
    query_params: { table: EVENT_TABLES.events },
    format: 'JSONEachRow',
  })
  const rows = await answer.json<{ id: string; bytes: string }>()
  const days = rows.map(({ id, bytes }) => ({ id, bytes: Number(bytes), end: endOf(id) }))
  const due = daysToDrop(days, retention, time)
  for (const { id, bytes } of due) {
    await client.command({
      query: `ALTER TABLE ${placement.target(EVENT_TABLES.events)} DROP PARTITION ID {id: String}`,
      query_params: { id },
      clickhouse_settings: { max_partition_size_to_drop: '0' },
    })
    logger.info(
      { day: id, bytes },
      'the events of a day were dropped: they are too old, or there are too many',
    )
  }
  return due.length
}

const endOf = (id: string) =>
  Date.UTC(Number(id.slice(0, 4)), Number(id.slice(4, 6)) - 1, Number(id.slice(6, 8)) + 1)
