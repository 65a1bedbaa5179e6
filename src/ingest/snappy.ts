import { MalformedBodyError, RequestTooLargeError } from './errors.js'

/** Lengths stay below this, so that all arithmetic here is in 32-bit integers. */
const MOST = 2 ** 30
/** Copies go four bytes at a time and may write up to three bytes too many. */
const SLACK = 4
/** Bytes from which a call that copies them all at once is worth its cost. */
const LONG = 96

/**
 * Decompresses one Snappy block (format_description.txt of google/snappy), as Prometheus remote write sends it.
 *
 * Not snappyjs: its decoder loops for ever on a literal whose 32-bit length is negative, and does not notice an output that
 * is shorter or longer than announced (docs/decisions/0004).
 *
 * Throws `RequestTooLargeError` before anything is allocated when the block announces more than `maxBytes`, and
 * `MalformedBodyError` for everything that is not a Snappy block. `reserve` is told the size before `allocate` is asked for a
 * little more; the result is the beginning of what that answers.
 */
export function decompressSnappy(
  block: Uint8Array,
  maxBytes: number,
  reserve: (bytes: number) => void = () => undefined,
  allocate: (bytes: number) => Uint8Array = (bytes) => new Uint8Array(bytes),
): Uint8Array {
  const { size, at } = announced(block)
  if (size > maxBytes)
    throw new RequestTooLargeError(
      `the snappy block holds ${size} bytes, at most ${maxBytes} are taken (limit decodedBytes)`,
    )
  // A copy element makes at most 64 bytes of 3, so that a block cannot announce much more than it holds.
  if (size >= MOST || size > (block.length - at) * 32 + 64)
    throw new MalformedBodyError('snappy: the block ends early', block.length)
  reserve(size)
  const out = allocate(size + SLACK)
  const written = decompress(block, at, out, size)
  if (written !== size)
    throw new MalformedBodyError(`snappy: ${size} bytes announced, ${written} found`, block.length)
  return out.subarray(0, size)
}

/** The uncompressed length, a varint of 32 bits at the beginning, and where it ends. */
function announced(block: Uint8Array): { size: number; at: number } {
  let size = 0
  for (let at = 0; at < 5 && at < block.length; at++) {
    const byte = block[at]!
    size += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return { size, at: at + 1 }
  }
  throw new MalformedBodyError('snappy: no length at the beginning', 0)
}

function decompress(block: Uint8Array, start: number, out: Uint8Array, size: number): number {
  const end = block.length
  const from = new DataView(block.buffer, block.byteOffset, block.byteLength)
  const into = new DataView(out.buffer, out.byteOffset, out.byteLength)
  let at = start
  let to = 0
  while (at < end) {
    const tag = block[at++]!
    let length = (tag >>> 2) + 1
    if ((tag & 3) === 0) {
      if (length > 60) {
        const bytes = length - 60
        if (at + bytes > end) throw new MalformedBodyError('snappy: a literal ends early', at)
        length = littleEndian(block, at, bytes) + 1
        at += bytes
      }
      if (length > end - at || length > size - to)
        throw new MalformedBodyError('snappy: a literal is longer than the block', at)
      if (length > 64 || at + length + SLACK > end) out.set(block.subarray(at, at + length), to)
      else for (let k = 0; k < length; k += 4) into.setInt32(to + k, from.getInt32(at + k))
      at += length
      to += length
      continue
    }
    let offset = 0
    if ((tag & 3) === 1) {
      if (at >= end) throw new MalformedBodyError('snappy: a copy ends early', at)
      length = ((tag >>> 2) & 7) + 4
      offset = ((tag >>> 5) << 8) | block[at++]!
    } else {
      const bytes = (tag & 3) === 2 ? 2 : 4
      if (at + bytes > end) throw new MalformedBodyError('snappy: a copy ends early', at)
      offset = littleEndian(block, at, bytes)
      at += bytes
    }
    // A copy element makes 64 bytes at most, so that a long repetition comes as many of them, all with one offset.
    if (length >= 60 && (tag & 3) === 2) {
      while (end - at >= 3 && (block[at]! & 3) === 2 && littleEndian(block, at + 1, 2) === offset) {
        length += (block[at]! >>> 2) + 1
        at += 3
      }
    }
    if (offset === 0 || offset > to || length > size - to)
      throw new MalformedBodyError('snappy: a copy points outside the block', at)
    // An overlapping copy repeats what it has just written; four at a time that is only right from four bytes away.
    const source = to - offset
    if (length > LONG && offset >= length) out.copyWithin(to, source, source + length)
    else if (offset >= 4) for (let k = 0; k < length; k += 4) into.setInt32(to + k, into.getInt32(source + k))
    else for (let k = 0; k < length; k++) out[to + k] = out[source + k]!
    to += length
  }
  return to
}

/** Anything from 2^30 on is answered as 2^30, which no block can hold. */
function littleEndian(block: Uint8Array, at: number, bytes: number): number {
  let value = block[at]!
  if (bytes > 1) value |= block[at + 1]! << 8
  if (bytes > 2) value |= block[at + 2]! << 16
  if (bytes > 3) value = block[at + 3]! < 0x40 ? value | (block[at + 3]! << 24) : MOST
  return value
}
