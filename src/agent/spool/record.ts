import { crc32 } from 'node:zlib'

/**
 * One record of a spool file, little endian:
 *
 * | bytes | what |
 * | --- | --- |
 * | 4 | magic `BWSP` |
 * | 4 | length of the payload |
 * | 4 | CRC-32 of length, encoding, time and payload |
 * | 1 | state: 0 waiting, 1 done; changed in place, so not in the checksum |
 * | 1 | encoding of the payload: 0 as it is, 1 gzip |
 * | 2 | zero |
 * | 8 | time of the samples, Float64, milliseconds since the epoch |
 * | n | payload |
 */
export interface SpoolRecord {
  /** Time of the samples, milliseconds since the epoch. */
  time: number
  gzip: boolean
  payload: Uint8Array
}

export const HEADER_BYTES = 24
/** No record is larger; a length beyond it is damage. */
export const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024
const MAGIC = 0x50535742
export const STATE_OFFSET = 12
export const DONE = 1

export interface RecordHeader {
  length: number
  crc: number
  done: boolean
  gzip: boolean
  time: number
}

export function encodeRecord({ time, gzip, payload }: SpoolRecord): Buffer {
  if (payload.length > MAX_PAYLOAD_BYTES) throw new RangeError('a spool record may have 64 MiB at most')
  const out = Buffer.alloc(HEADER_BYTES + payload.length)
  out.writeUInt32LE(MAGIC, 0)
  out.writeUInt32LE(payload.length, 4)
  out[13] = gzip ? 1 : 0
  out.writeDoubleLE(time, 16)
  out.set(payload, HEADER_BYTES)
  out.writeUInt32LE(checksum(out, payload), 8)
  return out
}

/** Reads a header; undefined where there is none. The payload is not looked at. */
export function decodeHeader(bytes: Buffer): RecordHeader | undefined {
  if (bytes.length < HEADER_BYTES || bytes.readUInt32LE(0) !== MAGIC) return undefined
  const length = bytes.readUInt32LE(4)
  const time = bytes.readDoubleLE(16)
  if (length > MAX_PAYLOAD_BYTES || !Number.isFinite(time)) return undefined
  return {
    length,
    crc: bytes.readUInt32LE(8),
    done: bytes[STATE_OFFSET] === DONE,
    gzip: bytes[13] === 1,
    time,
  }
}

/** True if the payload and what the header says of it are as they were written. */
export const isIntact = (header: Buffer, payload: Uint8Array): boolean =>
  header.readUInt32LE(8) === checksum(header, payload)

function checksum(header: Buffer, payload: Uint8Array): number {
  const length = crc32(header.subarray(4, 8))
  return crc32(payload, crc32(header.subarray(13, HEADER_BYTES), length))
}
