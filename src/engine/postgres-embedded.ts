import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { freePort, LOOPBACK } from './port.js'
import { PostgresError } from './postgres-errors.js'
import {
  checkFreeSpace,
  DATABASE,
  openPostgresFolder,
  type PostgresFolder,
  USER,
  writeUrl,
} from './postgres-folder.js'
import { endOrphan, holderOf, type PostgresProcess, startPostgresProcess } from './postgres-process.js'
import { probe } from './postgres-remote.js'
import type { Postgres, PostgresOptions, PostgresStateChange } from './postgres-types.js'
import { supervised } from './supervised.js'

const START_TIMEOUT_MS = 60_000
const PORT_ATTEMPTS = 5
/** The server of a manager that was just killed needs a moment to go. */
const FOLDER_PATIENCE_MS = 10_000

interface Running {
  server: PostgresProcess
  port: number
  version: string
}

/** Starts PostgreSQL as a child process on `dataDir` and keeps it running until `stop()`. */
export async function openEmbeddedPostgres(options: PostgresOptions): Promise<Postgres> {
  const { logger } = options
  const folder = await openPostgresFolder(options.dataDir)
  const urlAt = (port: number) => `postgresql://${USER}:${folder.password}@${LOOPBACK}:${port}/${DATABASE}`
  const { current, state, onState, stop } = await supervised<Running, PostgresError, PostgresStateChange>({
    product: 'PostgreSQL',
    logger,
    signal: options.signal,
    async start(signal, before) {
      const started = await startServer(folder, options, signal, before?.port ?? (await lastPort(folder)))
      await writeUrl(folder, urlAt(started.port))
      return started
    },
    asFailure: (cause) =>
      cause instanceof PostgresError
        ? cause
        : new PostgresError('start-failed', { subject: folder.path, reason: String(cause) }, { cause }),
    moved: (before, now) => before.port !== now.port,
    place: ({ port }) => ({ port }),
    change: (state, urlChanged, error) => ({ state, urlChanged, ...(error ? { error } : {}) }),
  })

  const { server, port, version } = current()
  logger.info({ pid: server.pid, port, version, account: folder.account.kind }, 'PostgreSQL is running')
  return {
    get url() {
      return urlAt(current().port)
    },
    embedded: true,
    get version() {
      return current().version
    },
    get pid() {
      return current().server.pid
    },
    state,
    onState,
    stop,
  }
}

/** Rejects with a `PostgresError`, and then has left no process behind. */
async function startServer(
  folder: PostgresFolder,
  options: PostgresOptions,
  signal: AbortSignal,
  wantedPort: number | undefined,
): Promise<Running> {
  await checkFreeSpace(folder.path)
  const began = Date.now()
  let port = wantedPort ?? (await freePort())
  for (let taken = 0; ; ) {
    try {
      return await startOnce(folder, options, signal, port)
    } catch (error) {
      const code = error instanceof PostgresError ? error.code : undefined
      if (code === 'port-in-use' && ++taken < PORT_ATTEMPTS) port = await freePort()
      else if (code === 'folder-in-use' && (await endOrphan(folder, options.logger))) continue
      else if (
        code === 'folder-in-use' &&
        Date.now() - began < FOLDER_PATIENCE_MS &&
        !(await isServed(folder))
      )
        await delay(250)
      else throw error
    }
  }
}

async function startOnce(
  folder: PostgresFolder,
  options: PostgresOptions,
  signal: AbortSignal,
  port: number,
): Promise<Running> {
  if (signal.aborted) throw new PostgresError('aborted', { subject: folder.path })
  const server = startPostgresProcess(folder, port, options.logger)
  const config = {
    host: LOOPBACK,
    port,
    user: USER,
    password: folder.password,
    connectionTimeoutMillis: 5_000,
  }
  const deadline = Date.now() + (options.startTimeoutMs ?? START_TIMEOUT_MS)
  let gone = false
  void server.exited.then(() => {
    gone = true
  })
  try {
    for (;;) {
      if (gone) throw server.failure('start-failed')
      if (signal.aborted) throw new PostgresError('aborted', { subject: folder.path })
      if (Date.now() >= deadline) throw server.failure('start-timeout')
      try {
        const { version } = await probe({ ...config, database: 'postgres' })
        if (gone) continue
        // What answers may be the server of another manager, on the port of the last start.
        if ((await holderOf(folder)) !== server.pid) {
          await Promise.race([server.exited, delay(25)])
          continue
        }
        await ensureDatabase({ ...config, database: 'postgres' })
        server.released()
        return { server, port, version }
      } catch (error) {
        // Someone else's server on our port: ours will say that the port is taken.
        if (/^28/.test((error as { code?: string }).code ?? ''))
          await Promise.race([server.exited, delay(2_000)])
        else await Promise.race([server.exited, delay(25)])
      }
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function ensureDatabase(config: pg.ClientConfig): Promise<void> {
  const client = new pg.Client(config)
  client.on('error', () => {})
  await client.connect()
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE])
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(DATABASE)}`)
  } finally {
    await client.end()
  }
}

/** The port of the last start, so that other managers' URLs stay good. */
async function lastPort(folder: PostgresFolder): Promise<number | undefined> {
  const url = await readFile(join(folder.path, 'url'), 'utf8').catch(() => '')
  return Number(/:(\d+)\/[^/]*$/.exec(url.trim())?.[1]) || undefined
}

/** Does a server that is in good order hold the folder? Then waiting is of no use. */
async function isServed(folder: PostgresFolder): Promise<boolean> {
  const port = await lastPort(folder)
  if (port === undefined) return false
  return probe({
    host: LOOPBACK,
    port,
    user: USER,
    password: folder.password,
    database: DATABASE,
    connectionTimeoutMillis: 2_000,
  }).then(
    () => true,
    () => false,
  )
}
