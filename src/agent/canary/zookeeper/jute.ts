/** ZooKeeper's serialisation (jute), as far as a client needs it: big-endian numbers, and lengths before texts and bytes. */

export const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export const long = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

export const bytes = (value: Buffer): Buffer => Buffer.concat([int(value.length), value])

export const string = (value: string): Buffer => bytes(Buffer.from(value))

/** Bytes after their length; throws RangeError when they are not all there. */
export function readBytes(from: Buffer, offset: number): { value: Buffer; end: number } {
  const length = from.readInt32BE(offset)
  // -1 stands for none.
  if (length <= 0) return { value: Buffer.alloc(0), end: offset + 4 }
  const end = offset + 4 + length
  if (end > from.length) throw new RangeError('the answer is cut short')
  return { value: from.subarray(offset + 4, end), end }
}
