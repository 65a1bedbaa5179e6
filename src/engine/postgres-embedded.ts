import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { createBackoff } from './backoff.js'
import type { EngineState } from './engine.js'
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

const START_TIMEOUT_MS = 60_000
const PORT_ATTEMPTS = 5
/** The server of a manager that was just killed needs a moment to go. */
const FOLDER_PATIENCE_MS = 10_000
const FAILED_AFTER = 5

interface Running {
  server: PostgresProcess
  port: number
  version: string
}

/** Starts PostgreSQL as a child process on `dataDir` and keeps it running until `stop()`. */
export async function openEmbeddedPostgres(options: PostgresOptions): Promise<Postgres> {
  const { logger } = options
  const folder = await openPostgresFolder(options.dataDir)
  const ending = new AbortController()
  const onAbort = () => ending.abort()
  options.signal?.addEventListener('abort', onAbort, { once: true })
  if (options.signal?.aborted) ending.abort()

  const urlAt = (port: number) => `postgresql://${USER}:${folder.password}@${LOOPBACK}:${port}/${DATABASE}`
  const start = async (port: number | undefined): Promise<Running> => {
    const started = await startServer(folder, options, ending.signal, port)
    await writeUrl(folder, urlAt(started.port))
    return started
  }
  let running = await start(await lastPort(folder)).finally(() =>
    options.signal?.removeEventListener('abort', onAbort),
  )

  let state: EngineState = 'running'
  const listeners = new Set<(change: PostgresStateChange) => void>()
  function change(next: EngineState, error?: PostgresError, urlChanged = false): void {
    if (state === 'stopped' || state === next) return
    state = next
    for (const listener of [...listeners]) {
      try {
        listener({ state, urlChanged, ...(error ? { error } : {}) })
      } catch (cause) {
        logger.error({ err: cause }, 'A listener for the state of PostgreSQL failed')
      }
    }
  }

  async function supervise(): Promise<void> {
    const backoff = createBackoff()
    while (!ending.signal.aborted) {
      await running.server.exited
      if (ending.signal.aborted) return
      const error = running.server.failure('exited')
      logger.error({ code: error.code, reason: error.message }, 'PostgreSQL has died; restarting it')
      change('restarting', error)
      for (let failures = 0; !ending.signal.aborted; ) {
        if (!(await backoff.wait(ending.signal))) return
        const failure = await restart()
        if (!failure) break
        failures++
        logger.error(
          { code: failure.code, reason: failure.message, failures, retryInMs: backoff.nextMs() },
          'PostgreSQL could not be restarted',
        )
        if (failures >= FAILED_AFTER || failure.code === 'disk-full') change('failed', failure)
      }
    }
  }

  async function restart(): Promise<PostgresError | undefined> {
    try {
      const next = await start(running.port)
      const moved = next.port !== running.port
      running = next
      logger.info({ pid: next.server.pid, port: next.port, moved }, 'PostgreSQL is running again')
      change('running', undefined, moved)
    } catch (cause) {
      if (cause instanceof PostgresError) return cause
      return new PostgresError('start-failed', { subject: folder.path, reason: String(cause) }, { cause })
    }
    return undefined
  }

  const supervision = supervise()
  let stopping: Promise<void> | undefined
  async function stopOnce(): Promise<void> {
    ending.abort()
    change('stopped')
    await running.server.stop()
    await supervision
    // A restart may have succeeded in the same moment.
    await running.server.stop()
    listeners.clear()
  }

  logger.info(
    { pid: running.server.pid, port: running.port, version: running.version, account: folder.account.kind },
    'PostgreSQL is running',
  )
  return {
    get url() {
      return urlAt(running.port)
    },
    embedded: true,
    get version() {
      return running.version
    },
    get pid() {
      return running.server.pid
    },
    state: () => state,
    onState(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stop() {
      stopping ??= stopOnce()
      return stopping
    },
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
