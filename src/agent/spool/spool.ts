import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { DiskQueue, DiskRecord } from './disk-queue.js'
import { openDiskQueue } from './disk-queue.js'
import type { SpoolRecord } from './record.js'
import { encodeRecord, HEADER_BYTES } from './record.js'

export interface SpoolOptions {
  dir: string
  /** Bytes on disk at most; the oldest files go first. */
  maxBytes: number
  /** Records of older samples are dropped; milliseconds. */
  maxAgeMs: number
  /** Bytes in memory at most while the disk cannot be written; the oldest records go first. */
  memoryBytes: number
  logger: Logger
  now?: () => number
}

/** A record to be sent; `payload` is byte for byte what was appended. */
export interface SpoolItem extends SpoolRecord {
  readonly entry: object
}

export interface SpoolStats {
  /** Records that wait, on disk and in memory. */
  records: number
  bytes: number
  memoryRecords: number
  memoryBytes: number
  /** Records lost because the spool was full, were too old, or that the monitor refused for good. */
  dropped: number
  expired: number
  rejected: number
  damagedBytes: number
  /** Why the disk is not used; undefined when it is. */
  diskError: string | undefined
}

/** In memory until it is on disk; then `record` says where. */
interface Entry {
  encoded: Buffer | undefined
  time: number
  gzip: boolean
  record: DiskRecord | undefined
}

const MAX_REJECTED_FILES = 10
const LOG_AGAIN_MS = 600_000

export interface Spool {
  /** Takes a record. Never throws: without a disk it is kept in memory, without room the oldest go. */
  append(record: SpoolRecord): Promise<void>
  /** The oldest record that waits; the same one until it is `done` or `reject`ed. */
  next(): Promise<SpoolItem | undefined>
  /** The record has been sent. */
  done(item: SpoolItem): Promise<void>
  /** The record will never be taken: it is kept beside the queue for whoever looks into it, the newest ten of them. */
  reject(item: SpoolItem, reason: string): Promise<void>
  stats(): SpoolStats
  /** Puts what is still in memory on disk, if it can. May be called twice. */
  close(): Promise<void>
}

/**
 * The agent's queue of unsent batches: bounded, in order, on disk, and in memory while the disk is full or cannot be
 * written. Everything goes through the disk first, so that SIGKILL loses nothing that `append` has resolved for.
 */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { dir, maxBytes, maxAgeMs, memoryBytes, logger, now = Date.now } = options
  const segmentBytes = Math.max(64 * 1024, Math.min(4 * 1024 * 1024, Math.floor(maxBytes / 8)))
  const memory: Entry[] = []
  const lost = { dropped: 0, expired: 0, rejected: 0 }
  let queue: DiskQueue | undefined
  let diskError: string | undefined
  let lossLogged = { at: Number.NEGATIVE_INFINITY, count: 0 }
  let last: Promise<unknown> = Promise.resolve()

  /** One operation at a time, in the order of the calls. */
  function serial<T>(operation: () => Promise<T>): Promise<T> {
    const result = last.then(operation)
    last = result.catch(() => {})
    return result
  }

  function lose(kind: 'dropped' | 'expired', count: number) {
    if (count === 0) return
    lost[kind] += count
    lossLogged.count += count
    if (now() - lossLogged.at < LOG_AGAIN_MS && now() >= lossLogged.at) return
    const why = kind === 'dropped' ? 'The spool is full' : 'Spooled batches have reached the age limit'
    logger.warn({ batches: lossLogged.count, dir, maxBytes, maxAgeMs }, `${why}: the oldest are dropped`)
    lossLogged = { at: now(), count: 0 }
  }

  function diskFailed(error: unknown) {
    const text = error instanceof Error ? error.message : String(error)
    if (!diskError)
      logger.error(
        { dir, memoryBytes, error: text },
        'The spool cannot be written: unsent batches are kept in memory, which a restart loses. Free or mend the disk',
      )
    diskError = text
  }

  function diskWorks() {
    if (diskError) logger.info({ dir }, 'The spool can be written again')
    diskError = undefined
  }

  const memorySize = () => memory.reduce((sum, { encoded }) => sum + (encoded?.length ?? 0), 0)

  /** Moves what is in memory to disk, oldest first. */
  async function flush() {
    try {
      queue ??= await openDiskQueue(dir, segmentBytes)
      let oldest = queue.oldestFileTime()
      while (oldest !== undefined && oldest < now() - maxAgeMs) {
        lose('expired', await queue.dropOldest())
        oldest = queue.oldestFileTime()
      }
      for (let entry = memory[0]; entry?.encoded; entry = memory[0]) {
        if (entry.encoded.length > maxBytes) lose('dropped', 1)
        else {
          while (queue.records() > 0 && queue.bytes() + entry.encoded.length > maxBytes)
            lose('dropped', await queue.dropOldest())
          entry.record = await queue.append(entry.encoded, entry.time, entry.gzip)
        }
        entry.encoded = undefined
        memory.shift()
      }
      diskWorks()
    } catch (error) {
      diskFailed(error)
      while (memorySize() > memoryBytes && memory.length > 0) {
        memory.shift()
        lose('dropped', 1)
      }
    }
  }

  async function oldest(): Promise<SpoolItem | undefined> {
    for (;;) {
      let record: DiskRecord | undefined
      try {
        record = await queue?.peek()
        if (record && queue) {
          const payload = record.time < now() - maxAgeMs ? undefined : await queue.read(record)
          if (payload) return itemOf({ ...record, encoded: undefined, record }, payload)
          await queue.done(record)
          lose(record.time < now() - maxAgeMs ? 'expired' : 'dropped', 1)
          continue
        }
      } catch (error) {
        diskFailed(error)
        // A file that is gone or broken must not hold up those after it; other errors (no descriptors left) may pass.
        const { code } = error as NodeJS.ErrnoException
        if (queue && queue.records() > 0 && (code === 'ENOENT' || code === 'EIO')) {
          lose('dropped', await queue.dropOldest().catch(() => 0))
          continue
        }
        if (memory.length === 0) return undefined
      }
      const entry = memory[0]
      if (!entry?.encoded) return undefined
      if (entry.time >= now() - maxAgeMs) return itemOf(entry, entry.encoded.subarray(HEADER_BYTES))
      memory.shift()
      lose('expired', 1)
    }
  }

  const itemOf = (entry: Entry, payload: Uint8Array): SpoolItem => ({
    time: entry.time,
    gzip: entry.gzip,
    payload,
    entry,
  })

  async function remove(item: SpoolItem) {
    const entry = item.entry as Entry
    if (entry.record) await queue?.done(entry.record).catch(diskFailed)
    else {
      const index = memory.indexOf(entry)
      if (index >= 0) memory.splice(index, 1)
    }
  }

  async function keepRejected(item: SpoolItem, reason: string) {
    const folder = join(dir, 'rejected')
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const name = `${new Date(item.time).toISOString().replaceAll(':', '-')}.bwb${item.gzip ? '.gz' : ''}`
    await writeFile(join(folder, name), item.payload, { mode: 0o600 })
    await writeFile(join(folder, `${name}.reason`), `${reason}\n`, { mode: 0o600 })
    const files = (await readdir(folder)).sort()
    for (const file of files.slice(0, Math.max(0, files.length - 2 * MAX_REJECTED_FILES)))
      await rm(join(folder, file), { force: true })
  }

  await serial(flush)
  return {
    append: (record) =>
      serial(async () => {
        const { time, gzip } = record
        memory.push({ encoded: encodeRecord(record), time, gzip, record: undefined })
        await flush()
      }),
    next: () => serial(oldest),
    done: (item) => serial(() => remove(item)),
    reject: (item, reason) =>
      serial(async () => {
        lost.rejected++
        await keepRejected(item, reason).catch((error) =>
          logger.warn({ error: String(error) }, 'A refused batch could not be kept'),
        )
        await remove(item)
      }),
    stats: () => ({
      records: (queue?.records() ?? 0) + memory.length,
      bytes: queue?.bytes() ?? 0,
      memoryRecords: memory.length,
      memoryBytes: memorySize(),
      ...lost,
      damagedBytes: queue?.damagedBytes() ?? 0,
      diskError,
    }),
    close: () =>
      serial(async () => {
        if (memory.length > 0) await flush()
        await queue?.close().catch(diskFailed)
      }),
  }
}
