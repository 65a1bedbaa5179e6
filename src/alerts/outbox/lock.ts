import { join } from 'node:path'
import { holdLock, LockHeldError } from '../../wire/lock-file.js'

/** Another publisher has the folder: two of them would write into one outbox. */
export class FolderInUseError extends Error {
  override name = 'FolderInUseError'
  constructor(dir: string, pid: number) {
    super(
      `the folder ${dir} is in use by another alert publisher (process ${pid}); end it or choose another folder with --data`,
    )
  }
}

/** Holds a folder for this process. Returns the release, which may be called twice. Throws `FolderInUseError`. */
export async function lockFolder(dir: string): Promise<() => Promise<void>> {
  try {
    return await holdLock(join(dir, 'lock'))
  } catch (error) {
    throw error instanceof LockHeldError ? new FolderInUseError(dir, error.pid) : error
  }
}
