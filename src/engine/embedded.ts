import { availableParallelism } from 'node:os'
import { type Backoff, createBackoff } from './backoff.js'
import { checkFreeSpace, type DataFolder, openDataFolder, USERNAME, writeConfig } from './data-folder.js'
import type { Engine, EngineConnection, EngineOptions, EngineState, EngineStateChange } from './engine.js'
import { EngineError } from './errors.js'
import { findChildProgram, findLibrary } from './library.js'
import { defaultMemoryLimit, residentMemory } from './memory.js'
import { freePort, LOOPBACK } from './port.js'
import { type ServerProcess, startServerProcess } from './server-process.js'

const PORT_ATTEMPTS = 5
/** So many failed starts in a row make the state `failed`; it is still tried again, at the slowest rate. */
const FAILED_AFTER = 5

interface Ports {
  http: number
  tcp: number | undefined
}

interface Running {
  server: ServerProcess
  ports: Ports
  version: string
}

/** Starts ClickHouse as a child process on `dataDir` and keeps it running until `stop()`. */
export async function openEmbedded(options: EngineOptions): Promise<Engine> {
  const { logger, dataDir, signal } = options
  const library = findLibrary()
  const program = findChildProgram()
  const folder = await openDataFolder(dataDir)
  const ending = new AbortController()
  const start = (ports?: Ports) =>
    startOnFreePort({ folder, library, program, options, ports, signal: ending.signal })

  const onAbort = () => ending.abort()
  if (signal?.aborted) throw new EngineError('aborted', { subject: folder.path })
  signal?.addEventListener('abort', onAbort, { once: true })

  let running: Running
  try {
    running = await start()
  } catch (error) {
    signal?.removeEventListener('abort', onAbort)
    throw error
  }

  let state: EngineState = 'running'
  let connection = connectionOf(folder, running.ports)
  const listeners = new Set<(change: EngineStateChange) => void>()

  function change(next: EngineState, error?: EngineError, connectionChanged = false): void {
    if (state === 'stopped' || (state === next && !connectionChanged)) return
    state = next
    for (const listener of listeners) {
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
      await running.server.exited
      if (ending.signal.aborted) return
      const error = running.server.failure('exited')
      logger.error({ code: error.code, reason: error.message }, 'ClickHouse has died; restarting it')
      change('restarting', error)
      await restart(backoff)
    }
  }

  async function restart(backoff: Backoff): Promise<void> {
    for (let failures = 0; ; ) {
      const waited = await backoff.wait(ending.signal)
      if (!waited) return
      try {
        const before = connection
        running = await start(running.ports)
        connection = connectionOf(folder, running.ports)
        const moved = before.url !== connection.url || before.tcpPort !== connection.tcpPort
        logger.info({ pid: running.server.pid, url: connection.url, moved }, 'ClickHouse is running again')
        change('running', undefined, moved)
        return
      } catch (cause) {
        if (ending.signal.aborted) return
        const error = asEngineError(cause, folder)
        failures++
        const fields = { code: error.code, reason: error.message, failures, retryInMs: backoff.nextMs() }
        logger.error(fields, 'ClickHouse could not be restarted')
        if (failures >= FAILED_AFTER || error.code === 'disk-full') change('failed', error)
      }
    }
  }

  const supervision = supervise()
  let stopping: Promise<void> | undefined
  function stop(): Promise<void> {
    stopping ??= (async () => {
      ending.abort()
      signal?.removeEventListener('abort', stop)
      change('stopped')
      await running.server.stop()
      await supervision
      // A restart may have succeeded in the same moment.
      await running.server.stop()
      listeners.clear()
    })()
    return stopping
  }
  ending.signal.addEventListener('abort', () => void stop(), { once: true })

  logger.info(
    { pid: running.server.pid, url: connection.url, version: running.version },
    'ClickHouse is running',
  )
  return {
    get connection() {
      return connection
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

interface StartRequest {
  folder: DataFolder
  library: string
  program: string
  options: EngineOptions
  /** Those of the last process, to be kept where possible. */
  ports: Ports | undefined
  signal: AbortSignal
}

async function startOnFreePort(request: StartRequest): Promise<Running> {
  const { folder, library, program, options, signal } = request
  await checkFreeSpace(folder)
  let ports = request.ports
  for (let attempt = 1; ; attempt++) {
    ports ??= { http: await freePort(), tcp: options.listenTcp ? await freePort() : undefined }
    await writeConfig(folder, {
      httpPort: ports.http,
      tcpPort: ports.tcp,
      memoryLimitBytes: options.memoryLimitBytes ?? defaultMemoryLimit(),
      cores: availableParallelism(),
    })
    const command = {
      program,
      library,
      configFile: folder.configFile,
      listenTcp: ports.tcp !== undefined,
      folder: folder.path,
    }
    const server = startServerProcess(command, options.logger)
    try {
      const version = await server.ready(
        connectionOf(folder, ports),
        options.startTimeoutMs ?? 60_000,
        signal,
      )
      return { server, ports, version }
    } catch (error) {
      await server.stop()
      const taken = error instanceof EngineError && error.code === 'port-in-use'
      if (!taken || attempt >= PORT_ATTEMPTS) throw error
      options.logger.warn({ port: ports.http }, 'The port of ClickHouse was taken meanwhile; trying another')
      ports = undefined
    }
  }
}

function connectionOf(folder: DataFolder, ports: Ports): EngineConnection {
  return {
    url: `http://${LOOPBACK}:${ports.http}`,
    username: USERNAME,
    password: folder.password,
    ...(ports.tcp === undefined ? {} : { tcpPort: ports.tcp }),
  }
}

function asEngineError(cause: unknown, folder: DataFolder): EngineError {
  if (cause instanceof EngineError) return cause
  return new EngineError('start-failed', { subject: folder.path, reason: String(cause) }, { cause })
}
