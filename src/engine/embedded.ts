import { openDataFolder } from './data-folder.js'
import type { Engine, EngineOptions, EngineStateChange } from './engine.js'
import { EngineError } from './errors.js'
import { findChildProgram, findLibrary } from './library.js'
import { residentMemory } from './memory.js'
import { type Running, startServer } from './start.js'
import { supervised } from './supervised.js'
import { watchAnswers } from './watchdog.js'

const WATCH_INTERVAL_MS = 30_000

/** Starts ClickHouse as a child process on `dataDir` and keeps it running until `stop()`. */
export async function openEmbedded(options: EngineOptions): Promise<Engine> {
  const { logger } = options
  const library = findLibrary()
  const program = findChildProgram()
  const folder = await openDataFolder(options.dataDir)
  const { current, state, onState, stop } = await supervised<Running, EngineError, EngineStateChange>({
    product: 'ClickHouse',
    logger,
    signal: options.signal,
    start: (signal, before) => startServer({ folder, library, program, options, signal }, before?.ports),
    asFailure: (cause) =>
      cause instanceof EngineError
        ? cause
        : new EngineError('start-failed', { subject: folder.path, reason: String(cause) }, { cause }),
    moved: (before, now) => before.ports.http !== now.ports.http || before.ports.tcp !== now.ports.tcp,
    place: ({ connection }) => ({ url: connection.url }),
    change: (state, connectionChanged, error) => ({ state, connectionChanged, ...(error ? { error } : {}) }),
    watch: ({ server, connection }) =>
      watchAnswers(connection.url, options.watchIntervalMs ?? WATCH_INTERVAL_MS, () => {
        logger.error({ pid: server.pid }, 'ClickHouse does not answer any more; replacing it')
        server.kill()
      }),
  })

  const { server, connection, version } = current()
  logger.info({ pid: server.pid, url: connection.url, version }, 'ClickHouse is running')
  const pid = () => current().server.pid
  return {
    get connection() {
      return current().connection
    },
    embedded: true,
    get version() {
      return current().version
    },
    get pid() {
      return pid()
    },
    state,
    onState,
    memoryBytes() {
      const running = pid()
      return running === undefined ? undefined : residentMemory(running)
    },
    stop,
  }
}
