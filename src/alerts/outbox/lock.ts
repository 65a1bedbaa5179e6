import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Another publisher has the folder: two of them would write into one outbox. */
export class FolderInUseError extends Error {
  override name = 'FolderInUseError'
  constructor(dir: string, pid: string) {
    super(
      `the folder ${dir} is in use by another alert publisher (process ${pid}); end it or choose another folder with --data`,
    )
  }
}

/**
 * Holds a folder for this process by a file that names it so exactly (id, start, boot) that it is known to be stale after
 * SIGKILL. Returns the release, which may be called twice. Throws `FolderInUseError`.
 */
export async function lockFolder(dir: string): Promise<() => Promise<void>> {
  const path = join(dir, 'lock')
  const own = `${process.pid} ${await startOf(process.pid)}`
  try {
    await make(dir, path, own)
  } catch (error) {
    if (!FULL.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    // A full disk is no reason to stay silent: on without a lock, if nobody has it.
    await removeStale(dir, path)
  }
  return async () => {
    if ((await readFile(path, 'utf8').catch(() => '')) === own) await rm(path, { force: true })
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EROFS'])

async function make(dir: string, path: string, own: string): Promise<void> {
  const temporary = `${path}.${process.pid}`
  try {
    await writeFile(temporary, own, { mode: 0o600 })
    for (let attempt = 0; ; attempt++) {
      try {
        // Not renamed: of two that start at the same time only one can make the link.
        await link(temporary, path)
        return
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === 3) throw error
      }
      await removeStale(dir, path)
    }
  } finally {
    await rm(temporary, { force: true })
  }
}

async function removeStale(dir: string, path: string): Promise<void> {
  const [pid = '', ...start] = (await readFile(path, 'utf8').catch(() => '')).split(' ')
  if (start.length > 0 && (await startOf(Number(pid))) === start.join(' '))
    throw new FolderInUseError(dir, pid)
  await rm(path, { force: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EROFS') throw error
  })
}

/** What tells a process from another one that has, or had, the same id. */
async function startOf(pid: number): Promise<string> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ])
    // The command in parentheses may hold anything; the start time is field 22 (proc_pid_stat(5)).
    return `${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]} ${boot.trim()}`
  } catch {
    return 'gone'
  }
}
