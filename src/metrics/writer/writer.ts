import { randomBytes } from 'node:crypto'
import type { CatalogueCore } from '../catalogue/catalogue.js'
import { NO_METRICS, type SelfMetrics } from '../self-metrics.js'
import {
  type SampleColumns,
  StoreFullError,
  StoreUnavailableError,
  type WriteOutcome,
  type Writer,
} from '../types.js'
import { createStoredBatches } from './batches.js'
import { type ChunkPool, createChunkPool, ROW_BYTES } from './chunk.js'
import { appendMark, appendRecords, appendSamples, type Commit, newCommit } from './commit.js'
import { daysOf, onlyDays } from './days.js'
import { describeFailure, wasSent } from './failure.js'
import { createAppendSorted } from './sorted.js'
import { DEFAULT_TUNING, type WriterTuning } from './tuning.js'

/** For durations: the time of day may jump. */
const clock = () => performance.now()

export interface WriterOptions {
  catalogue: CatalogueCore
  /** Stores the commit and what of the catalogue it needs. Called again with the same commit after a failure. */
  insert: (commit: Commit, signal: AbortSignal) => Promise<void>
  /**
   * Called after inserts of unknown outcome, before a batch with a key is taken: waits until none of `commits` can still
   * be stored, and reports by `mark` which of the batches with these keys were.
   */
  settle: (
    commits: readonly number[],
    keys: readonly number[],
    mark: (key: number, day: number) => void,
  ) => Promise<void>
  bufferBytes: number
  /** Time of day, for the marks of stored batches. */
  now?: () => number
  tuning?: Partial<WriterTuning>
  metrics?: SelfMetrics
  onFailure?: (error: unknown, attempt: number) => void
  /** Told of each commit that ClickHouse has acknowledged, before its callers are; they wait for what it answers. Must not fail. */
  onStored?: (commit: Commit) => Promise<void> | undefined
  /** Told that it is not known whether rows were stored, or will be. */
  onDoubt?: () => void
}

export interface WriterCore extends Writer {
  readonly bufferedBytes: number
  readonly inFlight: number
  readonly knownBatches: number
  /** Why the store is thought to be down; empty while it is well. */
  readonly failure: string
  /** There is reason to think that the store is well again: the next batch is taken. */
  retryNow(): void
  /** Records that the batch's part of this day is stored. */
  mark(key: number, day: number): void
  /**
   * Takes nothing more and inserts what is buffered, for `graceMs` at most (default 10 s); then the callers that are left
   * are told that their samples are not stored.
   */
  stop(graceMs?: number): Promise<void>
}

export function createWriter(options: WriterOptions): WriterCore {
  const {
    catalogue,
    insert,
    settle,
    bufferBytes,
    now = Date.now,
    metrics = NO_METRICS,
    onFailure,
    onStored,
    onDoubt,
  } = options
  const tuning = { ...DEFAULT_TUNING, ...options.tuning }
  const pool: ChunkPool = createChunkPool()
  const appendSorted = createAppendSorted(catalogue)
  const stored = createStoredBatches(tuning.batches)
  const pendingKeys = new Map<number, Promise<unknown>>()
  const aborted = new AbortController()
  let stopping = false
  const running = new Set<Promise<void>>()

  let open = newCommit()
  const ready: Commit[] = []
  let lastId = 0
  /** Commits are numbered from here on in what they leave for rollups: other processes have other numbers. */
  const firstNumber = randomBytes(6).readUIntBE(0, 6)
  let bufferedRows = 0
  let lastStart = Number.NEGATIVE_INFINITY
  /** How long the last insert took, milliseconds. */
  let lastTook = 0
  let timer: NodeJS.Timeout | undefined
  let timerDue = 0
  let down: { text: string; until: number } | undefined
  let doubtful = { commits: new Set<number>(), keys: new Set<number>() }
  let settling: Promise<void> | undefined

  async function write(columns: SampleColumns, key?: number): Promise<WriteOutcome> {
    while (key !== undefined && pendingKeys.has(key)) await pendingKeys.get(key)
    if (key === undefined) return take(columns, undefined)
    const outcome = take(columns, key)
    const quiet = outcome.catch(() => undefined)
    pendingKeys.set(key, quiet)
    try {
      return await outcome
    } finally {
      if (pendingKeys.get(key) === quiet) pendingKeys.delete(key)
    }
  }

  async function take(columns: SampleColumns, key: number | undefined): Promise<WriteOutcome> {
    if (stopping) throw unavailable('the store is stopping')
    const days = daysOf(columns)
    if (down !== undefined && clock() < down.until) throw unavailable(down.text)
    if (key !== undefined && (doubtful.keys.size > 0 || settling !== undefined)) await settled()
    const fresh = key === undefined ? days : days.filter((day) => !stored.has(key, day))
    if (fresh.length === 0) {
      if (columns.length > 0) metrics.duplicate()
      return { stored: 0, duplicate: columns.length > 0 }
    }
    const rows = columns.length + (key === undefined ? 0 : fresh.length)
    // A batch that is larger than the whole buffer is taken when it is alone: refusing it would be for ever.
    if (bufferedRows > 0 && (bufferedRows + rows) * ROW_BYTES > bufferBytes) {
      const wait = tuning.commitMs < 1000 ? 1 : Math.ceil(tuning.commitMs / 1000)
      metrics.refused('full')
      throw new StoreFullError(
        `${bufferedRows} samples wait for the metrics database, and the buffer of ${bufferBytes} bytes has no room for ${columns.length} more`,
        wait,
      )
    }
    return new Promise((resolve, reject) => {
      const before = open.rows
      const kept = fresh.length === days.length ? columns : onlyDays(columns, fresh)
      // Only what is an insert of its own arrives in order.
      const isAlone = before === 0 && kept.length >= tuning.eagerRows
      if (!isAlone || !appendSorted(open, pool, kept)) appendSamples(open, pool, catalogue, kept)
      open.batches.push(kept)
      const samples = open.rows - before
      if (key !== undefined) for (const day of fresh) appendMark(open, { key, day, samples, now: now() })
      bufferedRows += open.rows - before
      open.waiters.push({ samples, key, days: fresh, resolve, reject })
      schedule()
    })
  }

  function schedule(): void {
    if (
      open.rows >= tuning.commitRows ||
      (open.rows >= tuning.eagerRows && running.size + ready.length < tuning.parallel)
    ) {
      seal()
      pump()
    }
    if (open.rows === 0) return
    // After a pause the first write need not wait: what else arrives in this turn of the event loop still joins it.
    const due = lastStart + spacing()
    if (timer !== undefined && due >= timerDue) return
    clearTimeout(timer)
    timerDue = due
    timer = setTimeout(onTimer, Math.max(0, due - clock()))
  }

  /** How long after the start of the last insert the open one may begin, milliseconds. */
  function spacing(): number {
    if (running.size > 0) return tuning.commitMs
    const few = Math.max(1, tuning.smallRows / open.rows)
    return Math.min(tuning.commitMs, Math.max(tuning.minMs, 2 * lastTook * few * few))
  }

  function onTimer(): void {
    timer = undefined
    if (running.size < tuning.parallel && ready.length === 0) seal()
    pump()
  }

  function seal(): void {
    if (open.rows === 0) return
    open.id = ++lastId
    appendRecords(open, pool, firstNumber + lastId)
    bufferedRows += open.touched.size
    ready.push(open)
    open = newCommit()
  }

  function pump(): void {
    while (running.size < tuning.parallel && ready.length > 0) {
      const commit = ready.shift()!
      lastStart = clock()
      const run = store(commit).finally(() => {
        running.delete(run)
        pump()
        schedule()
      })
      running.add(run)
    }
  }

  async function store(commit: Commit): Promise<void> {
    const started = clock()
    let sent = false
    for (let attempt = 0; ; attempt++) {
      try {
        await insert(commit, aborted.signal)
        down = undefined
        lastTook = clock() - started
        const told = onStored?.(commit)
        if (told !== undefined) await told
        release(commit)
        for (const { key, days } of commit.waiters)
          if (key !== undefined) for (const day of days) stored.add(key, day)
        let total = 0
        for (const { samples, resolve } of commit.waiters) {
          total += samples
          resolve({ stored: samples, duplicate: false })
        }
        metrics.committed(total, (clock() - started) / 1000)
        return
      } catch (error) {
        sent ||= wasSent(error)
        metrics.failed()
        onFailure?.(error, attempt)
        const wait = Math.min(tuning.firstRetryMs * 2 ** attempt, 2_000)
        if (aborted.signal.aborted || down !== undefined || clock() - started + wait > tuning.retryMs) {
          if (sent) doubt(commit)
          const text = describeFailure(error)
          down = { text, until: clock() + tuning.downMs }
          release(commit)
          for (const { reject } of commit.waiters) reject(unavailable(text, error))
          return
        }
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
  }

  function doubt({ id, waiters }: Commit): void {
    onDoubt?.()
    doubtful.commits.add(id)
    for (const { key } of waiters) if (key !== undefined) doubtful.keys.add(key)
  }

  function release(commit: Commit): void {
    bufferedRows -= commit.rows
    pool.give(commit.chunks)
    pool.give(commit.records)
    commit.batches = []
    commit.chunks = []
    commit.records = []
  }

  /** Resolves when the outcome of every doubtful insert is known. */
  function settled(): Promise<void> {
    settling ??= (async () => {
      const { commits, keys } = doubtful
      doubtful = { commits: new Set(), keys: new Set() }
      try {
        await settle([...commits], [...keys], (key, day) => stored.add(key, day))
      } catch (error) {
        for (const id of commits) doubtful.commits.add(id)
        for (const key of keys) doubtful.keys.add(key)
        const text = describeFailure(error)
        down = { text, until: clock() + tuning.downMs }
        throw unavailable(text, error)
      } finally {
        settling = undefined
      }
    })()
    return settling
  }

  function unavailable(text: string, cause?: unknown): StoreUnavailableError {
    metrics.refused('unavailable')
    const wait = Math.max(1, Math.ceil(tuning.downMs / 1000))
    return new StoreUnavailableError(`samples cannot be stored: ${text}`, wait, { cause })
  }

  return {
    write,
    get bufferedBytes() {
      return bufferedRows * ROW_BYTES
    },
    get inFlight() {
      return running.size
    },
    get knownBatches() {
      return stored.size
    },
    get failure() {
      return down?.text ?? ''
    },
    retryNow() {
      if (down !== undefined) down.until = 0
    },
    mark: (key, day) => stored.add(key, day),
    async stop(graceMs = 10_000) {
      stopping = true
      clearTimeout(timer)
      timer = undefined
      seal()
      pump()
      const grace = setTimeout(() => aborted.abort(), graceMs)
      while (running.size > 0) await Promise.all(running)
      clearTimeout(grace)
    },
  }
}
