import { createHash, randomBytes } from 'node:crypto'
import { chmod, link, mkdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { EngineError } from './errors.js'
import { type ServerConfig, serverConfigXml, usersConfigXml } from './server-config.js'

export const USERNAME = 'bellwether'

/** Below this, a start is not even tried: ClickHouse needs room for its own files before it can free any. */
export const MIN_FREE_BYTES = 16 * 1024 ** 2

/**
 * What the engine keeps in its folder, all of it for its owner only:
 * `password`, `config.xml`, `users.xml`, and ClickHouse's own files in `data/`.
 */
export interface DataFolder {
  path: string
  configFile: string
  password: string
}

/** Makes the folder where it is missing, and the password at the first start. */
export async function openDataFolder(dataDir: string): Promise<DataFolder> {
  const path = resolve(dataDir)
  return explained(path, async () => {
    for (const folder of [path, join(path, 'data')]) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await chmod(folder, 0o700)
    }
    return {
      path,
      configFile: join(path, 'config.xml'),
      password: await keptPassword(join(path, 'password')),
    }
  })
}

/** Writes the server's configuration for the next start. */
export async function writeConfig(
  folder: DataFolder,
  config: Omit<ServerConfig, 'dataPath' | 'usersFile'>,
): Promise<void> {
  const usersFile = join(folder.path, 'users.xml')
  const hash = createHash('sha256').update(folder.password).digest('hex')
  await explained(folder.path, async () => {
    await writePrivate(usersFile, usersConfigXml(USERNAME, hash, config.memoryLimitBytes))
    const dataPath = join(folder.path, 'data')
    await writePrivate(folder.configFile, serverConfigXml({ ...config, dataPath, usersFile }))
  })
}

/** Throws `disk-full` where there is no room to start in. */
export async function checkFreeSpace(folder: DataFolder): Promise<void> {
  const { bavail, bsize } = await explained(folder.path, () => statfs(folder.path))
  const free = bavail * bsize
  if (free >= MIN_FREE_BYTES) return
  const reason = `${(free / 1e6).toFixed(1)} MB are free, ${(MIN_FREE_BYTES / 1e6).toFixed(0)} MB are needed to start`
  throw new EngineError('disk-full', { subject: folder.path, reason })
}

async function keptPassword(file: string): Promise<string> {
  const kept = await readPassword(file)
  if (kept === '') await rm(file, { force: true })
  if (kept) {
    await chmod(file, 0o600)
    return kept
  }
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
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** In one step, so that a full disk never leaves half a file. */
async function writePrivate(file: string, text: string): Promise<void> {
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

async function explained<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const full = code === 'ENOSPC' || code === 'EDQUOT'
    throw new EngineError(
      full ? 'disk-full' : 'folder-not-writable',
      { subject: folder, reason: message },
      { cause },
    )
  }
}
