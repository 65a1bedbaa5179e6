import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes of the files in a folder: each inode once (hard links), no more than what is allocated (sparse and preallocated files). */
export async function diskBytes(folder: string): Promise<number> {
  const seen = new Set<number>()
  let total = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const info = await lstat(join(entry.parentPath, entry.name)).catch(() => undefined)
    if (!info || seen.has(info.ino)) continue
    seen.add(info.ino)
    total += Math.min(info.size, info.blocks * 512)
  }
  return total
}
