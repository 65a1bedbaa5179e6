import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs'
import type { Account } from './account.js'

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR, O_WRONLY } = constants
const CHUNK = 256 * 1024
const FILES = ['stdout.log', 'stderr.log'] as const

export interface Logs {
  /** Descriptors for a process to write to, each at its end. */
  readonly stdout: number
  readonly stderr: number
  /** Cuts a file that has grown too large, keeping its end in an older one. Returns the most that either grew since the last call. */
  bound(): number
  /** The last line of stderr that says something, cut to 300 characters; empty without one. */
  lastWords(): string
  close(): void
}

const WORDS_BYTES = 2_000
const WORDS_LENGTH = 300

/**
 * Opens `logs/stdout.log` and `logs/stderr.log` of a process's folder. The process writes to the files itself, not to
 * a pipe of ours: it must not get SIGPIPE when the supervisor dies, nor wait for it. So they are bounded by copying the end away
 * and truncating; what is written between the two is lost.
 *
 * The folder belongs to the process's user, who could put links where we, often as root, write. So no link is followed, and
 * a file with another owner or a second name is refused. Throws when it is so, or the disk is full.
 */
export function openLogs(
  folder: string,
  account: Account,
  limits: { maxBytes: number; backups: number },
): Logs {
  const root = openSync(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  let directory: number
  try {
    directory = openSync(`/proc/self/fd/${root}/logs`, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  } finally {
    closeSync(root)
  }
  const at = (name: string) => `/proc/self/fd/${directory}/${name}`
  const opened: number[] = []
  try {
    for (const name of FILES) opened.push(openLog(at(name), account))
  } catch (error) {
    for (const fd of [...opened, directory]) closeSync(fd)
    throw error
  }
  const [stdout, stderr] = opened as [number, number]
  const sizes = [0, 0]

  function cut(fd: number, name: string) {
    try {
      for (let n = limits.backups; n > 1; n--) moveQuietly(at(`${name}.${n - 1}`), at(`${name}.${n}`))
      if (limits.backups > 0) copyEnd(fd, at(`${name}.1`), limits.maxBytes, account)
    } catch {
      // A full disk: losing old lines is better than keeping it full.
    }
    ftruncateSync(fd, 0)
  }

  return {
    stdout,
    stderr,
    bound() {
      let most = 0
      for (const [i, fd] of [stdout, stderr].entries()) {
        const size = fstatSync(fd).size
        most = Math.max(most, size - sizes[i]!)
        sizes[i] = size
        if (size <= limits.maxBytes) continue
        cut(fd, FILES[i]!)
        sizes[i] = 0
      }
      return most
    },
    lastWords() {
      const buffer = Buffer.alloc(WORDS_BYTES)
      const length = readSync(
        stderr,
        buffer,
        0,
        WORDS_BYTES,
        Math.max(0, fstatSync(stderr).size - WORDS_BYTES),
      )
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this takes out
      const text = buffer.toString('utf8', 0, length).replace(/[\0-\x09\x0b-\x1f\x7f]/g, ' ')
      return (text.trimEnd().split('\n').at(-1) ?? '').trim().slice(0, WORDS_LENGTH)
    },
    close() {
      for (const fd of [stdout, stderr, directory]) closeSync(fd)
    },
  }
}

function openLog(path: string, account: Account): number {
  const fd = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o640)
  const stat = fstatSync(fd)
  if (stat.uid === process.getuid!() && stat.uid !== account.uid && stat.size === 0 && stat.nlink === 1)
    fchownSync(fd, account.uid, account.gid)
  else if (
    !stat.isFile() ||
    stat.nlink !== 1 ||
    (stat.uid !== account.uid && stat.uid !== process.getuid!())
  ) {
    closeSync(fd)
    throw new Error('a log file is a link, has a second name, or belongs to another user')
  }
  return fd
}

function copyEnd(fd: number, target: string, maxBytes: number, account: Account) {
  const temporary = `${target}.tmp`
  const out = openFresh(temporary)
  try {
    if (process.getuid!() === 0) fchownSync(out, account.uid, account.gid)
    const chunk = Buffer.allocUnsafe(CHUNK)
    // A little is left free for what the process writes in the meantime.
    const growth = Math.min(CHUNK, maxBytes >> 3)
    let at = Math.max(0, fstatSync(fd).size - maxBytes + growth)
    const end = at + maxBytes
    for (let read = 1; read > 0 && at < end; at += read) {
      read = readSync(fd, chunk, 0, Math.min(CHUNK, end - at), at)
      writeSync(out, chunk, 0, read)
    }
  } finally {
    closeSync(out)
  }
  renameSync(temporary, target)
}

function openFresh(path: string): number {
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
  try {
    return openSync(path, flags, 0o640)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    // Left by a supervisor that was killed. Renamed away, so that it need not be deleted through a name that could change.
    renameSync(path, `${path}.old`)
    return openSync(path, flags, 0o640)
  }
}

function moveQuietly(from: string, to: string) {
  try {
    renameSync(from, to)
  } catch {
    // There are not that many yet.
  }
}
