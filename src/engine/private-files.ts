import { randomBytes } from 'node:crypto'
import { chmod, link, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises'
import type { FailureDetail } from './failure.js'

/** Files for their owner only, in the data folder of a database server, and what is said when the folder is no good. */

/** The class of the errors to throw: `EngineError` or `PostgresError`. */
export type FolderFailure = new (
  code: 'disk-full' | 'folder-not-writable',
  detail: FailureDetail,
  options?: { cause?: unknown },
) => Error

/** The password in `file`, made at the first start. */
export async function keptPassword(file: string): Promise<string> {
  const kept = await readPassword(file)
  if (kept) return kept
  if (kept === '') await rm(file, { force: true })
  const temporary = await writeTemporary(file, `${randomBytes(24).toString('base64url')}\n`)
  // Not renamed: of two first starts at the same time, both must end with the same password.
  await link(temporary, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(temporary)
  return (await readPassword(file))!
}

async function readPassword(file: string): Promise<string | undefined> {
  try {
    await chmod(file, 0o600)
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** In one step, so that a full disk never leaves half a file. */
export async function writePrivate(file: string, text: string): Promise<void> {
  await rename(await writeTemporary(file, text), file)
}

async function writeTemporary(file: string, text: string): Promise<string> {
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    await writeFile(temporary, text, { mode: 0o600, flush: true })
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  return temporary
}

/** Throws `disk-full` where less than `minBytes` are free for a start. */
export async function requireFree(path: string, minBytes: number, Failed: FolderFailure): Promise<void> {
  const { bavail, bsize } = await statfs(path)
  const free = bavail * bsize
  if (free >= minBytes) return
  const reason = `${(free / 1e6).toFixed(1)} MB are free, ${(minBytes / 1e6).toFixed(0)} MB are needed to start`
  throw new Failed('disk-full', { subject: path, reason })
}

/** Does work in `folder`; an error of the file system becomes one that says what to do. */
export async function explained<T>(
  folder: string,
  Failed: FolderFailure,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof Failed) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    const full = code === 'ENOSPC' || code === 'EDQUOT'
    throw new Failed(
      full ? 'disk-full' : 'folder-not-writable',
      { subject: folder, reason: message },
      { cause },
    )
  }
}
