import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { type Account, asAccount, chooseAccount, ownsData } from './postgres-account.js'
import { type Binaries, findBinaries } from './postgres-binaries.js'
import { PostgresError } from './postgres-errors.js'
import { explained, keptPassword, requireFree, writePrivate } from './private-files.js'

const run = promisify(execFile)

export const USER = 'bellwether'
export const DATABASE = 'bellwether'

/** Below this a start is not tried: PostgreSQL writes a segment of its log before anything else. */
const MIN_FREE_BYTES = 48 * 1024 ** 2
const INIT_TIMEOUT_MS = 120_000

/** What is in the folder: `pgdata/` PostgreSQL's own; `password`, `url` for us alone; `lib/` names of shared libraries. */
export interface PostgresFolder {
  path: string
  pgdata: string
  password: string
  account: Account
  binaries: Binaries
}

/** Makes what is missing; at the first start the password and PostgreSQL's own files too. */
export async function openPostgresFolder(dataDir: string): Promise<PostgresFolder> {
  const path = resolve(dataDir)
  return explained(path, PostgresError, async () => {
    await mkdir(path, { recursive: true, mode: 0o700 })
    // To pass through, for whoever is to own what is in it; closed again where that is us.
    await chmod(path, 0o711)
    const account = await chooseAccount(path)
    if (account.kind !== 'switch') await chmod(path, 0o700)
    const binaries = await findBinaries(path, account)
    const password = await keptPassword(join(path, 'password'))
    const folder = { path, pgdata: join(path, 'pgdata'), password, account, binaries }
    await checkFreeSpace(path)
    await initialised(folder)
    return folder
  })
}

export const checkFreeSpace = (path: string): Promise<void> =>
  requireFree(path, MIN_FREE_BYTES, PostgresError)

/** For a second manager on this machine: the whole URL, in a file for the owner alone. */
export async function writeUrl(folder: PostgresFolder, url: string): Promise<void> {
  await writePrivate(join(folder.path, 'url'), `${url}\n`)
}

/** What PostgreSQL's programs get: nothing of ours, which may hold secrets. */
export function serverEnvironment(binaries: Binaries): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    LC_ALL: 'C',
    TZ: 'UTC',
    LD_LIBRARY_PATH: binaries.libraryPath,
    DYLD_LIBRARY_PATH: binaries.libraryPath,
  }
}

/** Into another folder first: a start that was cut off, or two at a time, never leave half a database. */
async function initialised(folder: PostgresFolder): Promise<void> {
  const { pgdata, path, account, binaries } = folder
  try {
    const found = (await readFile(join(pgdata, 'PG_VERSION'), 'utf8')).trim()
    const { stdout } = await runAs(folder, [binaries.postgres, '--version'])
    const own = /(\d+)/.exec(stdout)?.[1]
    if (own !== found)
      throw new PostgresError('folder-version', { subject: path, reason: `${found}, this is ${own}` })
    return
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const making = join(path, `making.${randomBytes(6).toString('hex')}`)
  const secret = join(making, 'password')
  const made = join(making, 'pgdata')
  await mkdir(making, { mode: 0o700 })
  try {
    await writeFile(secret, `${folder.password}\n`, { mode: 0o600 })
    await mkdir(made, { mode: 0o700 })
    if (ownsData(account))
      for (const each of [secret, made, making]) await chown(each, account.uid, account.gid)
    await runAs(folder, [
      binaries.initdb,
      `--pgdata=${made}`,
      `--username=${USER}`,
      `--pwfile=${secret}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
    ])
    await rename(made, pgdata).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(making, { recursive: true, force: true })
  }
}

async function runAs(folder: PostgresFolder, command: string[]): Promise<{ stdout: string }> {
  const { program, args, ...ids } = asAccount(folder.account, command)
  try {
    return await run(program, args, {
      cwd: '/',
      env: serverEnvironment(folder.binaries),
      timeout: INIT_TIMEOUT_MS,
      ...ids,
    })
  } catch (cause) {
    const { stderr = '', message } = cause as { stderr?: string; message: string }
    const full = /No space left|Disk quota/.test(stderr)
    const reason = stderr.trim().split('\n').slice(-3).join(' ') || message
    throw new PostgresError(full ? 'disk-full' : 'start-failed', { subject: folder.path, reason }, { cause })
  }
}
