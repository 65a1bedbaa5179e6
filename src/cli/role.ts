import { type Logger, pino } from 'pino'
import { help, type Options, resolve, SettingsError, type Values } from '../config/index.js'

/** What a running role gives back: how to reach it, if it listens, and how to end it. */
export interface Running {
  url?: string
  /** There is nothing left to run. */
  finished?: boolean
  /** Rejects when something comes up that only a person can mend. */
  failed?: Promise<never>
  stop(): Promise<void>
}

export interface Role<O extends Options> {
  name: string
  summary: string
  options: O
  start(values: Values<O>, context: { logger: Logger; signal: AbortSignal }): Promise<Running>
}

/** Exit code for what a restart cannot mend: settings, a port in use, a folder that is not writable. */
export const EXIT_FATAL = 78

/** Messages from a role to the `up` that started it. */
export type RoleMessage =
  | { type: 'ready'; url?: string }
  | { type: 'fatal'; message: string }
  | { type: 'first-user'; name: string; password: string; file: string }

const STOP_TIMEOUT_MS = 15_000

/**
 * Runs a role until SIGINT, SIGTERM, or the end of the process that started it (seen as a cut IPC channel), and returns
 * the exit code. A first signal stops in good order, a second one at once.
 */
export async function runRole<O extends Options>(role: Role<O>, args: string[]): Promise<number> {
  let values: Values<O>
  try {
    const resolved = resolve(role.options, args, process.env)
    values = resolved.values
    if ((values as { help?: boolean }).help) {
      process.stdout.write(help(`bellwether ${role.name} [OPTIONS]`, role.summary, role.options))
      return 0
    }
    if (resolved.words.length > 0)
      throw new SettingsError(`"${resolved.words[0]}" is not an option. See --help.`)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    return fatal(role.name, error)
  }

  const logger = pino({ name: role.name, level: (values as { logLevel?: string }).logLevel ?? 'info' })
  const abort = new AbortController()
  const ended = endOfProcess()
  let running: Running
  try {
    const start = role.start(values, { logger, signal: abort.signal })
    const first = await Promise.race([start, ended.then(() => undefined)])
    if (first === undefined) {
      abort.abort()
      await start.then((late) => late.stop()).catch(() => undefined)
      leave()
      return 0
    }
    running = first
  } catch (error) {
    logger.fatal(isExpected(error) ? { reason: explain(error) } : { err: error }, 'could not start')
    return fatal(role.name, error)
  }
  if (running.finished) return 0
  tell({ type: 'ready', ...(running.url ? { url: running.url } : {}) })
  logger.info({ url: running.url }, 'running')

  let failure: unknown
  const reason = await Promise.race([ended, running.failed ?? ended]).catch((error) => {
    failure = error
    return 'failure'
  })
  logger.info({ reason }, 'stopping')
  abort.abort()
  const timer = setTimeout(() => {
    logger.error('did not stop in time')
    process.exit(1)
  }, STOP_TIMEOUT_MS)
  timer.unref()
  await running.stop()
  clearTimeout(timer)
  if (failure !== undefined) return fatal(role.name, failure)
  leave()
  return 0
}

function endOfProcess(): Promise<string> {
  return new Promise((resolvePromise) => {
    let asked = false
    const end = (reason: string) => {
      if (asked && reason.startsWith('SIG')) process.exit(130)
      asked = true
      resolvePromise(reason)
    }
    process.on('SIGINT', () => end('SIGINT'))
    process.on('SIGTERM', () => end('SIGTERM'))
    process.on('disconnect', () => end('parent gone'))
  })
}

/** Tells the `up` that started this role, if there is one. */
export function tell(message: RoleMessage): void {
  if (process.connected) process.send?.(message)
}

function fatal(name: string, error: unknown): number {
  const message = explain(error)
  tell({ type: 'fatal', message })
  process.stderr.write(`bellwether ${name}: ${message}\n`)
  leave()
  return EXIT_FATAL
}

/** An open channel to the `up` that started this role would keep the process alive. */
function leave(): void {
  if (process.connected) process.disconnect()
}

/** A mistake in a setting or something about this machine: where in the program it was noticed helps nobody. */
function isExpected(error: unknown): boolean {
  return error instanceof SettingsError || (error instanceof Error && explain(error) !== error.message)
}

type SystemError = NodeJS.ErrnoException & { address?: string; port?: number; hostname?: string }

/** What a person should read about an error at start; the stack of one that nobody expects goes to the log. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, syscall, address, port, path, hostname } = error as SystemError
  if (code === 'EADDRINUSE')
    return `port ${port} on ${address} is in use, perhaps by a Bellwether that runs already; end what listens there or choose another port (--help)`
  if (syscall === 'getaddrinfo')
    return `there is no address of the name ${hostname}; --host takes an address of this machine, or a name that leads to one`
  if (code === 'EADDRNOTAVAIL') return `this machine has no address ${address}; choose another --host`
  if (code === 'EACCES' && port !== undefined) return `port ${port} needs more rights; choose one above 1023`
  if ((code === 'EACCES' || code === 'EPERM' || code === 'EROFS') && path)
    return `the folder ${path} is not writable; choose another with --data`
  if (code === 'ENOSPC')
    return `the disk is full${path ? ` (${path})` : ''}; free some space or choose another folder with --data`
  return error.message
}
