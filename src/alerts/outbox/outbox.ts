import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { State } from '../core/index.js'
import { encodeFrame, scanFrames } from './frame.js'
import { allKeys, type OutboxRecord, recordOf, stateFrom } from './records.js'

export interface OutboxStats {
  bytes: number
  /** Bytes of the file that were unreadable at the start. */
  damagedBytes: number
  writes: number
  /** Why the disk cannot be written; undefined while it can. */
  diskError: string | undefined
}

export interface Outbox {
  readonly state: State
  /** Resolves when everything that was dirty at the call is on disk, synced. Rejects when that failed; it stays dirty. */
  commit(): Promise<void>
  /** Size of a message's record. */
  sizeOf(messageId: string): number
  stats(): OutboxStats
  close(): Promise<void>
}

const COMPACT_BYTES = 4 * 1024 * 1024
/** Records of one frame when everything is written anew. */
const CHUNK = 2_000

/**
 * The publisher's memory on disk: the whole state as a file of records that is appended to and synced, and written anew when
 * most of it is outdated. Calls of `commit` that come together share one write.
 */
export async function openOutbox(dir: string, logger: Logger): Promise<Outbox> {
  const path = join(dir, 'outbox.log')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0)
    throw error
  })
  const scan = scanFrames(content)
  const { state, orphans } = stateFrom(scan.records)
  const sizes = new Map<string, number>()
  for (const [key, json] of scan.records) if (key[0] === 'm') sizes.set(key.slice(1), json.length)
  if (scan.damagedBytes > 0)
    logger.error(
      { path, damagedBytes: scan.damagedBytes, orphans },
      'The outbox was damaged: what the damaged part held is lost, the rest is used',
    )

  let handle: FileHandle | undefined
  let bytes = scan.end
  let compactAt = Math.max(COMPACT_BYTES, 3 * scan.end)
  // Damage within the file stays until it is written anew; after a failed sync nobody knows what the file holds.
  let suspect = scan.damagedBytes > 0
  let diskError: string | undefined
  let writes = 0
  let running: Promise<void> = Promise.resolve()
  let queued: Promise<void> | undefined

  async function append(records: OutboxRecord[]): Promise<void> {
    const frame = encodeFrame(records)
    if (!handle) {
      handle = await open(path, 'a', 0o600)
      // The file itself must be there after a power cut.
      if (bytes === 0) await syncFolder(dir)
    }
    try {
      await writeAll(handle, frame)
    } catch (error) {
      await handle.truncate(bytes).catch(() => {
        suspect = true
      })
      throw error
    }
    try {
      await handle.datasync()
    } catch (error) {
      suspect = true
      throw error
    }
    bytes += frame.length
  }

  async function rewrite(): Promise<void> {
    const temporary = `${path}.new`
    const file = await open(temporary, 'w', 0o600)
    let size = 0
    try {
      let chunk: OutboxRecord[] = []
      const flush = async () => {
        const frame = encodeFrame(chunk)
        await writeAll(file, frame)
        size += frame.length
        chunk = []
      }
      for (const key of [...allKeys(state)]) {
        const record = recordOf(state, key)
        if (record[1] === undefined) continue
        chunk.push(record)
        if (chunk.length === CHUNK) await flush()
      }
      if (chunk.length > 0) await flush()
      await file.sync()
    } catch (error) {
      await file.close()
      await rm(temporary, { force: true })
      throw error
    }
    await rename(temporary, path)
    await handle?.close().catch(() => undefined)
    handle = undefined
    await file.close()
    await syncFolder(dir)
    bytes = size
    compactAt = Math.max(COMPACT_BYTES, 3 * size)
    suspect = false
  }

  async function write(): Promise<void> {
    if (state.dirty.size === 0 && !suspect) return
    const keys = [...state.dirty]
    state.dirty.clear()
    try {
      const records = keys.map((key) => recordOf(state, key))
      for (const [key, json] of records) {
        if (key[0] !== 'm') continue
        if (json === undefined) sizes.delete(key.slice(1))
        else sizes.set(key.slice(1), json.length)
      }
      if (suspect) await rewrite()
      else await append(records)
      if (bytes > compactAt)
        await rewrite().catch((error) => {
          compactAt = bytes + COMPACT_BYTES
          logger.warn({ path, error: String(error) }, 'The outbox could not be compacted; it goes on growing')
        })
      writes++
      if (diskError) logger.info({ path }, 'The outbox can be written again')
      diskError = undefined
    } catch (error) {
      for (const key of keys) state.dirty.add(key)
      if (!diskError)
        logger.error(
          { path, error: String(error) },
          'The outbox cannot be written: alerts go out, but senders are told to come back, and a restart forgets. Free or mend the disk',
        )
      diskError = error instanceof Error ? error.message : String(error)
      throw error
    }
  }

  if (suspect) await write().catch(() => undefined)
  else if (content.length > 0 && scan.end > COMPACT_BYTES) await rewrite().catch(() => undefined)

  return {
    state,
    commit() {
      queued ??= running
        .catch(() => undefined)
        .then(() => {
          queued = undefined
          running = write()
          return running
        })
      return queued
    },
    sizeOf: (id) => sizes.get(id) ?? 1_000,
    stats: () => ({ bytes, damagedBytes: scan.damagedBytes, writes, diskError }),
    async close() {
      await running.catch(() => undefined)
      if (state.dirty.size > 0) await write().catch(() => undefined)
      await handle?.close().catch(() => undefined)
      handle = undefined
    },
  }
}

async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r')
  await folder.sync().finally(() => folder.close())
}

async function writeAll(file: FileHandle, data: Buffer): Promise<void> {
  for (let at = 0; at < data.length; ) {
    const { bytesWritten } = await file.write(data, at, data.length - at)
    if (bytesWritten === 0) throw new Error('the file system took no bytes')
    at += bytesWritten
  }
}
