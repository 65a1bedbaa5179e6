import { type ChildProcess, spawn } from 'node:child_process'
import type { EngineConnection, EngineLogger } from './engine.js'
import { EngineError, type EngineErrorCode } from './errors.js'
import { createLogTail } from './log-tail.js'
import { serverVersion } from './ping.js'
import type { Ports } from './port.js'

/** The child's last line when the engine's main function has returned, which it should never do. */
const ENDED_BY_ITSELF = 'The engine ended by itself.'

const POLL_MS = 25
const TERM_GRACE_MS = 5_000
const STOP_BOUND_MS = 15_000

export interface ServerProcess {
  readonly pid: number | undefined
  /** Resolves when the process is gone, however it went; never rejects. */
  readonly exited: Promise<void>
  /** Resolves with the server's version when it answers; rejects when it dies or the time is over. */
  ready(connection: EngineConnection, timeoutMs: number, signal?: AbortSignal): Promise<string>
  /** Why it is gone, from its exit and its last log lines. */
  failure(fallback: EngineErrorCode): EngineError
  /** SIGTERM, after 5 s SIGKILL; resolves when it is gone, or after 15 s when even that has no effect (a hung disk). */
  stop(): Promise<void>
  kill(): void
}

export interface ServerCommand {
  program: string
  library: string
  configFile: string
  ports: Ports
  /** For messages. */
  folder: string
}

/** Starts one child process. It ends with this process, however this one ends: its standard input is our pipe. */
export function startServerProcess(command: ServerCommand, logger: EngineLogger): ServerProcess {
  const tail = createLogTail(logger)
  const { program, library, configFile, ports } = command
  const args = [
    program,
    library,
    configFile,
    String(ports.http),
    ...(ports.tcp === undefined ? [] : [String(ports.tcp)]),
  ]
  const child = spawn(process.execPath, args, {
    stdio: ['pipe', 'ignore', 'pipe'],
    // A group of its own: Ctrl-C in the terminal must not kill the engine before its clients have flushed.
    detached: true,
    env: childEnvironment(),
  })
  let spawnError: Error | undefined
  const exited = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      spawnError = error
      if (child.pid === undefined) resolve()
    })
    // 'close', not 'exit': only then its last log lines have been read.
    child.once('close', () => resolve())
  })
  child.stdin!.on('error', () => {})
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => tail.push(chunk))

  let gone = false
  void exited.then(() => {
    gone = true
  })

  function failure(fallback: EngineErrorCode): EngineError {
    const log = tail.lines()
    const text = log.join('\n')
    const how = spawnError?.message ?? (text.includes(ENDED_BY_ITSELF) ? 'it ended by itself' : ending(child))
    const code = (fallback === 'exited' ? undefined : recognise(text)) ?? fallback
    const details = { subject: command.folder, reason: how }
    return new EngineError(code, details, { log, ...(spawnError ? { cause: spawnError } : {}) })
  }

  return {
    get pid() {
      return gone ? undefined : child.pid
    },
    exited,
    failure,
    async ready(connection, timeoutMs, signal) {
      const deadline = Date.now() + timeoutMs
      for (;;) {
        if (gone) throw failure('start-failed')
        if (signal?.aborted) throw new EngineError('aborted', { subject: command.folder })
        try {
          const timeLeft = Math.max(1, deadline - Date.now())
          const version = await serverVersion(connection, { timeoutMs: timeLeft, signal })
          tail.release()
          return version
        } catch (error) {
          if (error instanceof EngineError && error.code === 'wrong-password') {
            // Someone else's server on our port: the child will report the port as taken.
            await Promise.race([exited, delay(2_000)])
            throw failure('port-in-use')
          }
          if (error instanceof EngineError && error.code === 'version-too-old') throw error
        }
        if (Date.now() >= deadline) throw failure('start-timeout')
        await Promise.race([exited, delay(POLL_MS)])
      }
    },
    kill: () => void child.kill('SIGKILL'),
    async stop() {
      if (gone) return
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), TERM_GRACE_MS)
      await Promise.race([exited, delay(STOP_BOUND_MS)])
      clearTimeout(timer)
      if (!gone) logger.error({ pid: child.pid }, 'ClickHouse cannot be ended, not even by SIGKILL')
    },
  }
}

function ending(child: ChildProcess): string {
  if (child.exitCode !== null) return `exit status ${child.exitCode}`
  if (child.signalCode === 'SIGKILL') return 'ended by SIGKILL: by hand, or by the kernel for want of memory'
  if (child.signalCode !== null) return `ended by ${child.signalCode}`
  return 'still running'
}

/** The causes that have an answer of their own, by what ClickHouse says about them. */
function recognise(log: string): EngineErrorCode | undefined {
  if (/Cannot lock file|Another server instance in same directory/.test(log)) return 'folder-in-use'
  if (/Address already in use/.test(log)) return 'port-in-use'
  if (/No space left on device|NOT_ENOUGH_SPACE|Disk quota exceeded/.test(log)) return 'disk-full'
  if (/Permission denied|Read-only file system/.test(log)) return 'folder-not-writable'
  return undefined
}

/** Nothing of our environment but this: it may hold secrets. Time zone UTC, so that days and rollups are the same everywhere. */
function childEnvironment(): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'NODE_PATH']
  const kept = names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))
  return { ...Object.fromEntries(kept), TZ: 'UTC' }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
