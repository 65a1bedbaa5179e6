import { createBackoff } from './backoff.js'
import { openDataFolder } from './data-folder.js'
import type { Engine, EngineOptions, EngineState, EngineStateChange } from './engine.js'
import { EngineError } from './errors.js'
import { findChildProgram, findLibrary } from './library.js'
import { residentMemory } from './memory.js'
import { type Running, type StartRequest, startServer } from './start.js'
import { watchAnswers } from './watchdog.js'

/** So many failed starts in a row make the state `failed`; it is still tried again, at the slowest rate. */
const FAILED_AFTER = 5
const WATCH_INTERVAL_MS = 30_000

/** Starts ClickHouse as a child process on `dataDir` and keeps it running until `stop()`. */
export async function openEmbedded(options: EngineOptions): Promise<Engine> {
  const { logger } = options
  const library = findLibrary()
  const program = findChildProgram()
  const folder = await openDataFolder(options.dataDir)
  const ending = new AbortController()
  const onAbort = () => ending.abort()
  options.signal?.addEventListener('abort', onAbort, { once: true })
  if (options.signal?.aborted) ending.abort()

  const request: StartRequest = { folder, library, program, options, signal: ending.signal }
  let running = await startServer(request).finally(() =>
    options.signal?.removeEventListener('abort', onAbort),
  )

  let state: EngineState = 'running'
  const listeners = new Set<(change: EngineStateChange) => void>()

  function change(next: EngineState, error?: EngineError, connectionChanged = false): void {
    if (state === 'stopped' || state === next) return
    state = next
    for (const listener of [...listeners]) {
      try {
        listener({ state, connectionChanged, ...(error ? { error } : {}) })
      } catch (cause) {
        logger.error({ err: cause }, 'A listener for the state of ClickHouse failed')
      }
    }
  }

  async function supervise(): Promise<void> {
    const backoff = createBackoff()
    while (!ending.signal.aborted) {
      await died(running)
      if (ending.signal.aborted) return
      const error = running.server.failure('exited')
      logger.error({ code: error.code, reason: error.message }, 'ClickHouse has died; restarting it')
      change('restarting', error)
      for (let failures = 0; !ending.signal.aborted; ) {
        if (!(await backoff.wait(ending.signal))) return
        const failure = await restart()
        if (!failure) break
        failures++
        const fields = { code: failure.code, reason: failure.message, failures, retryInMs: backoff.nextMs() }
        logger.error(fields, 'ClickHouse could not be restarted')
        if (failures >= FAILED_AFTER || failure.code === 'disk-full') change('failed', failure)
      }
    }
  }

  async function died({ server, connection }: Running): Promise<void> {
    const unwatch = watchAnswers(connection.url, options.watchIntervalMs ?? WATCH_INTERVAL_MS, () => {
      logger.error({ pid: server.pid }, 'ClickHouse does not answer any more; replacing it')
      server.kill()
    })
    await server.exited
    unwatch()
  }

  async function restart(): Promise<EngineError | undefined> {
    try {
      const next = await startServer(request, running.ports)
      const before = running.ports
      const moved = before.http !== next.ports.http || before.tcp !== next.ports.tcp
      running = next
      logger.info({ pid: next.server.pid, url: next.connection.url, moved }, 'ClickHouse is running again')
      change('running', undefined, moved)
    } catch (cause) {
      if (cause instanceof EngineError) return cause
      return new EngineError('start-failed', { subject: folder.path, reason: String(cause) }, { cause })
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
  function stop(): Promise<void> {
    stopping ??= stopOnce()
    return stopping
  }

  const { pid } = running.server
  logger.info({ pid, url: running.connection.url, version: running.version }, 'ClickHouse is running')
  return {
    get connection() {
      return running.connection
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
    memoryBytes: () => (running.server.pid === undefined ? undefined : residentMemory(running.server.pid)),
    stop,
  }
}
