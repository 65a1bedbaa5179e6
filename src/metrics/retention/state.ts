import type { ClickHouseClient } from '@clickhouse/client'
import type { BaseLogger } from 'pino'
import type { Floors } from '../rollup/week.js'
import { TABLES } from '../schema/tables.js'
import { changeSettings, DEFAULT_RETENTION, type RetentionSettings } from './settings.js'

/** What all monitors of a database agree on. */
export interface StoredState {
  settings: RetentionSettings
  /** Before which time each level has been dropped, milliseconds. */
  floors: Floors
  /** See `retentionTime`; undefined in a new database. */
  time: number | undefined
}

export async function readState(client: ClickHouseClient, logger: BaseLogger): Promise<StoredState> {
  const result = await client.query({
    query: `SELECT name, value FROM ${TABLES.retention} FINAL`,
    format: 'JSONEachRow',
  })
  const rows = await result.json<{ name: string; value: string }>()
  const stored = (name: string): unknown => {
    const value = rows.find((row) => row.name === name)?.value
    return value === undefined ? undefined : JSON.parse(value)
  }
  let settings: RetentionSettings = DEFAULT_RETENTION
  try {
    settings = changeSettings(DEFAULT_RETENTION, stored('settings') ?? {})
  } catch (error) {
    // Of a newer version, or changed by hand. What it would keep is not known, so nothing is dropped by time or size.
    logger.error({ err: error }, 'retention: the stored settings cannot be read; nothing is dropped')
    settings = structuredClone(DEFAULT_RETENTION)
    for (const level of Object.values(settings.levels)) level.keepSeconds = level.maxBytes = null
    settings.minFreeShare = 0
  }
  const time = stored('time')
  return {
    settings,
    floors: (stored('floors') ?? {}) as Floors,
    time: typeof time === 'number' ? time : undefined,
  }
}

export async function writeState(
  client: ClickHouseClient,
  name: keyof StoredState,
  value: unknown,
): Promise<void> {
  await client.insert({
    table: TABLES.retention,
    columns: ['name', 'value'],
    format: 'JSONEachRow',
    values: [{ name, value: JSON.stringify(value) }],
  })
}
