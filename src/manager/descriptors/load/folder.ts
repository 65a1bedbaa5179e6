import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Bundle, BundleError, bundleLimits, isWanted } from './bundle.js'

/** Reads an unpacked jar. Links are followed, as a packed jar has real files. Throws `BundleError` as `readJar` does. */
export async function readFolder(path: string, builtIn: boolean): Promise<Bundle> {
  const files = new Map<string, Uint8Array>()
  let total = 0
  let entries = 0
  const walk = async (inner: string, depth: number): Promise<void> => {
    if (depth > 20) throw new BundleError(`${inner} is nested too deeply; look for a link that leads back`)
    const names = (await readdir(join(path, inner))).sort()
    for (const name of names) {
      const relative = inner === '' ? name : `${inner}/${name}`
      if (++entries > bundleLimits.entries)
        throw new BundleError(`has more than ${bundleLimits.entries} entries; that many are not taken`)
      const info = await stat(join(path, relative))
      if (info.isDirectory()) {
        if (isWanted(`${relative}/`)) await walk(relative, depth + 1)
        continue
      }
      if (!info.isFile() || !isWanted(relative)) continue
      total += info.size
      if (info.size > bundleLimits.fileBytes || total > bundleLimits.totalBytes)
        throw new BundleError(`${relative} is too large; ${bundleLimits.totalBytes} bytes in all are allowed`)
      files.set(relative, await readFile(join(path, relative)))
    }
  }
  try {
    await walk('', 0)
  } catch (error) {
    if (error instanceof BundleError) throw error
    throw new BundleError(`cannot be read (${(error as Error).message})`, { cause: error })
  }
  return { name: basename(path), path, kind: 'folder', builtIn, files }
}
