import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Files of one folder that are followed at most. */
const MOST_FILES = 30

/** `hdfs.log`, `hdfs.log.out`, `stderr.log`, `server.err`; not what rotation has set aside, nor GC and audit logs. */
const FOLLOWED = /\.(log|out|err|log\.out)$/i
const LEFT_OUT = /(^|[-_.])(gc|audit)([-_.]|$)/i

/** Paths of the logs in a folder, in the order of their names; empty when it cannot be read. */
export async function logFilesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [] as string[])
  return names
    .filter((name) => FOLLOWED.test(name) && !LEFT_OUT.test(name))
    .toSorted()
    .slice(0, MOST_FILES)
    .map((name) => join(folder, name))
}

/**
 * What rotation has set aside since `file` (`<dev>:<ino>`) was the one at `path`: that one first, then the later ones in their
 * order. Empty when it is still there, or gone for good.
 */
export async function rotatedSince(path: string, file: string): Promise<{ path: string; file: string }[]> {
  const base = basename(path)
  const names = await readdir(dirname(path)).catch(() => [] as string[])
  const found: { path: string; file: string; time: number }[] = []
  for (const name of names) {
    if (
      name === base ||
      !/^[-._]/.test(name.slice(base.length)) ||
      !name.startsWith(base) ||
      /\.(gz|zst|bz2|xz|zip)$/.test(name)
    )
      continue
    const one = join(dirname(path), name)
    const info = await stat(one).catch(() => undefined)
    if (info?.isFile()) found.push({ path: one, file: `${info.dev}:${info.ino}`, time: info.mtimeMs })
  }
  // Written in the same moment: the higher number is the older one.
  found.sort((a, b) => a.time - b.time || numberOf(b.path) - numberOf(a.path))
  const at = found.findIndex((one) => one.file === file)
  return at < 0 ? [] : found.slice(at)
}

const numberOf = (path: string) => Number(/(\d{1,9})$/.exec(path)?.[1] ?? 0)
