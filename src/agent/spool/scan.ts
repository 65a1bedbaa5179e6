import { decodeHeader, HEADER_BYTES, isIntact } from './record.js'

/** Where a record lies in its file. */
export interface RecordPlace {
  offset: number
  /** Header included. */
  bytes: number
  time: number
  gzip: boolean
}

export interface Scan {
  /** Intact records that wait to be sent, in order. */
  waiting: RecordPlace[]
  /** Intact records, sent ones included. */
  count: number
  /** Where the last intact record ends; what follows is a torn write. */
  end: number
  /** Bytes before `end` that are no intact record. */
  damagedBytes: number
}

const MAGIC = Buffer.from('BWSP')

/** Finds the records of a spool file. Damage costs the records that it touches and no others. */
export function scanSegment(file: Buffer): Scan {
  const scan: Scan = { waiting: [], count: 0, end: 0, damagedBytes: 0 }
  let at = 0
  while (at < file.length) {
    const header = decodeHeader(file.subarray(at, at + HEADER_BYTES))
    const bytes = header ? HEADER_BYTES + header.length : 0
    const fits = header !== undefined && at + bytes <= file.length
    if (fits && isIntact(file.subarray(at), file.subarray(at + HEADER_BYTES, at + bytes))) {
      scan.damagedBytes += at - scan.end
      if (!header.done) scan.waiting.push({ offset: at, bytes, time: header.time, gzip: header.gzip })
      scan.count++
      at += bytes
      scan.end = at
    } else {
      at = file.indexOf(MAGIC, at + 1)
      if (at < 0) break
    }
  }
  return scan
}
