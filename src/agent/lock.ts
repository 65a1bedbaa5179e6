import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AgentError } from './errors.js'

/**
 * Makes a data folder and holds it for this process: two agents would write into one spool. The lock is a file that names its
 * process so exactly (id, start and boot) that it is known to be stale after SIGKILL, a restart of the host, or when
 * another process has the id. Returns the release, which may be called twice.
 * Throws AgentError `DATA_FOLDER_IN_USE` or `DATA_FOLDER_UNUSABLE`.
 */
export async function lockFolder(
  dataDir: string,
  holder: 'agent' | 'supervisor' = 'agent',
): Promise<() => Promise<void>> {
  const path = join(dataDir, `${holder}.lock`)
  const own = `${process.pid} ${await processStart(process.pid)}`
  const temporary = `${path}.${process.pid}`
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    await writeFile(temporary, own, { mode: 0o600 })
    try {
      for (let attempt = 0; ; attempt++) {
        try {
          // Not renamed: of two that start at the same time only one can make the link.
          await link(temporary, path)
          break
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt === 3) throw error
        }
        await removeStale(path, dataDir)
      }
    } finally {
      await rm(temporary, { force: true })
    }
  } catch (error) {
    if (error instanceof AgentError) throw error
    if (!FULL.has((error as NodeJS.ErrnoException).code ?? ''))
      throw new AgentError('DATA_FOLDER_UNUSABLE', { path: dataDir }, error)
    // A full disk is no reason not to watch the host: on without a lock, if nobody has it.
    await removeStale(path, dataDir)
  }
  return async () => {
    const content = await readFile(path, 'utf8').catch(() => '')
    if (content === own) await rm(path, { force: true })
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EROFS'])

async function removeStale(path: string, dataDir: string): Promise<void> {
  const content = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const [pid = '', ...start] = content.split(' ')
  const runs = /^\d+$/.test(pid) && (await processStart(Number(pid))) === start.join(' ') && start.length > 0
  if (runs) throw new AgentError('DATA_FOLDER_IN_USE', { path: dataDir, pid: Number(pid) })
  await rm(path, { force: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EROFS') throw error
  })
}

/** The process that holds a folder, if one does. */
export async function holderOf(dataDir: string, holder: 'agent' | 'supervisor'): Promise<number | undefined> {
  const content = await readFile(join(dataDir, `${holder}.lock`), 'utf8').catch(() => '')
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
