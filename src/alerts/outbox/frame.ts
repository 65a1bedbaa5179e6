import { crc32 } from 'node:zlib'
import type { OutboxRecord } from './records.js'

/**
 * One frame of the outbox file: what was written at once, and is there wholly or not at all. Little endian:
 *
 * | bytes | what |
 * | --- | --- |
 * | 4 | magic `BWOB` |
 * | 4 | length of the payload |
 * | 4 | CRC-32 of length and payload |
 * | n | payload: JSON, an array of `[key, value]`, where `null` deletes |
 */
const MAGIC = Buffer.from('BWOB')
const HEADER_BYTES = 12
/** No frame is larger; a length beyond it is damage. */
export const MAX_FRAME_BYTES = 128 * 1024 * 1024

export function encodeFrame(records: readonly OutboxRecord[]): Buffer {
  const rows = records.map(([key, json]) => `[${JSON.stringify(key)},${json ?? 'null'}]`)
  const payload = Buffer.from(`[${rows.join(',')}]`)
  if (payload.length > MAX_FRAME_BYTES) throw new RangeError('a frame of the outbox may have 128 MiB at most')
  const out = Buffer.alloc(HEADER_BYTES + payload.length)
  MAGIC.copy(out)
  out.writeUInt32LE(payload.length, 4)
  payload.copy(out, HEADER_BYTES)
  out.writeUInt32LE(crc32(payload, crc32(out.subarray(4, 8))), 8)
  return out
}

export interface Scan {
  /** The latest value of each key, as JSON. */
  records: Map<string, string>
  /** Where the last intact frame ends. */
  end: number
  damagedBytes: number
}

/** Reads an outbox file. Damage costs the frames that it touches and no others. */
export function scanFrames(file: Buffer): Scan {
  const records = new Map<string, string>()
  let end = 0
  let damagedBytes = 0
  for (let at = 0; at >= 0 && at < file.length; ) {
    const rows = frameAt(file, at)
    if (!rows) {
      at = file.indexOf(MAGIC, at + 1)
      continue
    }
    damagedBytes += at - end
    for (const [key, value] of rows) {
      // Moved to the end, so that the order of the records is the order of their last writing.
      records.delete(key)
      if (value !== null) records.set(key, JSON.stringify(value))
    }
    at += HEADER_BYTES + file.readUInt32LE(at + 4)
    end = at
  }
  return { records, end, damagedBytes: damagedBytes + file.length - end }
}

function frameAt(file: Buffer, at: number): [string, unknown][] | undefined {
  if (at + HEADER_BYTES > file.length || file.compare(MAGIC, 0, 4, at, at + 4) !== 0) return undefined
  const length = file.readUInt32LE(at + 4)
  if (length > MAX_FRAME_BYTES || at + HEADER_BYTES + length > file.length) return undefined
  const payload = file.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length)
  if (crc32(payload, crc32(file.subarray(at + 4, at + 8))) !== file.readUInt32LE(at + 8)) return undefined
  return JSON.parse(payload.toString()) as [string, unknown][]
}
