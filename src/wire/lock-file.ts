import { link, readFile, rm, writeFile } from 'node:fs/promises'

/** Another process that runs has the lock. */
export class LockHeldError extends Error {
  override name = 'LockHeldError'
  readonly pid: number
  constructor(path: string, pid: number) {
    super(`${path} is held by process ${pid}`)
    this.pid = pid
  }
}

/** A disk on which nothing can be written is no reason not to work: on without a lock, if nobody has it. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EROFS'])
const MOST_ATTEMPTS = 4

/**
 * Holds a lock for this process: a file that names it so exactly (id, start and boot) that it is known to be stale after
 * SIGKILL, a restart of the host, or when another process has the id. Returns the release, which may be called twice.
 * Throws `LockHeldError`, or what the file system says.
 *
 * @example const release = await holdLock('/var/lib/bellwether/agent.lock')
 */
export async function holdLock(path: string): Promise<() => Promise<void>> {
  const own = `${process.pid} ${await processStart(process.pid)}`
  try {
    await makeLock(path, own)
  } catch (error) {
    if (!FULL.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    await removeStale(path)
  }
  return async () => {
    const content = await readFile(path, 'utf8').catch(() => '')
    if (content === own) await rm(path, { force: true })
  }
}

/** The process that holds a lock, if one does. */
export async function holderOfLock(path: string): Promise<number | undefined> {
  return runningIn(await readFile(path, 'utf8').catch(() => ''))
}

async function makeLock(path: string, own: string): Promise<void> {
  const temporary = `${path}.${process.pid}`
  await writeFile(temporary, own, { mode: 0o600 })
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        // Not renamed: of two that start at the same time only one can make the link.
        await link(temporary, path)
        return
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === MOST_ATTEMPTS) throw error
      }
      await removeStale(path)
    }
  } finally {
    await rm(temporary, { force: true })
  }
}

async function removeStale(path: string): Promise<void> {
  const content = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const pid = await runningIn(content)
  if (pid !== undefined) throw new LockHeldError(path, pid)
  await rm(path, { force: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EROFS') throw error
  })
}

/** The process that a lock names, if it still is that one. */
async function runningIn(content: string): Promise<number | undefined> {
  const [pid = '', ...start] = content.split(' ')
  const runs = /^\d+$/.test(pid) && start.length > 0 && (await processStart(Number(pid))) === start.join(' ')
  return runs ? Number(pid) : undefined
}

/** What tells a process from an earlier or later one of the same id; `gone` when there is none. */
async function processStart(pid: number): Promise<string> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ])
    // The command in parentheses may hold anything; the start time is field 22 (proc_pid_stat(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A zombie has ended, even if nobody waits for it (containers without an init).
    return fields[0] === 'Z' ? 'gone' : `${fields[19]} ${boot.trim()}`
  } catch {
    return 'gone'
  }
}
