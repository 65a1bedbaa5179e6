import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Core } from '../core.js'
import { createFirstUser } from '../users/index.js'

export interface FirstUser {
  name: 'admin'
  /** To be shown once, on a terminal and in no log. */
  password: string
  /** Holds the password, for whoever may read the data folder. */
  file: string
}

/**
 * Makes the user `admin` where there is no user at all, with the given password (`BELLWETHER_ADMIN_PASSWORD`) or a random
 * one, which is returned and written to `file` (0600). Undefined: there was nothing to do, or the password was given.
 */
export async function ensureFirstUser(
  core: Core,
  options: { password: string | undefined; file: string },
): Promise<FirstUser | undefined> {
  const { file } = options
  const password = await core.change(async ({ trx }) => {
    const made = await createFirstUser(trx, options.password || undefined)
    if (made === undefined) return undefined
    // Before the commit: a password that nobody can read would lock everyone out.
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await writeFile(file, `${made}\n`, { mode: 0o600 })
    return made
  })
  return password === undefined ? undefined : { name: 'admin', password, file }
}
