import type { ClickHouseClient } from '@clickhouse/client'
import { EVENT_TABLES } from '../../metrics/index.js'
import type { AlertEvent } from '../../wire/alert.js'
import type { ApiEvent, ApiEventQueryResult, EventCategory, EventSeverity } from '../../wire/event.js'
import { EventStoreError } from './errors.js'
import type { FindEntities } from './facts.js'
import { type Constraint, isOnlyNegative } from './filter.js'
import { filterSql } from './filter-sql.js'

/** What is inserted; times in milliseconds. */
export interface EventRow {
  id: string
  occurred: number
  received: number
  category: string
  severity: string
  alert: boolean
  content: string
  attribute_names: string[]
  attribute_values: string[][]
  facts: string[]
}

/** An alert on its way to the publisher. */
export interface OutboxRow {
  id: string
  /** Alerts go out in this order. */
  seq: number
  created: number
  event: AlertEvent
}

/** The statements on events. Every rejection is an `EventStoreError`, or the signal's reason. */
export interface EventStore {
  /** Those of the ids that are stored. */
  known(events: readonly { id: string; occurred: number }[]): Promise<Set<string>>
  insert(rows: readonly EventRow[]): Promise<void>
  /** Newest first, by when they occurred. */
  search(constraints: readonly Constraint[], page: Page): Promise<ApiEventQueryResult>
  get(id: string): Promise<ApiEvent | undefined>
  /** When the newest event was received, milliseconds; 0: there is none. */
  newest(): Promise<number>
  insertAlerts(rows: readonly OutboxRow[]): Promise<void>
  /** Alerts that the publisher does not have, oldest first. */
  pendingAlerts(most: number): Promise<OutboxRow[]>
  countPendingAlerts(): Promise<{ count: number; oldest: number }>
  alertsDone(rows: readonly Pick<OutboxRow, 'id' | 'seq' | 'created'>[]): Promise<void>
  /** Gives up the alerts that are older than `before` (milliseconds), and the oldest ones beyond `most`; says how many. */
  giveUpAlerts(before: number, most: number): Promise<number>
}

export interface Page {
  most: number
  offset: number
  signal?: AbortSignal | undefined
}

/** Of one search; the numbers are the most that 10 million events have been seen to need, and some more. */
const READ_SETTINGS = { readonly: '2', max_execution_time: 30, max_memory_usage: '1500000000' } as const

const { events: EVENTS, alertOutbox: OUTBOX } = EVENT_TABLES
const COLUMNS =
  'id, content, toUnixTimestamp64Milli(occurred) AS t1, toUnixTimestamp64Milli(received) AS t2, category, severity, alert, attribute_names, attribute_values'

/** The events of these times and ids: a range of the key, as long as the times are plain constants. */
const BY_KEYS = "occurred IN {times: Array(DateTime64(3, 'UTC'))} AND id IN {ids: Array(String)}"

/** As ClickHouse reads them in a parameter. */
const timesOf = (times: readonly number[]): string[] =>
  [...new Set(times)].map((ms) => new Date(ms).toISOString().replace('T', ' ').slice(0, 23))

/** Parameters are fields of a form, and ClickHouse takes 128 KiB of each, as they are sent: escaped and encoded. */
const PART_EVENTS = 1_000
const PART_CHARACTERS = 100_000

const sentLength = (id: string): number =>
  new URLSearchParams([['', id.replace(/[\\']/g, '\\$&')]]).toString().length + 10

function* inParts<T extends { id: string }>(list: readonly T[]): Generator<readonly T[]> {
  let part: T[] = []
  let characters = 0
  for (const one of list) {
    if (part.length >= PART_EVENTS || characters > PART_CHARACTERS) {
      yield part
      part = []
      characters = 0
    }
    part.push(one)
    characters += sentLength(one.id)
  }
  if (part.length > 0) yield part
}

interface Read {
  id: string
  content: string
  t1: string
  t2: string
  category: EventCategory
  severity: EventSeverity
  alert: boolean
  attribute_names: string[]
  attribute_values: string[][]
}

/** `client` is asked for each statement: the engine may have moved. */
export function createEventStore(client: () => ClickHouseClient, find: FindEntities): EventStore {
  async function guarded<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await task()
    } catch (cause) {
      signal?.throwIfAborted()
      const reason = cause instanceof Error ? cause.message.split('\n')[0]!.slice(0, 300) : String(cause)
      throw new EventStoreError(reason, { cause })
    }
  }

  const select = <T>(query: string, params: Record<string, unknown>, signal?: AbortSignal) =>
    guarded(async () => {
      const answer = await client().query({
        query,
        query_params: params,
        format: 'JSONEachRow',
        clickhouse_settings: READ_SETTINGS,
        ...(signal && { abort_signal: signal }),
      })
      return answer.json<T>()
    }, signal)

  const insert = (table: string, values: readonly object[]) =>
    guarded(async () => {
      if (values.length > 0) await client().insert({ table, values: [...values], format: 'JSONEachRow' })
    })

  /** Columns that are wide are read of the events of the page only. */
  async function page(where: string, params: Record<string, unknown>, { most, offset, signal }: Page) {
    const keys = await select<{ id: string; t1: string }>(
      `SELECT id, toUnixTimestamp64Milli(occurred) AS t1 FROM ${EVENTS} WHERE ${where} ORDER BY occurred DESC, id DESC LIMIT {most: UInt32} OFFSET {offset: UInt32}`,
      { ...params, most, offset },
      signal,
    )
    if (keys.length === 0) return []
    const ids = keys.map(({ id }) => id)
    const rows: Read[] = []
    // Without ORDER BY, which makes it read by far more than these.
    for (const some of inParts(keys))
      rows.push(
        ...(await select<Read>(
          `SELECT ${COLUMNS} FROM ${EVENTS} WHERE ${BY_KEYS}`,
          { times: timesOf(some.map(({ t1 }) => Number(t1))), ids: some.map(({ id }) => id) },
          signal,
        )),
      )
    const byId = new Map(rows.map((row) => [row.id, row]))
    return [...new Set(ids)].flatMap((id) => byId.get(id) ?? [])
  }

  return {
    async known(events) {
      const known = new Set<string>()
      for (const some of inParts(events)) {
        const rows = await select<{ id: string }>(`SELECT id FROM ${EVENTS} WHERE ${BY_KEYS}`, {
          times: timesOf(some.map(({ occurred }) => occurred)),
          ids: some.map(({ id }) => id),
        })
        for (const { id } of rows) known.add(id)
      }
      return known
    },

    insert: (rows) =>
      insert(
        EVENTS,
        rows.map((row) => ({ ...row, occurred: seconds(row.occurred), received: seconds(row.received) })),
      ),

    async search(constraints, asked) {
      if (isOnlyNegative(constraints)) return { totalResults: 0, items: [] }
      const { where, params } = filterSql(constraints, find)
      const [count, rows] = await Promise.all([
        select<{ n: string }>(`SELECT count() AS n FROM ${EVENTS} WHERE ${where}`, params, asked.signal),
        asked.most === 0 ? [] : page(where, params, asked),
      ])
      return { totalResults: Number(count[0]?.n ?? 0), items: rows.map(eventOf) }
    },

    async get(id) {
      const [row] = await select<Read>(
        `SELECT ${COLUMNS} FROM ${EVENTS} WHERE id = {id: String} ORDER BY occurred DESC LIMIT 1`,
        { id },
      )
      return row && eventOf(row)
    },

    async newest() {
      const [row] = await select<{ t: string }>(
        `SELECT toUnixTimestamp64Milli(max(received)) AS t FROM ${EVENTS}`,
        {},
      )
      return Math.max(0, Number(row?.t ?? 0))
    },

    insertAlerts: (rows) =>
      insert(
        OUTBOX,
        rows.map(({ id, seq, created, event }) => ({
          id,
          seq: String(seq),
          created: seconds(created),
          event: JSON.stringify(event),
          done: 0,
        })),
      ),

    async pendingAlerts(most) {
      const rows = await select<{ id: string; seq: string; t: string; event: string }>(
        `SELECT id, seq, toUnixTimestamp64Milli(created) AS t, event FROM ${OUTBOX} FINAL WHERE done = 0 ORDER BY seq LIMIT {most: UInt32}`,
        { most },
      )
      return rows.map(({ id, seq, t, event }) => ({
        id,
        seq: Number(seq),
        created: Number(t),
        event: JSON.parse(event) as AlertEvent,
      }))
    },

    async countPendingAlerts() {
      const [row] = await select<{ n: string; t: string }>(
        `SELECT count() AS n, toUnixTimestamp64Milli(min(created)) AS t FROM ${OUTBOX} FINAL WHERE done = 0`,
        {},
      )
      return { count: Number(row?.n ?? 0), oldest: Number(row?.t ?? 0) }
    },

    alertsDone: (rows) =>
      insert(
        OUTBOX,
        rows.map(({ id, seq, created }) => ({
          id,
          seq: String(seq),
          created: seconds(created),
          event: '',
          done: 1,
        })),
      ),

    async giveUpAlerts(before, most) {
      const [row] = await select<{ n: string; old: string }>(
        `SELECT count() AS n, countIf(created < fromUnixTimestamp64Milli({before: Int64}, 'UTC')) AS old FROM ${OUTBOX} FINAL WHERE done = 0`,
        { before },
      )
      const given = Math.max(Number(row?.old ?? 0), Number(row?.n ?? 0) - most)
      if (given <= 0) return 0
      await guarded(() =>
        client().command({
          query: `INSERT INTO ${OUTBOX} SELECT id, seq, created, '', 1 FROM ${OUTBOX} FINAL WHERE done = 0 ORDER BY seq LIMIT {given: UInt64}`,
          query_params: { given },
          clickhouse_settings: { max_partitions_per_insert_block: '0' },
        }),
      )
      return given
    },
  }
}

/** As ClickHouse reads a DateTime64(3) from JSON, whatever the server's zone is. */
const seconds = (ms: number) => (Math.round(ms) / 1000).toFixed(3)

function eventOf(row: Read): ApiEvent {
  const { id, content, t1, t2, category, severity, alert } = row
  return {
    id,
    content,
    timeOccurred: new Date(Number(t1)).toISOString(),
    timeReceived: new Date(Number(t2)).toISOString(),
    category,
    severity,
    alert,
    attributes: row.attribute_names.map((name, i) => ({ name, values: row.attribute_values[i] ?? [] })),
  }
}
