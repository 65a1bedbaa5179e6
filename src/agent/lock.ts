import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { holderOfLock, holdLock, LockHeldError } from '../wire/lock-file.js'
import { AgentError } from './errors.js'

type Holder = 'agent' | 'supervisor'

/**
 * Makes a data folder and holds it for this process: two agents would write into one spool. Returns the release, which may be
 * called twice. Throws AgentError `DATA_FOLDER_IN_USE` or `DATA_FOLDER_UNUSABLE`.
 */
export async function lockFolder(dataDir: string, holder: Holder = 'agent'): Promise<() => Promise<void>> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    return await holdLock(lockOf(dataDir, holder))
  } catch (error) {
    if (error instanceof LockHeldError)
      throw new AgentError('DATA_FOLDER_IN_USE', { path: dataDir, pid: error.pid })
    throw new AgentError('DATA_FOLDER_UNUSABLE', { path: dataDir }, error)
  }
}

/** The process that holds a folder, if one does. */
export const holderOf = (dataDir: string, holder: Holder): Promise<number | undefined> =>
  holderOfLock(lockOf(dataDir, holder))

const lockOf = (dataDir: string, holder: Holder) => join(dataDir, `${holder}.lock`)
