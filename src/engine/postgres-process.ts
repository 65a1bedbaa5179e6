import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { EngineLogger } from './engine.js'
import { LOOPBACK } from './port.js'
import { asAccount } from './postgres-account.js'
import { findPostgresChild } from './postgres-binaries.js'
import { PostgresError, type PostgresErrorCode } from './postgres-errors.js'
import { type PostgresFolder, serverEnvironment } from './postgres-folder.js'
import { createPostgresLog } from './postgres-log.js'

/** Longer than the child takes for its own steps from polite to hard. */
const STOP_BOUND_MS = 20_000

export interface PostgresProcess {
  /** Of PostgreSQL itself; undefined until it is known and after its end. */
  readonly pid: number | undefined
  /** Resolves when PostgreSQL and its watcher are gone; never rejects. */
  readonly exited: Promise<void>
  failure(fallback: PostgresErrorCode): PostgresError
  /** From now on its log goes on to ours. */
  released(): void
  stop(): Promise<void>
}

/** Small: the manager's state is some megabytes, and the memory belongs to what is managed. */
const SETTINGS: Record<string, string | number> = {
  listen_addresses: LOOPBACK,
  unix_socket_directories: '',
  max_connections: 60,
  shared_buffers: '32MB',
  work_mem: '4MB',
  maintenance_work_mem: '32MB',
  max_wal_size: '256MB',
  min_wal_size: '32MB',
  wal_level: 'minimal',
  max_wal_senders: 0,
  max_worker_processes: 2,
  max_parallel_workers: 0,
  autovacuum_max_workers: 1,
  io_method: 'sync',
  jit: 'off',
  huge_pages: 'off',
  checkpoint_completion_target: 0.5,
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'warning',
  log_statement: 'none',
  // What a statement held may be secret; the error itself goes to whoever asked.
  log_min_error_statement: 'panic',
  log_parameter_max_length_on_error: 0,
  log_line_prefix: '',
}

export function startPostgresProcess(
  folder: PostgresFolder,
  port: number,
  logger: EngineLogger,
): PostgresProcess {
  const log = createPostgresLog(logger)
  const settings = Object.entries({ ...SETTINGS, port }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  const { program, args, uid, gid } = asAccount(folder.account, [
    folder.binaries.postgres,
    '-D',
    folder.pgdata,
    ...settings,
  ])
  const child = spawn(
    process.execPath,
    [findPostgresChild(), String(uid ?? '-'), String(gid ?? '-'), program, ...args],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: '/',
      // A group of its own: Ctrl-C in the terminal must not end the database before its clients.
      detached: true,
      env: serverEnvironment(folder.binaries),
    },
  )
  let pid: number | undefined
  let gone = false
  let spawnError: Error | undefined
  child.stdin.on('error', () => {})
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    pid ??= Number(/pid (\d+)/.exec(text)?.[1]) || undefined
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => log.push(chunk))

  const exited = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      spawnError = error
      resolve()
    })
    // Its pipes stay open while a server lives on that has lost its watcher, so not 'close'.
    child.once('exit', () => setTimeout(resolve, 50))
  }).then(async () => {
    // The watcher was killed: nobody else would end the server.
    if (pid !== undefined && child.signalCode !== null) await endServer(pid)
    gone = true
  })

  return {
    get pid() {
      return gone ? undefined : pid
    },
    exited,
    failure(fallback) {
      const lines = log.lines()
      const how = spawnError?.message ?? ending(child.exitCode, child.signalCode)
      const code = recognise(lines.join('\n')) ?? fallback
      return new PostgresError(
        fallback === 'exited' && code === 'folder-in-use' ? fallback : code,
        { subject: folder.path, reason: how },
        { log: lines },
      )
    },
    released: () => log.release(),
    async stop() {
      child.stdin.end()
      const bound = new AbortController()
      await Promise.race([exited, delay(STOP_BOUND_MS, undefined, { signal: bound.signal }).catch(() => {})])
      bound.abort()
      if (gone) return
      logger.error({ pid }, 'PostgreSQL cannot be ended')
      child.kill('SIGKILL')
    },
  }
}

/**
 * Ends a server whose watcher and manager are both gone, as after a SIGKILL of the whole group. Its parent tells: it is
 * not a watcher of ours any more. False when there is none, or when it belongs to a manager that lives.
 */
export async function endOrphan(folder: PostgresFolder, logger: EngineLogger): Promise<boolean> {
  const pid = await holderOf(folder)
  if (pid === undefined) return false
  const program = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')
  if (!program.includes(folder.pgdata)) return false
  const parent = Number(
    /^PPid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'latin1').catch(() => ''))?.[1],
  )
  const watcher = await readFile(`/proc/${parent}/cmdline`, 'latin1').catch(() => '')
  if (watcher.includes('postgres-child')) return false
  logger.warn({ pid }, 'A PostgreSQL without its manager is still on the data folder; ending it')
  await endServer(pid)
  return true
}

/** Process id of the server that has the folder, or had it last. */
export async function holderOf(folder: PostgresFolder): Promise<number | undefined> {
  const text = await readFile(join(folder.pgdata, 'postmaster.pid'), 'latin1').catch(() => '')
  const pid = Number(text.split('\n')[0])
  return pid > 1 ? pid : undefined
}

async function endServer(pid: number): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (!send(pid, signal)) return
    for (let waited = 0; waited < 5_000; waited += 50) {
      await delay(50)
      if (!send(pid, 0)) return
    }
  }
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

function ending(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal) return `its watcher was ended by ${signal}`
  return code === null ? 'still running' : `exit status ${code}`
}

/** The causes that have an answer of their own, by what PostgreSQL says about them. */
function recognise(log: string): PostgresErrorCode | undefined {
  if (/lock file "postmaster\.pid" already exists|pre-existing shared memory block/.test(log))
    return 'folder-in-use'
  if (/Address already in use|could not create any TCP\/IP sockets/.test(log)) return 'port-in-use'
  if (/No space left on device|Disk quota exceeded/.test(log)) return 'disk-full'
  if (/Permission denied|Read-only file system/.test(log)) return 'folder-not-writable'
  return undefined
}
