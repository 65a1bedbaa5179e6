import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DONE, decodeHeader, HEADER_BYTES, isIntact, STATE_OFFSET } from './record.js'
import type { RecordPlace } from './scan.js'
import { scanSegment } from './scan.js'

/** A record of the queue; stays valid when its file is gone. */
export interface DiskRecord extends RecordPlace {
  segment: Segment
}

interface Segment {
  id: number
  path: string
  /** End of what is good in the file: the next record goes here. */
  bytes: number
  /** Number of records that wait. */
  waiting: number
  newest: number
}

/**
 * A queue of records in numbered files, first in, first out. A record that is done is marked in place; a file is deleted
 * when all of its records are done, and the newest one cut to nothing, so that a queue that is kept empty costs no disk writes
 * that last. Nothing is synced: what is in it survives the death of the process, not that of the host. Not safe for
 * concurrent calls; errors of the file system are thrown as they are and leave the queue usable.
 */
export async function openDiskQueue(dir: string, segmentBytes: number) {
  const segments: Segment[] = []
  let handle: FileHandle | undefined
  let damagedBytes = 0
  /** Waiting records of the oldest file, in order; undefined when not read yet. */
  let head: RecordPlace[] | undefined

  await mkdir(dir, { recursive: true, mode: 0o700 })
  const ids = (await readdir(dir)).flatMap((name) => /^(\d{1,15})\.spool$/.exec(name)?.[1] ?? []).map(Number)
  for (const id of ids.sort((a, b) => a - b)) {
    const path = pathOf(id)
    const file = await readFile(path)
    const { waiting, end, damagedBytes: damaged } = scanSegment(file)
    damagedBytes += damaged + file.length - end
    if (waiting.length === 0) await rm(path, { force: true })
    else
      segments.push({
        id,
        path,
        bytes: end,
        waiting: waiting.length,
        newest: waiting[waiting.length - 1]!.time,
      })
  }
  let lastId = ids.length > 0 ? Math.max(...ids) : 0

  function pathOf(id: number) {
    return join(dir, `${String(id).padStart(15, '0')}.spool`)
  }

  /** The file that takes the next record; `handle` is open on it. */
  async function tailFor(bytes: number): Promise<Segment> {
    const last = segments[segments.length - 1]
    if (last && (last.bytes === 0 || last.bytes + bytes <= segmentBytes)) {
      handle ??= await openTail(last)
      return last
    }
    await closeTail()
    const id = lastId + 1
    await mkdir(dir, { recursive: true, mode: 0o700 })
    handle = await open(pathOf(id), 'w+', 0o600)
    lastId = id
    const segment = { id, path: pathOf(id), bytes: 0, waiting: 0, newest: 0 }
    segments.push(segment)
    return segment
  }

  async function openTail(segment: Segment) {
    const file = await open(segment.path, 'r+')
    await file.truncate(segment.bytes)
    return file
  }

  async function closeTail() {
    const file = handle
    handle = undefined
    await file?.close()
  }

  async function removeHead() {
    const [segment] = segments
    head = undefined
    // The newest file is used again, and known to be empty then.
    if (!segment) return
    if (segments.length === 1 && handle) {
      segment.bytes = 0
      segment.waiting = 0
      head = []
      await handle.truncate(0)
      return
    }
    segments.shift()
    if (segments.length === 0) await closeTail()
    await rm(segment.path, { force: true })
  }

  async function readAt(segment: Segment, place: RecordPlace): Promise<Buffer> {
    const file = await open(segment.path, 'r')
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(place.bytes), 0, place.bytes, place.offset)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  }

  return {
    /** Appends an encoded record. When it throws, nothing of it counts as written. */
    async append(encoded: Buffer, time: number, gzip: boolean): Promise<DiskRecord> {
      const segment = await tailFor(encoded.length)
      const offset = segment.bytes
      try {
        for (let written = 0; written < encoded.length; ) {
          const { bytesWritten } = await handle!.write(
            encoded,
            written,
            encoded.length - written,
            offset + written,
          )
          if (bytesWritten === 0) throw new Error('the file system took no bytes')
          written += bytesWritten
        }
      } catch (error) {
        // What was written of it is cut off here, or by the next start.
        await handle?.truncate(offset).catch(() => {})
        throw error
      }
      segment.bytes += encoded.length
      segment.waiting++
      segment.newest = Math.max(segment.newest, time)
      const place = { offset, bytes: encoded.length, time, gzip }
      if (segment === segments[0]) head?.push(place)
      return { ...place, segment }
    },

    /** The oldest record that waits, without its payload; undefined when the queue is empty. */
    async peek(): Promise<DiskRecord | undefined> {
      for (let segment = segments[0]; segment; segment = segments[0]) {
        if (segment.waiting === 0 && segments.length === 1) return undefined
        if (!head && segment.waiting > 0) {
          const file = await readFile(segment.path)
          head = scanSegment(file.subarray(0, segment.bytes)).waiting
          segment.waiting = head.length
        }
        const place = head?.[0]
        if (place) return { ...place, segment }
        await removeHead()
      }
      return undefined
    },

    /** The record's payload; undefined if it is damaged, or has been dropped. */
    async read(record: DiskRecord): Promise<Uint8Array | undefined> {
      if (!segments.includes(record.segment)) return undefined
      const bytes = await readAt(record.segment, record)
      const header = decodeHeader(bytes)
      const payload = bytes.subarray(HEADER_BYTES)
      if (header && payload.length === header.length && isIntact(bytes, payload)) return payload
      damagedBytes += record.bytes
      return undefined
    },

    /** Marks a record as done. A record of a file that is gone is done already. */
    async done(record: DiskRecord): Promise<void> {
      const { segment, offset } = record
      if (!segments.includes(segment) || offset >= segment.bytes || segment.waiting === 0) return
      if (segment === segments[0] && head) {
        const index = head.findIndex((place) => place.offset === offset)
        if (index < 0) return
        head.splice(index, 1)
      }
      segment.waiting--
      if (segment.waiting === 0 && segment === segments[0]) {
        await removeHead()
        return
      }
      const file = await open(segment.path, 'r+')
      try {
        await file.write(Buffer.of(DONE), 0, 1, offset + STATE_OFFSET)
      } finally {
        await file.close()
      }
    },

    /** Deletes the oldest file; returns the number of records that were waiting in it. */
    async dropOldest(): Promise<number> {
      const lost = segments[0]?.waiting ?? 0
      await removeHead()
      return lost
    },

    /** Time of the newest record of the oldest file; undefined when the queue is empty. */
    oldestFileTime: (): number | undefined => (segments[0]?.waiting ? segments[0].newest : undefined),
    bytes: () => segments.reduce((sum, segment) => sum + segment.bytes, 0),
    records: () => segments.reduce((sum, segment) => sum + segment.waiting, 0),
    damagedBytes: () => damagedBytes,
    /** Closes its file. What waits stays on disk. May be called twice. */
    close: closeTail,
  }
}

export type DiskQueue = Awaited<ReturnType<typeof openDiskQueue>>
