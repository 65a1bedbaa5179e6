import { chmod, chown, lstat, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

const OURS = /^(\d+-[A-Za-z0-9_.-]+|\.(new|old|gone)-.+)$/

/**
 * Removes folders of processes that are neither wanted nor known any more, once nothing in them has changed for `maxAgeMs`, or
 * there are more than `maxCount` of them (the oldest then). Returns the names of those removed.
 */
export async function removeOrphans(
  root: string,
  known: ReadonlySet<string>,
  { maxAgeMs, maxCount, now = Date.now() }: { maxAgeMs: number; maxCount: number; now?: number },
): Promise<string[]> {
  const names = await readdir(root).catch(() => [])
  const orphans: { name: string; changed: number }[] = []
  for (const name of names) {
    if (!OURS.test(name) || known.has(name)) continue
    const changed = await lastChange(join(root, name))
    if (changed !== undefined) orphans.push({ name, changed })
  }
  orphans.sort((a, b) => b.changed - a.changed)
  const removed: string[] = []
  for (const [i, { name, changed }] of orphans.entries()) {
    if (i < maxCount && now - changed < maxAgeMs) continue
    await removeFolder(root, name)
    removed.push(name)
  }
  return removed
}

async function lastChange(folder: string): Promise<number | undefined> {
  const inLogs = await readdir(join(folder, 'logs')).catch(() => [])
  const paths = [folder, join(folder, 'logs'), ...inLogs.map((name) => join(folder, 'logs', name))]
  const times = await Promise.all(
    paths.map((path) =>
      lstat(path).then(
        (stat) => (path !== folder || stat.isDirectory() ? stat.mtimeMs : Number.NaN),
        () => 0,
      ),
    ),
  )
  return Number.isNaN(times[0]!) ? undefined : Math.max(...times)
}

/** First closed to its user, who could otherwise put a link in the way of a removal by root. */
export async function removeFolder(root: string, name: string): Promise<void> {
  const path = join(root, `.gone-${name.replace(/^\.(new|old|gone)-/, '')}`)
  if (join(root, name) !== path) {
    await rm(path, { recursive: true, force: true })
    await rename(join(root, name), path)
  }
  if (process.getuid!() === 0) await chown(path, 0, 0)
  await chmod(path, 0o700)
  await rm(path, { recursive: true, force: true })
}
