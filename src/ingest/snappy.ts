import { MalformedBodyError } from './decode.js'
import { RequestTooLargeError } from './registrar.js'

/**
 * Decompresses one Snappy block (format_description.txt of google/snappy), as Prometheus remote write sends it.
 *
 * Not snappyjs: its decoder loops for ever on a literal whose 32-bit length is negative, does not notice an output that
 * is shorter or longer than announced, and copies byte by byte (docs/decisions/0004).
 *
 * Throws `RequestTooLargeError` before anything is allocated when the block announces more than `maxBytes`, and
 * `MalformedBodyError` for everything that is not a Snappy block. `reserve` is told the size before it is allocated.
 */
export function decompressSnappy(
  block: Uint8Array,
  maxBytes: number,
  reserve: (bytes: number) => void = () => undefined,
): Uint8Array {
  const end = block.length
  let at = 0
  let size = 0
  for (let shift = 0; ; shift += 7) {
    if (at >= end || shift > 28) throw new MalformedBodyError('snappy: no length at the beginning', at)
    const byte = block[at++]!
    size += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  if (size > maxBytes)
    throw new RequestTooLargeError(
      `the snappy block holds ${size} bytes, at most ${maxBytes} are taken (limit decodedBytes)`,
    )
  // A copy element makes at most 64 bytes of 2, so that a block cannot announce much more than it holds.
  if (size > (end - at) * 32 + 64) throw new MalformedBodyError('snappy: the block ends early', end)
  reserve(size)
  const out = new Uint8Array(size)
  let to = 0
  while (at < end) {
    const tag = block[at++]!
    const kind = tag & 3
    if (kind === 0) {
      let length = (tag >>> 2) + 1
      if (length > 60) {
        const bytes = length - 60
        if (at + bytes > end) throw new MalformedBodyError('snappy: a literal ends early', at)
        length = 1
        for (let k = 0; k < bytes; k++) length += block[at++]! * 2 ** (8 * k)
      }
      if (length > end - at || length > size - to)
        throw new MalformedBodyError('snappy: a literal is longer than the block', at)
      if (length < 24) for (let k = 0; k < length; k++) out[to + k] = block[at + k]!
      else out.set(block.subarray(at, at + length), to)
      at += length
      to += length
      continue
    }
    const bytes = kind === 1 ? 1 : kind === 2 ? 2 : 4
    if (at + bytes > end) throw new MalformedBodyError('snappy: a copy ends early', at)
    let length = (tag >>> 2) + 1
    let offset = block[at]!
    if (kind === 1) {
      length = ((tag >>> 2) & 7) + 4
      offset += (tag >>> 5) << 8
    } else {
      offset += block[at + 1]! << 8
      if (kind === 3) offset += block[at + 2]! * 0x1_0000 + block[at + 3]! * 0x100_0000
    }
    at += bytes
    if (offset === 0 || offset > to || length > size - to)
      throw new MalformedBodyError('snappy: a copy points outside the block', at)
    const from = to - offset
    // Overlapping copies repeat what they have just written, so this is not a memmove.
    for (let k = 0; k < length; k++) out[to + k] = out[from + k]!
    to += length
  }
  if (to !== size) throw new MalformedBodyError(`snappy: ${size} bytes announced, ${to} found`, end)
  return out
}
