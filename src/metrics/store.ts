import { randomBytes } from 'node:crypto'
import { cardinality } from './catalogue/cardinality.js'
import { createCatalogue } from './catalogue/catalogue.js'
import { createAnnouncements, createForgetter } from './catalogue/forget.js'
import { load } from './catalogue/load.js'
import { createPersister } from './catalogue/persister.js'
import { createSeenLog } from './catalogue/seen.js'
import { type Connection, checkDatabaseName, connect, DEFAULT_DATABASE } from './client.js'
import { CLUSTER_SETTINGS, clusterDatabase } from './cluster/open.js'
import { checkClusterName, ONE_SERVER } from './cluster/placement.js'
import { createHotCache, DEFAULT_HOT_LIMITS } from './hot/index.js'
import { loadChunks } from './hot/load.js'
import { preload } from './hot/preload.js'
import { DEFAULT_LIMITS } from './limits.js'
import { createDatabase, joinCluster } from './open-database.js'
import { setCompression } from './schema/compression.js'
import { setDurability } from './schema/durability.js'
import { releaseMerges } from './schema/held-merges.js'
import { migrate, SchemaVersionError } from './schema/migrate.js'
import { createSelfMetrics, NO_METRICS } from './self-metrics.js'
import type { StoreStats } from './stats.js'
import type { Store, StoreOptions } from './store-types.js'
import { createStoredListeners } from './stored-listeners.js'
import { every } from './ticks.js'
import { StoreUnavailableError } from './types.js'
import { describeFailure } from './writer/failure.js'
import { createInsert } from './writer/insert.js'
import { endInserts, loadMarks, loadOthersMarks } from './writer/marks.js'
import { createMergePause, type MergePause } from './writer/merge-pause.js'
import { DEFAULT_TUNING } from './writer/tuning.js'
import { createWriter } from './writer/writer.js'

export type { Store, StoreOptions } from './store-types.js'

const INSERT_TIMEOUT_MS = 30_000
const FORGET = { graceMs: 2 * 86_400_000, confirmMs: 180_000 }
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
  const listeners = createStoredListeners(logger)
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
      return listeners.tell(batches)
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
    onStored: listeners.add,
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
