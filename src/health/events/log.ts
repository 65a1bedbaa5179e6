import type { BaseLogger } from 'pino'
import type { AlertEvent } from '../../wire/alert.js'
import type { EventRecord } from '../../wire/event.js'
import { EventsFullError } from './errors.js'
import { type FindEntity, factsOf } from './facts.js'
import type { EventRow, EventStore, OutboxRow } from './store.js'

/** An event, and what the alert publisher is to be told of it, if anything. */
export interface LoggedEvent {
  record: EventRecord
  alert?: AlertEvent | undefined
}

export interface EventLog {
  /**
   * Stores events; resolves when they are stored, with their alerts. Events of the same id are stored once. Rejects with
   * `EventsFullError` when too many wait, and `EventStoreError` when the store does not take them: then send them again.
   */
  append(events: readonly LoggedEvent[]): Promise<{ accepted: number; duplicates: number }>
  /** Events that wait for the store. */
  readonly waiting: number
  /** Ends the insert under way; what waits is rejected. May be called twice. */
  stop(): Promise<void>
}

export interface EventLogOptions {
  store: EventStore
  findEntity: FindEntity
  logger: BaseLogger
  /** Events that may wait. Default 20,000. */
  most?: number
  /** Whether there is a publisher that takes alerts; without, none are kept for it. */
  keepAlerts: boolean
  /** Told after each insert. */
  onStored?: (events: readonly LoggedEvent[], alerts: number) => void
  now?: () => number
}

const DEFAULT_MOST = 20_000
/** Of one insert. */
const BATCH = 5_000

interface Waiting {
  events: readonly LoggedEvent[]
  resolve(outcome: { accepted: number; duplicates: number }): void
  reject(error: unknown): void
}

/** Appends events in batches, one after the other: so that no id is stored twice, and times of receipt only grow. */
export function createEventLog(options: EventLogOptions): EventLog {
  const { store, findEntity, logger, keepAlerts, most = DEFAULT_MOST, onStored, now = Date.now } = options
  const queue: Waiting[] = []
  let waiting = 0
  let running: Promise<void> | undefined
  let stopped = false
  let lastReceived: number | undefined
  let lastSeq = 0

  async function run(): Promise<void> {
    while (queue.length > 0 && !stopped) {
      const batch: Waiting[] = []
      let size = 0
      while (queue.length > 0 && (batch.length === 0 || size + queue[0]!.events.length <= BATCH)) {
        const next = queue.shift()!
        batch.push(next)
        size += next.events.length
      }
      try {
        await insert(batch)
      } catch (error) {
        logger.warn({ err: error, events: size }, 'events could not be stored; their senders send them again')
        for (const each of batch) each.reject(error)
      } finally {
        waiting -= size
      }
    }
    // In the same turn as the look at the queue: whoever appends next starts another run.
    running = undefined
  }

  async function insert(batch: readonly Waiting[]): Promise<void> {
    lastReceived ??= await store.newest()
    const all = batch.flatMap(({ events }) => events)
    const known = await store.known(all.map(({ record: { id, time } }) => ({ id, occurred: time })))
    const fresh: LoggedEvent[] = []
    const accepted = batch.map(({ events }) => {
      let count = 0
      for (const event of events) {
        if (known.has(event.record.id)) continue
        known.add(event.record.id)
        fresh.push(event)
        count++
      }
      return count
    })
    lastReceived = Math.max(lastReceived, now())
    const received = lastReceived
    const alerts = outboxRows(fresh, received)
    // Alerts first: when this is cut off between the two, the events come again, and the alerts' ids are known.
    await store.insertAlerts(alerts)
    await store.insert(fresh.map(({ record }) => rowOf(record, received, findEntity)))
    batch.forEach(({ events, resolve }, i) => {
      resolve({ accepted: accepted[i]!, duplicates: events.length - accepted[i]! })
    })
    if (fresh.length > 0) onStored?.(fresh, alerts.length)
  }

  function outboxRows(events: readonly LoggedEvent[], created: number): OutboxRow[] {
    const rows: OutboxRow[] = []
    for (const { record, alert } of events) {
      if (!alert || !keepAlerts) continue
      lastSeq = Math.max(lastSeq + 1, created * 1000)
      rows.push({ id: record.id, seq: lastSeq, created, event: alert })
    }
    return rows
  }

  return {
    append(events) {
      if (events.length === 0) return Promise.resolve({ accepted: 0, duplicates: 0 })
      if (stopped) return Promise.reject(new EventsFullError('the monitor is stopping'))
      if (waiting + events.length > most)
        return Promise.reject(new EventsFullError(`${waiting} events wait for the store already`))
      waiting += events.length
      const appended = new Promise<{ accepted: number; duplicates: number }>((resolve, reject) => {
        queue.push({ events, resolve, reject })
      })
      running ??= run()
      return appended
    },
    get waiting() {
      return waiting
    },
    async stop() {
      stopped = true
      await running
      for (const { reject } of queue.splice(0)) reject(new EventsFullError('the monitor is stopping'))
    },
  }
}

function rowOf(record: EventRecord, received: number, findEntity: FindEntity): EventRow {
  const { id, time, category, severity, alert, content, attributes } = record
  return {
    id,
    occurred: time,
    received,
    category,
    severity,
    alert,
    content,
    attribute_names: Object.keys(attributes),
    attribute_values: Object.values(attributes),
    facts: factsOf(attributes, findEntity),
  }
}
