import { MalformedBodyError } from './errors.js'

/**
 * A cursor over protobuf wire format (protobuf.dev/programming-guides/encoding). Every read is checked against `end` and
 * throws `MalformedBodyError`, so that a truncated or hostile message can neither read past it nor loop.
 */
export const VARINT = 0
export const FIXED64 = 1
export const BYTES = 2
export const FIXED32 = 5

export class ProtobufReader {
  readonly bytes: Uint8Array
  readonly view: DataView
  at = 0
  end: number

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.end = bytes.length
  }

  /** A field's tag (number × 8 + wire type), or a count: up to 32 bits. */
  uint32(): number {
    const value = this.varint()
    if (value < 0 || value > 0xffff_ffff)
      throw new MalformedBodyError('protobuf: a number is out of range', this.at)
    return value
  }

  /** A 64-bit integer as a double: exact up to 2^53, negative as int64 has it. */
  varint(): number {
    const { bytes, end } = this
    let at = this.at
    if (at < end && bytes[at]! < 0x80) {
      this.at = at + 1
      return bytes[at]!
    }
    let low = 0
    let high = 0
    for (let k = 0; k < 10; k++) {
      if (at >= end) throw new MalformedBodyError('protobuf: a number ends early', at)
      const byte = bytes[at++]!
      if (k < 4) low += (byte & 0x7f) << (7 * k)
      else high += (byte & 0x7f) * 2 ** (7 * (k - 4))
      if (byte < 0x80) {
        this.at = at
        // low holds 28 bits, high the 36 above them; from 2^63 on it is a negative int64.
        if (high < 2 ** 35) return high * 0x1000_0000 + low
        return ((high % 2 ** 36) - 2 ** 36) * 0x1000_0000 + low
      }
    }
    throw new MalformedBodyError('protobuf: a number has more than 10 bytes', at)
  }

  /** An eight-byte double. */
  double(): number {
    if (this.end - this.at < 8) throw new MalformedBodyError('protobuf: a double ends early', this.at)
    const value = this.view.getFloat64(this.at, true)
    this.at += 8
    return value
  }

  /** Reads a length and answers where the message or string of that length ends. */
  block(): number {
    const length = this.varint()
    const end = this.at + length
    if (length < 0 || end > this.end) throw new MalformedBodyError('protobuf: a message ends early', this.at)
    return end
  }

  /** Passes over a field of a wire type that the caller does not know. */
  skip(type: number): void {
    if (type === VARINT) this.varint()
    else if (type === BYTES) this.at = this.block()
    else if (type === FIXED64 || type === FIXED32) {
      this.at += type === FIXED64 ? 8 : 4
      if (this.at > this.end) throw new MalformedBodyError('protobuf: a number ends early', this.at)
    } else throw new MalformedBodyError(`protobuf: wire type ${type} is unknown`, this.at)
  }
}
