import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DesiredFile } from '../../wire/heartbeat.js'

export const MAX_FETCHED_BYTES = 256 * 1024 * 1024
const MAX_CACHE_BYTES = 512 * 1024 * 1024

/** Gets a path of the manager. */
export type Fetch = (path: string, maxBytes: number, signal: AbortSignal) => Promise<Buffer>

export interface Contents {
  /** Rejects when it cannot be fetched, or is not what the digest says. */
  of(file: DesiredFile, signal: AbortSignal): Promise<Buffer>
}

/** Contents of files; those that are fetched are kept by their digest, the least recently used go first. */
export function createContents(folder: string, fetch: Fetch): Contents {
  const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

  async function fetched(digest: string, url: string, signal: AbortSignal): Promise<Buffer> {
    const path = join(folder, digest)
    const kept = await readFile(path).catch(() => undefined)
    if (kept && digestOf(kept) === digest) return kept
    const bytes = await fetch(url, MAX_FETCHED_BYTES, signal)
    const got = digestOf(bytes)
    if (got !== digest) throw new Error(`what the manager has at ${url} is ${got}, not ${digest}`)
    // Only a cache: a full disk shows where it matters, in the process's folder.
    await keep(path, bytes).catch(() => {})
    return bytes
  }

  async function keep(path: string, bytes: Buffer) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(`${path}.new`, bytes, { mode: 0o600 })
    await rename(`${path}.new`, path)
    const files = await Promise.all(
      (await readdir(folder)).map(async (name) => {
        const { size, mtimeMs } = await stat(join(folder, name))
        return { name, size, mtimeMs }
      }),
    )
    let total = files.reduce((sum, { size }) => sum + size, 0)
    for (const { name, size } of files.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
      if (total <= MAX_CACHE_BYTES) return
      await rm(join(folder, name), { force: true })
      total -= size
    }
  }

  return {
    async of({ content, base64, digest, url }, signal) {
      if (content !== undefined) return Buffer.from(content)
      if (base64 !== undefined) return Buffer.from(base64, 'base64')
      return fetched(digest!, url!, signal)
    },
  }
}
