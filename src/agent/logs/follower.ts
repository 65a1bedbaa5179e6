import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'

/** How far a file has been read, kept across restarts. */
export interface Position {
  /** With the device: `<dev>:<ino>`. */
  file: string
  offset: number
  /** Of its first bytes, `printed` of them: another file may get the same number. */
  print: string
  printed: number
}

export interface Chunk {
  /** Whole lines. */
  lines: { text: string; offset: number }[]
  /** Bytes that were passed over, because too much had been written to be read. */
  skipped: number
  /** There may be more to read at once. */
  more: boolean
  /** The file that was being read has ended or was begun anew: what was under way is complete. */
  ended: boolean
  bytes: number
}

/** Reads one file as it grows, and its successors under the same path when it is rotated or cut. */
export interface Follower {
  readonly path: string
  read(maxBytes: number): Promise<Chunk>
  /** `offset`: what is before it is dealt with. Undefined: nothing is open. */
  position(offset?: number): Position | undefined
  /** End of what has been read. */
  readonly offset: number
  readonly file: string | undefined
  close(): Promise<void>
}

const PRINT_BYTES = 256
/** A longer line is cut, and its rest passed over. */
const MOST_LINE = 16 * 1024
const NOTHING: Chunk = { lines: [], skipped: 0, more: false, ended: false, bytes: 0 }
/** Further behind than this, the follower goes on near the end: a role that logs without bounds must not keep the agent busy. */
const MOST_BEHIND = 64 * 1024 * 1024
const GO_ON_BEFORE_END = 1024 * 1024
const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants

/**
 * `start` says where to begin in a file that is opened for the first time, given its size. No link is followed and only
 * regular files are read: the folder belongs to the role's user, and the agent may read more than that one.
 */
export function createFollower(
  path: string,
  start: { position: Position } | { offsetOf: (size: number) => number },
): Follower {
  let handle: FileHandle | undefined
  let file: string | undefined
  let offset = 0
  let print = ''
  let printed = 0
  let passing = false
  let first = true
  /** The path leads elsewhere; what is written to the old file by then is read once more. */
  let leaving = false

  async function openNow(): Promise<boolean> {
    let opened: FileHandle
    try {
      opened = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ELOOP' || code === 'EACCES') return false
      throw error
    }
    try {
      const info = await opened.stat()
      if (!info.isFile()) {
        await opened.close()
        return false
      }
      handle = opened
      file = `${info.dev}:${info.ino}`
      offset = 0
      printed = 0
      print = ''
      passing = false
      leaving = false
      if (first) {
        if ('position' in start) {
          const { position } = start
          if (
            position.file === file &&
            position.offset <= info.size &&
            (await printOf(position.printed)) === position.print
          ) {
            offset = position.offset
            printed = position.printed
            print = position.print
          }
        } else {
          offset = Math.max(0, Math.min(info.size, start.offsetOf(info.size)))
          // In the middle of a line, most likely.
          passing = offset > 0
        }
        first = false
      }
      return true
    } catch (error) {
      handle = undefined
      await opened.close()
      throw error
    }
  }

  async function printOf(length: number): Promise<string> {
    if (length === 0) return ''
    const bytes = Buffer.alloc(length)
    const { bytesRead } = await handle!.read(bytes, 0, length, 0)
    return bytesRead < length ? '' : createHash('sha256').update(bytes).digest('hex').slice(0, 16)
  }

  async function close(): Promise<void> {
    const closing = handle
    handle = undefined
    file = undefined
    await closing?.close().catch(() => undefined)
  }

  /** Whether the path leads to another file now, or to none. */
  async function isReplaced(): Promise<boolean> {
    try {
      const info = await stat(path)
      return `${info.dev}:${info.ino}` !== file
    } catch {
      return true
    }
  }

  const isSameContent = async (size: number): Promise<boolean> =>
    size >= offset && (await printOf(printed)) === print

  async function read(maxBytes: number): Promise<Chunk> {
    if (!handle && !(await openNow())) return NOTHING
    const { size } = await handle!.stat()
    let ended = false
    if (size !== offset && !(await isSameContent(size))) {
      // It was cut, and perhaps has grown again: what was written in between is lost.
      offset = 0
      printed = 0
      print = ''
      passing = false
      ended = true
    }
    if (size === offset) {
      if (!(await isReplaced())) return { ...NOTHING, ended }
      if (!leaving) {
        leaving = true
        return { ...NOTHING, more: true, ended }
      }
      await close()
      return { ...NOTHING, more: true, ended: true }
    }
    let skipped = 0
    if (size - offset > MOST_BEHIND) {
      skipped = size - GO_ON_BEFORE_END - offset
      offset += skipped
      passing = true
      ended = true
    }
    const bytes = Buffer.allocUnsafe(Math.min(maxBytes, size - offset))
    const { bytesRead } = await handle!.read(bytes, 0, bytes.length, offset)
    const before = offset
    const lines = linesOf(bytes.subarray(0, bytesRead))
    if (printed < PRINT_BYTES && offset > printed) {
      const length = Math.min(PRINT_BYTES, offset)
      print = await printOf(length)
      printed = length
    }
    return {
      lines,
      skipped,
      more: offset > before && offset < size,
      ended,
      bytes: bytesRead,
    }
  }

  /** Whole lines of what was read at `offset`, which goes on behind them. */
  function linesOf(bytes: Buffer): Chunk['lines'] {
    const lines: Chunk['lines'] = []
    const base = offset
    let at = 0
    for (;;) {
      const end = bytes.indexOf(10, at)
      if (end < 0) break
      if (!passing) lines.push({ text: textOf(bytes.subarray(at, end)), offset: base + at })
      passing = false
      at = end + 1
    }
    if (bytes.length - at > MOST_LINE) {
      if (!passing) lines.push({ text: textOf(bytes.subarray(at)), offset: base + at })
      passing = true
      at = bytes.length
    } else if (passing) at = bytes.length
    offset = base + at
    return lines
  }

  return {
    path,
    read,
    position: (dealt = offset) => (file === undefined ? undefined : { file, offset: dealt, print, printed }),
    get offset() {
      return offset
    },
    get file() {
      return file
    },
    close,
  }
}

function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8', 0, Math.min(bytes.length, MOST_LINE))
  return text.endsWith('\r') ? text.slice(0, -1) : text
}
