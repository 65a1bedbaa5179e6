import { type ChildProcess, spawn } from 'node:child_process'
import { variableOf } from '../config/index.js'
import { packagePath } from '../wire/package-folder.js'
import { openLog } from './log-file.js'
import { EXIT_FATAL, type RoleMessage } from './role.js'

export interface ChildOptions {
  role: string
  /**
   * Handed over as environment variables, never as arguments: some are secret. Empty texts are left out. Read at each start,
   * so that what a first start has settled can be kept.
   */
  settings: Record<string, string | number>
  logFile: string
  /** Variables of this program that this role has no use for. */
  without?: readonly string[]
  onMessage?(message: RoleMessage): void
  /** The role says that a restart would not help. */
  onFatal(message: string): void
  onRestart(reason: string, delayMs: number): void
}

export interface Child {
  /** Resolves with the role's URL once it answers for the first time. */
  ready: Promise<string | undefined>
  /** Ends the role in good order; safe to call twice. */
  stop(): Promise<void>
  /** Ends it at once. */
  kill(): void
}

const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 30_000
/** A role that ran this long starts with the shortest delay again. */
const SETTLED_MS = 60_000
const STOP_TIMEOUT_MS = 20_000

/** Starts `bellwether ROLE` as a child process and starts it again, with growing delays, when it ends by itself. */
export function startChild(options: ChildOptions): Child {
  const log = openLog(options.logFile)
  let process_: ChildProcess | undefined
  let timer: NodeJS.Timeout | undefined
  let stopping = false
  let delay = FIRST_DELAY_MS
  let markReady: (url: string | undefined) => void = () => undefined
  const ready = new Promise<string | undefined>((resolve) => {
    markReady = resolve
  })
  let wasReady = false

  function start(): void {
    const startedAt = Date.now()
    const env = { ...process.env, ...variables(options.settings) }
    for (const name of options.without ?? []) delete env[name]
    // A group of its own, so that Ctrl-C reaches the parent alone and the order of stopping is the parent's.
    const child = spawn(process.execPath, [packagePath('dist/cli/main.js'), options.role], {
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    process_ = child
    child.stdout?.on('data', log.write)
    child.stderr?.on('data', log.write)
    child.on('message', (message: RoleMessage) => {
      if (message.type === 'ready') {
        wasReady = true
        markReady(message.url)
      } else if (message.type !== 'fatal') options.onMessage?.(message)
      else if (!wasReady) {
        stopping = true
        options.onFatal(message.message)
      }
    })
    child.on('error', (error) => options.onFatal(error.message))
    child.on('exit', (code, signal) => {
      process_ = undefined
      if (stopping) return
      if (code === EXIT_FATAL && !wasReady)
        return options.onFatal(`ended with code ${code}; see ${options.logFile}`)
      if (Date.now() - startedAt > SETTLED_MS) delay = FIRST_DELAY_MS
      options.onRestart(signal ?? `code ${code}`, delay)
      timer = setTimeout(start, delay)
      delay = Math.min(delay * 2, LONGEST_DELAY_MS)
    })
  }

  start()
  return {
    ready,
    async stop() {
      stopping = true
      clearTimeout(timer)
      const child = process_
      if (child && child.exitCode === null && child.signalCode === null) {
        const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
        const force = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
        child.kill('SIGTERM')
        await gone
        clearTimeout(force)
      }
      log.close()
    },
    kill() {
      process_?.kill('SIGKILL')
    },
  }
}

function variables(settings: Record<string, string | number>): Record<string, string> {
  const result: Record<string, string> = {}
  for (const [key, value] of Object.entries(settings))
    if (value !== '') result[variableOf(key)] = String(value)
  return result
}
