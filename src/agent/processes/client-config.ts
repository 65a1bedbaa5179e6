import { execFile } from 'node:child_process'
import { chmod, cp, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { DesiredClientConfig } from '../../wire/heartbeat.js'
import type { Account } from '../supervisor/account.js'
import { SYSTEM_PATH } from '../supervisor/account.js'
import type { WrittenFile } from './folder.js'
import { writeFolder } from './folder.js'

const run = promisify(execFile)

/** Replaces the folder of a client configuration as a whole, and tells update-alternatives(1). Rejects with the reason. */
export async function deployClientConfig(
  config: DesiredClientConfig,
  files: readonly WrittenFile[],
  from: string | undefined,
  account: Account,
): Promise<void> {
  const { directory, alternatives } = config
  const parent = dirname(directory)
  await mkdir(parent, { recursive: true, mode: 0o755 })
  const fresh = from === undefined ? await written(config, files, account) : await copied(config, from)
  const old = join(parent, `.old-${config.name}`)
  await rm(old, { recursive: true, force: true })
  const there = await lstat(directory).catch(() => undefined)
  if (there) await rename(directory, old)
  await rename(fresh, directory)
  await rm(old, { recursive: true, force: true })
  if (alternatives)
    await run(
      await alternativesCommand(),
      ['--install', alternatives.link, alternatives.name, directory, String(alternatives.priority)],
      { timeout: 30_000, env: { PATH: SYSTEM_PATH, LC_ALL: 'C' } },
    )
}

async function written(
  config: DesiredClientConfig,
  files: readonly WrittenFile[],
  account: Account,
): Promise<string> {
  const folder = await writeFolder(dirname(config.directory), `.deploy-${config.name}`, files, account)
  // A process's folder has one for its logs.
  await rm(join(folder, 'logs'), { recursive: true, force: true })
  return folder
}

async function copied(config: DesiredClientConfig, from: string): Promise<string> {
  const fresh = join(dirname(config.directory), `.deploy-${config.name}`)
  await rm(fresh, { recursive: true, force: true })
  // Links are copied as links: a script of a service must not make us read what it could not.
  await cp(from, fresh, { recursive: true, dereference: false, verbatimSymlinks: true })
  await openToAll(fresh)
  return fresh
}

/** A client's configuration is read by whoever runs the client, except for files that are closed (0600): those hold secrets. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await openToAll(path)
    else if (entry.isFile()) {
      const { mode } = await lstat(path)
      if ((mode & 0o077) !== 0) await chmod(path, mode & 0o100 ? 0o755 : 0o644)
    }
  }
}

async function alternativesCommand(): Promise<string> {
  for (const folder of SYSTEM_PATH.split(':'))
    for (const name of ['update-alternatives', 'alternatives'])
      if ((await readdir(folder).catch((): string[] => [])).includes(name)) return join(folder, name)
  throw new Error('there is no update-alternatives on this host')
}
