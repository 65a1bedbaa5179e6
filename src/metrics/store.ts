import { randomBytes } from 'node:crypto'
import type { ClickHouseClient } from '@clickhouse/client'
import type { BaseLogger } from 'pino'
import type { Registry } from 'prom-client'
import { type CatalogueCore, createCatalogue } from './catalogue/catalogue.js'
import { load } from './catalogue/load.js'
import { persist } from './catalogue/persist.js'
import { type Connection, checkDatabaseName, connect, DEFAULT_DATABASE } from './client.js'
import { DEFAULT_LIMITS, type StoreLimits } from './limits.js'
import { insertBlock } from './native/client.js'
import { migrate, SchemaVersionError } from './schema/migrate.js'
import { TABLES } from './schema/tables.js'
import { type Catalogue, StoreUnavailableError, type Writer } from './types.js'
import { columnsOf } from './writer/chunk.js'
import { describeFailure } from './writer/failure.js'
import { endInserts, findMarks, loadMarks } from './writer/marks.js'
import { type Commit, createWriter, DEFAULT_TUNING, type WriterTuning } from './writer/writer.js'

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
  /** How often other monitors' additions to the catalogue are looked for, milliseconds. Default: 5 s; 0: never. */
  refreshMs?: number
  tuning?: Partial<WriterTuning>
}

export interface Store {
  readonly catalogue: Catalogue
  readonly writer: Writer
  /** For readers; the writer has its own connections. */
  readonly client: ClickHouseClient
  readonly database: string
  stats(): StoreStats
  /** Reads what other monitors have added to the catalogue, now. */
  refresh(): Promise<void>
  /** Inserts what is buffered, and closes the connections. May be called twice. */
  stop(): Promise<void>
}

export interface StoreStats {
  metrics: number
  entities: number
  series: number
  /** Bytes of samples that wait for ClickHouse or are on their way to it. */
  bufferedBytes: number
  /** Memory of the series table and its indexes. */
  catalogueBytes: number
  inserts: number
  /** Why samples cannot be stored at the moment; empty when they can. */
  failure: string
}

const INSERT_TIMEOUT_MS = 30_000
const READ_TIMEOUT_MS = 300_000
/** Rows of the catalogue may become visible this long after the time they carry. */
const REFRESH_MARGIN_MS = 60_000

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
  const { connection, logger, signal, connectTimeoutMs = 30_000, refreshMs = 5_000 } = options
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const tuning = { ...DEFAULT_TUNING, ...options.tuning }
  const database = checkDatabaseName(connection.database ?? DEFAULT_DATABASE)
  await createDatabase(connection, database, connectTimeoutMs, signal)

  const client = connect(connection, database, READ_TIMEOUT_MS)
  const inserts = connect(connection, database, INSERT_TIMEOUT_MS)
  /** Names this process in the rows and queries that it makes. */
  const instance = randomBytes(6).readUIntBE(0, 6)
  const catalogue = createCatalogue({ limits })

  let persisting: Promise<void> = Promise.resolve()
  const persistPending = (): Promise<void> => {
    // One after the other: a commit must not overtake the catalogue rows that another one is still writing.
    persisting = persisting
      .catch(() => undefined)
      .then(async () => {
        if (!catalogue.hasPending) return
        const rows = catalogue.takePending()
        try {
          await persist(inserts, catalogue, rows, instance)
        } catch (error) {
          catalogue.restore(rows)
          throw error
        }
      })
    return persisting
  }

  const attempts = new Map<number, number>()
  const insert = async (commit: Commit, abort: AbortSignal): Promise<void> => {
    await persistPending()
    const attempt = (attempts.get(commit.id) ?? 0) + 1
    attempts.set(commit.id, attempt)
    await insertBlock(inserts, TABLES.samples, columnsOf(commit.chunks), commit.rows, {
      signal: abort,
      queryId: `bellwether-${instance}-${commit.id}-${attempt}`,
      settings: {
        insert_deduplicate: 1,
        insert_deduplication_token: `${instance}-${commit.id}`,
        max_partitions_per_insert_block: '0',
      },
    })
    attempts.delete(commit.id)
  }

  const writer = createWriter({
    catalogue,
    insert,
    settle: async (commits, keys, mark) => {
      for (const id of commits) {
        await endInserts(client, `startsWith(query_id, 'bellwether-${instance}-${id}-')`, {
          timeoutMs: 5_000,
        })
        attempts.delete(id)
      }
      await findMarks(client, keys, mark)
    },
    bufferBytes: limits.bufferBytes,
    tuning,
    onFailure: (error, attempt) =>
      logger.warn({ err: error, attempt }, `metrics store: an insert failed: ${describeFailure(error)}`),
  })

  let loadedAt = 0
  const refresh = async (): Promise<void> => {
    loadedAt = await load(client, catalogue, {
      after: loadedAt === 0 ? 0 : loadedAt - REFRESH_MARGIN_MS,
      writer: instance,
      logger,
      ...(signal && { signal }),
    })
  }

  try {
    await migrate(client, logger)
    await endInserts(client, `current_database = '${database}'`, {
      timeoutMs: INSERT_TIMEOUT_MS,
      ...(signal && { signal }),
    })
    await refresh()
    await loadMarks(client, tuning.batches, writer.mark)
    await loadSeen(client, catalogue)
  } catch (error) {
    await Promise.all([client.close(), inserts.close()])
    if (error instanceof SchemaVersionError) throw error
    signal?.throwIfAborted()
    throw new StoreUnavailableError(`the metrics store cannot be opened: ${describeFailure(error)}`, 5, {
      cause: error,
    })
  }

  let refreshing = false
  const poll = async (): Promise<void> => {
    if (refreshing) return
    refreshing = true
    try {
      await refresh()
    } catch (error) {
      logger.debug({ err: error }, 'metrics store: the catalogue could not be refreshed')
    } finally {
      refreshing = false
    }
  }
  const timer = refreshMs > 0 ? setInterval(() => void poll(), refreshMs) : undefined
  timer?.unref()

  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      clearInterval(timer)
      signal?.removeEventListener('abort', onAbort)
      await writer.stop()
      await persistPending().catch((error: unknown) =>
        logger.warn({ err: error }, 'metrics store: the newest part of the catalogue is not stored'),
      )
      await Promise.all([client.close(), inserts.close()])
    })()
    return stopped
  }
  const onAbort = () => void stop()
  signal?.addEventListener('abort', onAbort, { once: true })

  return {
    catalogue,
    writer,
    client,
    database,
    refresh,
    stop,
    stats: () => ({
      metrics: catalogue.metricCount,
      entities: catalogue.entityCount,
      series: catalogue.seriesCount,
      bufferedBytes: writer.bufferedBytes,
      catalogueBytes: catalogue.series.bytes,
      inserts: writer.inFlight,
      failure: writer.failure,
    }),
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

/** Restores when each entity was seen last, from the samples of the last hour. */
async function loadSeen(client: ClickHouseClient, catalogue: CatalogueCore): Promise<void> {
  const { readBlocks } = await import('./native/client.js')
  await readBlocks(
    client,
    `SELECT entity, toFloat64(toUnixTimestamp64Milli(max(ts))) FROM ${TABLES.samples}
     WHERE ts > now64(3) - INTERVAL 1 HOUR AND metric != 0 GROUP BY entity`,
    ({ rows, columns }) => {
      const seen = catalogue.seenTimes()
      for (let i = 0; i < rows; i++) {
        const entity = catalogue.entities.byId(columns[0]!.values[i] as number)
        if (entity !== undefined) seen[entity] = Math.max(seen[entity]!, columns[1]!.values[i] as number)
      }
    },
    { settings: { max_execution_time: 5, timeout_overflow_mode: 'break' } },
  )
}
