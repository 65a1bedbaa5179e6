import { setTimeout as sleep } from 'node:timers/promises'
import type { BaseLogger } from 'pino'
import { HEALTH_TABLES, type Store } from '../../metrics/index.js'
import type { HealthChange } from '../../wire/health.js'
import { HEALTH_SUMMARIES } from '../../wire/health.js'

export interface HistoryOptions {
  readonly store: Pick<Store, 'client'>
  readonly logger: BaseLogger
  /** Is told of changes before they are recorded, again and again until it succeeds, in their order. */
  readonly onChanges?: ((changes: readonly HealthChange[]) => void | Promise<void>) | undefined
}

/**
 * Records changes. First they are told, then stored: a monitor that dies in between finds them again when it starts, with
 * the same ids, and tells them again. What waits is bounded by who adds: see `room`.
 */
export interface History {
  add(changes: readonly HealthChange[]): void
  /** Resolves when there is room for more. */
  room(): Promise<void>
  /** Entities that are no more: they are not remembered. */
  forget(gone: readonly Gone[]): void
  readonly waiting: number
  /**
   * Stops taking. What waits is told and stored, for at most `mostMs`, and for `graceMs` only where that fails: what was not
   * stored then is found again after the next start, but for what was over by then. May be called twice.
   */
  stop(graceMs?: number, mostMs?: number): Promise<void>
}

export interface Gone {
  readonly category: string
  readonly identity: string
}

const MOST_WAITING = 5_000
const BATCH = 2_000
const FIRST_RETRY_MS = 250
const LONGEST_RETRY_MS = 10_000
/** In place of the health of an entity in `health_states`: it is no more. */
export const IS_GONE = 255

export function createHistory({ store, logger, onChanges }: HistoryOptions): History {
  let queue: HealthChange[] = []
  let gone: Gone[] = []
  const stopping = new AbortController()
  let working: Promise<void> | undefined
  let stopped: Promise<void> | undefined
  let isFailing = false
  const free: (() => void)[] = []

  function kick(): void {
    if (stopping.signal.aborted) return
    working ??= work().finally(() => {
      working = undefined
      if (queue.length > 0 || gone.length > 0) kick()
    })
  }

  async function work(): Promise<void> {
    while ((queue.length > 0 || gone.length > 0) && !stopping.signal.aborted) {
      const batch = queue.slice(0, BATCH)
      const away = gone
      gone = []
      if (batch.length > 0 && onChanges)
        await untilDone('health: changes could not be told', async () => onChanges(batch))
      if (stopping.signal.aborted) return
      await untilDone('health: changes could not be stored', () => record(batch, away))
      queue = queue.slice(batch.length)
      if (queue.length < MOST_WAITING) for (const go of free.splice(0)) go()
    }
  }

  async function untilDone(failure: string, task: () => Promise<unknown>): Promise<void> {
    for (let wait = FIRST_RETRY_MS; ; wait = Math.min(2 * wait, LONGEST_RETRY_MS)) {
      if (stopping.signal.aborted) return
      try {
        await task()
        isFailing = false
        return
      } catch (error) {
        isFailing = true
        if (!stopping.signal.aborted) logger.warn({ err: error, waiting: queue.length }, failure)
        await sleep(wait, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
      }
    }
  }

  async function record(batch: readonly HealthChange[], away: readonly Gone[]): Promise<void> {
    const transitions: object[] = []
    const states: object[] = []
    for (const { entity, at: time, from, to, since, startup, tests, gone } of batch) {
      const { category, identity } = entity
      const at = iso(time)
      const put = (test: string, before: string, after: string, explanation: string) =>
        transitions.push({
          category,
          identity,
          test,
          at,
          before: place(before),
          after: place(after),
          explanation,
        })
      if (from !== to || startup) put('', from, to, gone ?? reasons(tests))
      // What is well needs no words, and of what is seen for the first time it needs no record: there is much of it.
      for (const { test, from, summary, explanation } of tests)
        if (from !== undefined && (isTrouble(summary) || !startup))
          put(test, from, summary, isTrouble(summary) ? explanation : '')
      const known = tests.filter((test) => test.since > 0)
      states.push({
        category,
        identity,
        at,
        health: place(to),
        since: iso(since),
        tests: known.map(({ test }) => test),
        healths: known.map(({ summary }) => place(summary)),
        sinces: known.map((test) => iso(test.since)),
      })
    }
    const now = iso(Date.now())
    for (const { category, identity } of away)
      states.push({
        category,
        identity,
        at: now,
        health: IS_GONE,
        since: now,
        tests: [],
        healths: [],
        sinces: [],
      })
    await insert(HEALTH_TABLES.transitions, transitions)
    await insert(HEALTH_TABLES.states, states)
  }

  async function insert(table: string, values: readonly object[]): Promise<void> {
    if (values.length === 0) return
    await store.client.insert({
      table,
      values,
      format: 'JSONEachRow',
      clickhouse_settings: {
        async_insert: 0,
        date_time_input_format: 'best_effort',
        max_partitions_per_insert_block: '0',
      },
    })
  }

  return {
    add(changes) {
      if (changes.length === 0) return
      queue.push(...changes)
      kick()
    },
    room: () =>
      queue.length < MOST_WAITING || stopping.signal.aborted
        ? Promise.resolve()
        : new Promise((resolve) => free.push(resolve)),
    forget(more) {
      gone = gone.concat(more)
      if (more.length > 0) kick()
    },
    get waiting() {
      return queue.length
    },
    stop(graceMs = 2_000, mostMs = 6_000) {
      stopped ??= (async () => {
        const done = (async () => {
          while (working) await working
        })()
        const within = (ms: number) => Promise.race([done, sleep(ms, undefined, { ref: false })])
        await within(graceMs)
        if (working && !isFailing) await within(mostMs - graceMs)
        if (queue.length > 0)
          logger.warn(
            { changes: queue.length },
            'health: changes are not stored before the end; those that last are found again after the start',
          )
        stopping.abort()
        for (const go of free.splice(0)) go()
        await working
      })()
      return stopped
    },
  }
}

const iso = (time: number): string => new Date(time).toISOString()
const place = (summary: string): number => (HEALTH_SUMMARIES as readonly string[]).indexOf(summary)
const isTrouble = (summary: string): boolean => summary === 'BAD' || summary === 'CONCERNING'

const MOST_REASON = 1_000

/** Why an entity is not well: its troubles, the worst first. */
function reasons(tests: HealthChange['tests']): string {
  const worst = tests.filter(({ summary, suppressed }) => isTrouble(summary) && !suppressed)
  worst.sort((a, b) => place(b.summary) - place(a.summary))
  return worst
    .map(({ label, explanation }) => `${label}: ${explanation}`)
    .join(' ')
    .slice(0, MOST_REASON)
}
