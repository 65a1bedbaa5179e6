import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants

export interface TailOptions {
  /** The process's. */
  folder: string
  /** `stdout`, `stderr` or an absolute path. */
  file: string
  /** The user whom the process runs as. */
  uid: number
  maxBytes: number
}

/**
 * The last whole lines of a process's log, at most `maxBytes` of them.
 *
 * The agent, often root, reads what people then see; and the folders belong to the process's user, who could put links there.
 * So the last name is no link that is followed, and only a plain file of that user, with one name, is read. Throws with the
 * reason, in words for people.
 */
export async function readTail({ folder, file, uid, maxBytes }: TailOptions): Promise<string> {
  const isOutput = file === 'stdout' || file === 'stderr'
  const path = isOutput ? join(folder, 'logs', `${file}.log`) : file
  const follow = isOutput ? O_NOFOLLOW : 0
  const directory = await opened(dirname(path), O_RDONLY | O_DIRECTORY | follow, path)
  try {
    const handle = await opened(
      `/proc/self/fd/${directory.fd}/${basename(path)}`,
      O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
      path,
    )
    try {
      return await lastLines(handle, path, uid, maxBytes)
    } finally {
      await handle.close()
    }
  } finally {
    await directory.close()
  }
}

async function opened(path: string, flags: number, shown: string): Promise<FileHandle> {
  try {
    return await open(path, flags)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new Error(`There is no log ${shown} on the host (yet).`)
    throw new Error(`The log ${shown} cannot be read: ${code}.`)
  }
}

async function lastLines(handle: FileHandle, path: string, uid: number, maxBytes: number): Promise<string> {
  const stat = await handle.stat()
  if (!stat.isFile() || stat.uid !== uid || stat.nlink !== 1)
    throw new Error(`The log ${path} is not shown: it is no plain file of the user (${uid}) of its process.`)
  const start = Math.max(0, stat.size - maxBytes)
  const buffer = Buffer.alloc(stat.size - start)
  let length = 0
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, start + length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  const bytes = buffer.subarray(0, length)
  const from = start === 0 ? 0 : bytes.indexOf(0x0a) + 1
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this takes out
  return bytes.toString('utf8', from).replace(/[\0-\x08\x0b-\x1f\x7f]/g, '?')
}
