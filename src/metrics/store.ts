import { randomBytes } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import type { BaseLogger } from 'pino'
import type { Registry } from 'prom-client'
import { type Cardinality, cardinality } from './catalogue/cardinality.js'
import { createCatalogue } from './catalogue/catalogue.js'
import { createAnnouncements, createForgetter } from './catalogue/forget.js'
import { load } from './catalogue/load.js'
import { createPersister } from './catalogue/persister.js'
import { createSeenLog } from './catalogue/seen.js'
import { type Connection, checkDatabaseName, connect, DEFAULT_DATABASE } from './client.js'
import { CLUSTER_SETTINGS, type Cluster, clusterDatabase, openCluster } from './cluster/open.js'
import { checkClusterName, ONE_SERVER, type Placement } from './cluster/placement.js'
import { createHotCache, DEFAULT_HOT_LIMITS, type HotLimits, type HotSamples } from './hot/index.js'
import { loadChunks } from './hot/load.js'
import { preload } from './hot/preload.js'
import type { Hash } from './ids.js'
import { DEFAULT_LIMITS, type StoreLimits } from './limits.js'
import { setCompression } from './schema/compression.js'
import { type Durability, setDurability } from './schema/durability.js'
import { releaseMerges } from './schema/held-merges.js'
import { migrate, SchemaVersionError } from './schema/migrate.js'
import { createSelfMetrics, NO_METRICS } from './self-metrics.js'
import type { StoreStats } from './stats.js'
import { type Catalogue, type StoredSamples, StoreUnavailableError, type Writer } from './types.js'
import { describeFailure } from './writer/failure.js'
import { createInsert } from './writer/insert.js'
import { endInserts, loadMarks, loadOthersMarks } from './writer/marks.js'
import { createMergePause, type MergePause } from './writer/merge-pause.js'
import { DEFAULT_TUNING, type WriterTuning } from './writer/tuning.js'
import { createWriter } from './writer/writer.js'

export interface StoreOptions {
  connection: Connection
  logger: BaseLogger
  /** What is not named keeps its default, `DEFAULT_LIMITS`. */
  limits?: Partial<StoreLimits>
  /** Where the store's own metrics (`bellwether_store_…`) are registered. */
  registry?: Registry
  /** Ends opening, or stops the open store. */
  signal?: AbortSignal
  /** How long to wait for ClickHouse to answer, milliseconds. Default: 30 s. */
  connectTimeoutMs?: number
  /**
   * How often other monitors' additions to the catalogue are looked for, and ours without a sample are stored,
   * milliseconds. Default: 5 s; 0: never.
   */
  refreshMs?: number
  /** How often it is written down when entities were seen last, milliseconds. Default: 60 s; 0: only at the end. */
  seenMs?: number
  tuning?: Partial<WriterTuning>
  /**
   * Samples kept in memory for queries; by default none. It sees what this process writes, so only the one process that
   * writes to a database may have it.
   */
  hot?: Partial<HotLimits>
  /**
   * A ClickHouse cluster by its name in the servers' `remote_servers`: samples are spread over its shards. The connection is
   * to any server of it.
   */
  cluster?: string
  /** What acknowledged samples survive. It is set on the tables, so for all monitors of a database alike. Default: `written`. */
  durability?: Durability
  /** For tests: how long series without data are left alone after their registration, and after their announcement. */
  forget?: { graceMs: number; confirmMs: number }
  /** For tests of collisions. */
  hash?: Hash
}

export interface Store {
  readonly catalogue: Catalogue
  readonly writer: Writer
  /** For readers; the writer has its own connections. Fetch it anew for each query: `reconnect` replaces it. */
  readonly client: ClickHouseClient
  readonly database: string
  /**
   * Where the samples are now, for readers that speak to ClickHouse themselves: fetch it anew for each query. Keep it out
   * of logs: it holds the password.
   */
  readonly connection: Connection
  readonly hot: HotSamples
  /** Where statements have to look that are not about a table's rows. */
  readonly placement: Placement
  readonly limits: Readonly<StoreLimits>
  /**
   * Calls the listener with what this process has stored, a slice at a time, after ClickHouse has acknowledged it and before the
   * sender is told, until the returned function is called. It must be quick: commits wait for it. What it throws is logged.
   */
  onStored(listener: (samples: StoredSamples) => void): () => void
  stats(): StoreStats
  /** Where the series come from, most series first; `top` of each list (default 20). */
  cardinality(top?: number): Promise<Cardinality>
  /**
   * Forgets series of which no level has data any more, in two steps some minutes apart: how many were announced, or deleted. One
   * monitor of a database does it, the one that folds.
   */
  forget(): Promise<{ announced: number; deleted: number }>
  /** Reads what other monitors have added to the catalogue, now. */
  refresh(): Promise<void>
  /** The engine has moved (another port after a restart): inserts and queries go there from now on. */
  reconnect(connection: Connection): Promise<void>
  /**
   * Takes no more samples, inserts what is buffered for at most `graceMs` (default 10 s), and closes the connections. May
   * be called twice.
   */
  stop(graceMs?: number): Promise<void>
}

const INSERT_TIMEOUT_MS = 30_000
const FORGET = { graceMs: 2 * 86_400_000, confirmMs: 180_000 }
/** After so long with listeners, milliseconds, others have their turn. */
const TELL_MS = 3
/** An insert of unknown outcome is over by then, one way or the other. */
const DOUBT_MS = 2 * INSERT_TIMEOUT_MS
const READ_TIMEOUT_MS = 300_000
/** Rows of the catalogue may become visible this long after the time they carry. */
const REFRESH_MARGIN_MS = 60_000
/** With more entities than this, they are written down as seen in proportionally longer intervals. */
const SEEN_PER_INTERVAL = 100_000

/**
 * Opens the metrics store: creates or migrates the database, and reads the catalogue into memory.
 *
 *     const store = await openStore({ connection: { url: 'http://127.0.0.1:8123' }, logger })
 *     const cpu = store.catalogue.addMetric({ name: 'cpu_user_rate' })
 *     const host = store.catalogue.addEntity({ category: 'HOST', name: 'h1', attributes: {} })
 *     const series = store.catalogue.addSeries(cpu, host)
 *     await store.writer.write({ length: 1, series: Uint32Array.of(series), time: Float64Array.of(Date.now()), value: Float64Array.of(0.5) })
 *
 * Rejects with `StoreUnavailableError` when ClickHouse does not answer in time, with `SchemaVersionError` when the
 * database is of a newer version, and with the signal's reason when that is aborted.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { logger, signal, registry, hash, refreshMs = 5_000, seenMs = 60_000 } = options
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const tuning = { ...DEFAULT_TUNING, ...options.tuning }
  const local = checkDatabaseName(options.connection.database ?? DEFAULT_DATABASE)
  const connectTimeoutMs = options.connectTimeoutMs ?? 30_000
  await createDatabase(options.connection, local, connectTimeoutMs, signal)
  const cluster =
    options.cluster === undefined
      ? undefined
      : await joinCluster(checkClusterName(options.cluster), local, connectTimeoutMs, options)
  const database = cluster === undefined ? local : clusterDatabase(local)
  const placement = cluster?.placement ?? ONE_SERVER
  const settings = cluster === undefined ? {} : CLUSTER_SETTINGS

  let connection = options.connection
  const clientsOf = (connection: Connection) => ({
    reads: connect(connection, database, READ_TIMEOUT_MS, settings),
    inserts: connect(connection, database, INSERT_TIMEOUT_MS, settings),
  })
  let clients = clientsOf(options.connection)
  const closeClients = () => Promise.all([clients.reads.close(), clients.inserts.close()])
  /** Names this process in the rows and queries that it makes. */
  const instance = randomBytes(6).readUIntBE(0, 6)
  const catalogue = createCatalogue({ limits, ...(hash && { hash }) })
  const persistPending = createPersister(catalogue, () => clients.inserts, instance)
  const seenLog = createSeenLog(catalogue)
  // In a cluster other monitors write too, and what they write is not seen here.
  const hotLimits = { ...DEFAULT_HOT_LIMITS, ...(options.cluster ? { bytes: 0 } : {}), ...options.hot }
  const hot = createHotCache({
    catalogue,
    limits: hotLimits,
    load: (request) => loadChunks(clients.reads, request),
    onFailure: (error) =>
      logger.debug(
        { err: error },
        'metrics store: samples could not be read into memory; queries read the store',
      ),
  })
  const listeners = new Set<(samples: StoredSamples) => void>()
  const tell = (listener: (samples: StoredSamples) => void, samples: StoredSamples) => {
    try {
      listener(samples)
    } catch (error) {
      logger.error({ err: error }, 'metrics store: a listener to stored samples failed')
    }
  }
  /** In turns: a listener may take long over a slice of series that are new to it. */
  const tellAll = (stored: readonly StoredSamples[], from = 0): Promise<void> | undefined => {
    const until = performance.now() + TELL_MS
    for (let at = from; at < stored.length; at++) {
      if (performance.now() > until) return nextTurn().then(() => tellAll(stored, at))
      for (const listener of listeners) tell(listener, stored[at]!)
    }
    return undefined
  }
  const selfMetrics = registry === undefined ? NO_METRICS : createSelfMetrics(registry, stats)
  /** Only with an engine that is ours alone: others have merges of others, and may have other monitors. */
  let mergePause: MergePause | undefined
  const { insert, settle } = createInsert(() => clients.inserts, instance, persistPending, cluster)
  const writer = createWriter({
    catalogue,
    async insert(commit, signal) {
      const started = performance.now()
      await insert(commit, signal)
      mergePause?.inserted(commit.rows, performance.now() - started)
    },
    settle,
    bufferBytes: limits.bufferBytes,
    tuning,
    metrics: selfMetrics,
    onFailure: (error, attempt) =>
      logger.warn({ err: error, attempt }, `metrics store: an insert failed: ${describeFailure(error)}`),
    onStored: ({ batches }) => {
      hot.stored(batches)
      return tellAll(batches.flatMap(slices))
    },
    onDoubt: () => hot.doubt(DOUBT_MS),
  })

  const forgetter = createForgetter({
    client: () => clients.reads,
    catalogue,
    writer: instance,
    placement,
    database,
    persist: persistPending,
    logger,
    ...(options.forget ?? FORGET),
    ...(signal && { signal }),
  })
  const announcements = createAnnouncements(catalogue, instance, signal)

  let loadedAt = 0
  const refresh = async (): Promise<void> => {
    const after = loadedAt === 0 ? 0 : loadedAt - REFRESH_MARGIN_MS
    // Before new rows are read: some may be of series that were forgotten and have come back.
    await announcements.heed(clients.reads, after)
    loadedAt = await load(clients.reads, catalogue, {
      after,
      writer: instance,
      logger,
      ...(signal && { signal }),
    })
  }
  /** What was registered without a sample is stored too, a little later. */
  const exchange = async (): Promise<void> => {
    await cluster?.refresh(clients.reads)
    await persistPending()
    await refresh()
    await loadOthersMarks(clients.reads, {
      withinMs: 3 * Math.max(refreshMs, 1_000),
      now: Date.now(),
      placement,
      mark: writer.mark,
    })
  }
  const flushSeen = () => seenLog.flush(clients.inserts, instance)

  try {
    if (cluster === undefined) {
      await migrate(clients.reads, logger)
      await releaseMerges(clients.reads)
      if (await setCompression(clients.reads))
        mergePause = createMergePause(() => clients.reads, tuning.eagerRows, logger)
    }
    await setDurability(clients.reads, options.durability ?? 'written', placement)
    // An insert of a monitor that was killed may still run; what it stores must be seen by `loadMarks`.
    const ended = await endInserts(clients.reads, `has(['${local}', '${database}'], current_database)`, {
      timeoutMs: INSERT_TIMEOUT_MS,
      placement,
      ...(signal && { signal }),
    })
    if (!ended) logger.warn({}, 'metrics store: inserts of an earlier process are still running')
    await refresh()
    await loadMarks(clients.reads, tuning.batches, Date.now(), writer.mark)
  } catch (error) {
    await closeClients()
    if (error instanceof SchemaVersionError) throw error
    signal?.throwIfAborted()
    throw new StoreUnavailableError(`the metrics store cannot be opened: ${describeFailure(error)}`, 5, {
      cause: error,
    })
  }

  const ticks = [
    every(refreshMs, exchange, 'the catalogue could not be refreshed', logger),
    every(seenMs, flushSeen, 'when entities were seen last could not be stored', logger, () =>
      Math.ceil(catalogue.entityCount / SEEN_PER_INTERVAL),
    ),
  ]

  const preloading = new AbortController()
  void preload({ catalogue, cache: hot, limits: hotLimits, signal: preloading.signal })

  let stopped: Promise<void> | undefined
  const stop = (graceMs = 10_000): Promise<void> => {
    stopped ??= (async () => {
      for (const end of ticks) end()
      preloading.abort()
      signal?.removeEventListener('abort', onAbort)
      await writer.stop(graceMs)
      const released = mergePause?.stop()
      hot.stop()
      const last = persistPending()
        .then(flushSeen)
        .catch((error: unknown) =>
          logger.warn({ err: error }, 'metrics store: the newest part of the catalogue is not stored'),
        )
      await Promise.race([
        Promise.all([last, released]),
        new Promise((resolve) => setTimeout(resolve, graceMs).unref()),
      ])
      await closeClients()
    })()
    return stopped
  }
  const onAbort = () => void stop()
  signal?.addEventListener('abort', onAbort, { once: true })

  function stats(): StoreStats {
    return {
      metrics: catalogue.metricCount,
      entities: catalogue.entityCount,
      series: catalogue.seriesCount,
      bufferedBytes: writer.bufferedBytes,
      catalogueBytes: catalogue.series.bytes,
      rememberedBatches: writer.knownBatches,
      inserts: writer.inFlight,
      failure: writer.failure,
      hot: hot.stats,
    }
  }

  return {
    catalogue,
    writer,
    get client() {
      return clients.reads
    },
    database,
    get connection() {
      return connection
    },
    hot,
    placement,
    limits,
    onStored(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    stats,
    cardinality: (top) => cardinality(catalogue, top),
    forget: () => forgetter.pass(),
    refresh,
    async reconnect(moved) {
      const { reads, inserts } = clients
      connection = moved
      clients = clientsOf(moved)
      hot.clear()
      writer.retryNow()
      await Promise.all([reads.close(), inserts.close()])
    },
    stop,
  }
}

const SLICE = 1_024

/** Parts of a batch that one turn can take. */
function slices(batch: StoredSamples): StoredSamples[] {
  if (batch.length <= SLICE) return [batch]
  return Array.from({ length: Math.ceil(batch.length / SLICE) }, (_, n) => {
    const from = n * SLICE
    const to = Math.min(batch.length, from + SLICE)
    return {
      length: to - from,
      series: batch.series.subarray(from, to),
      time: batch.time.subarray(from, to),
      value: batch.value.subarray(from, to),
    }
  })
}

async function joinCluster(
  name: string,
  local: string,
  timeoutMs: number,
  { connection, logger, signal }: StoreOptions,
): Promise<Cluster> {
  try {
    return await openCluster({ connection, name, local, logger, timeoutMs, ...(signal && { signal }) })
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof StoreUnavailableError || error instanceof SchemaVersionError) throw error
    const text = `the metrics store cannot be opened: ${describeFailure(error)}`
    throw new StoreUnavailableError(text, 5, { cause: error })
  }
}

/** Runs the task every so often (times `stretch`), never twice at once; a failure is logged. Returns how to end it. */
function every(
  ms: number,
  task: () => Promise<void>,
  failure: string,
  logger: BaseLogger,
  stretch: () => number = () => 1,
): () => void {
  if (ms <= 0) return () => undefined
  let timer: NodeJS.Timeout
  let ended = false
  const next = () => {
    timer = setTimeout(run, ms * Math.max(1, stretch())).unref()
  }
  const run = async () => {
    try {
      await task()
    } catch (error) {
      if (!ended) logger.debug({ err: error }, `metrics store: ${failure}`)
    }
    if (!ended) next()
  }
  next()
  return () => {
    ended = true
    clearTimeout(timer)
  }
}

async function createDatabase(
  connection: Connection,
  database: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const client = connect(connection, undefined, 10_000)
  const deadline = Date.now() + timeoutMs
  try {
    for (let wait = 50; ; wait = Math.min(2 * wait, 1_000)) {
      signal?.throwIfAborted()
      try {
        await client.command({ query: `CREATE DATABASE IF NOT EXISTS ${database}` })
        return
      } catch (error) {
        if (Date.now() + wait > deadline || String((error as { code?: unknown }).code) === '516')
          throw new StoreUnavailableError(`${connection.url}: ${describeFailure(error)}`, 5, { cause: error })
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
  } finally {
    await client.close()
  }
}
