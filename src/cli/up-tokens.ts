import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readTokens } from '../config/index.js'
import { isLoopback } from '../wire/host-check.js'

/** Files with tokens, for the owner of the data folder alone; empty: none. */
export interface UpTokens {
  /** With which the agent beside the manager joins it. */
  join: string
  /** The monitor's, where its port is open to others. */
  monitor: string
  /** For senders other than agents. */
  senders: string
}

/**
 * Makes what is missing; what is there stays as it is. On loopback the monitor's port is open to this machine, unless
 * there are tokens in the data folder. Throws `SettingsError` for tokens that are not good.
 */
export async function makeTokens(
  data: string,
  { host, senderTokenFile }: { host: string; senderTokenFile: string },
): Promise<UpTokens> {
  const join_ = join(data, 'join-token')
  await make(join_, 'bwj_')
  const closed = !isLoopback(host) || senderTokenFile !== ''
  if (!closed) return { join: join_, monitor: '', senders: '' }
  const monitor = join(data, 'monitor-token')
  const senders = senderTokenFile || join(data, 'sender-tokens')
  await make(monitor, 'bwm_')
  if (senderTokenFile === '') await make(senders, 'bws_')
  readTokens(senders)
  return { join: join_, monitor, senders }
}

async function make(file: string, prefix: string): Promise<void> {
  const token = `${prefix}${randomBytes(24).toString('base64url')}`
  try {
    await writeFile(file, `${token}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
