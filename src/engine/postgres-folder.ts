import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, chown, link, mkdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { type Account, asAccount, chooseAccount, ownsData } from './postgres-account.js'
import { type Binaries, findBinaries } from './postgres-binaries.js'
import { PostgresError } from './postgres-errors.js'

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
  return explained(path, async () => {
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

export async function checkFreeSpace(path: string): Promise<void> {
  const { bavail, bsize } = await statfs(path)
  const free = bavail * bsize
  if (free >= MIN_FREE_BYTES) return
  const reason = `${(free / 1e6).toFixed(1)} MB are free, ${(MIN_FREE_BYTES / 1e6).toFixed(0)} MB are needed to start`
  throw new PostgresError('disk-full', { subject: path, reason })
}

/** For a second manager on this machine: the whole URL, in a file for the owner alone. */
export async function writeUrl(folder: PostgresFolder, url: string): Promise<void> {
  const temporary = join(folder.path, `url.${process.pid}`)
  await writeFile(temporary, `${url}\n`, { mode: 0o600 })
  await rename(temporary, join(folder.path, 'url'))
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

async function keptPassword(file: string): Promise<string> {
  const kept = await readPassword(file)
  if (kept) return kept
  if (kept === '') await rm(file, { force: true })
  const temporary = `${file}.${randomBytes(6).toString('hex')}`
  await writeFile(temporary, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flush: true })
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

async function explained<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof PostgresError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    const full = code === 'ENOSPC' || code === 'EDQUOT'
    throw new PostgresError(
      full ? 'disk-full' : 'folder-not-writable',
      { subject: folder, reason: message },
      { cause },
    )
  }
}
