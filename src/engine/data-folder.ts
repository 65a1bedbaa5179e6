import { createHash } from 'node:crypto'
import { chmod, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { EngineError } from './errors.js'
import { explained, keptPassword, requireFree, writePrivate } from './private-files.js'
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
  return explained(path, EngineError, async () => {
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
  await explained(folder.path, EngineError, async () => {
    await writePrivate(usersFile, usersConfigXml(USERNAME, hash, config.memoryLimitBytes))
    const dataPath = join(folder.path, 'data')
    await writePrivate(folder.configFile, serverConfigXml({ ...config, dataPath, usersFile }))
  })
}

/** Throws `disk-full` where there is no room to start in. */
export async function checkFreeSpace(folder: DataFolder): Promise<void> {
  await explained(folder.path, EngineError, () => requireFree(folder.path, MIN_FREE_BYTES, EngineError))
}
