/** Protobuf wire format, written the simplest way, for the tests' own encoders. */
export type Field = [
  number: number,
  type: 'varint' | 'double' | 'fixed64' | 'bytes',
  value: number | bigint | Uint8Array | string,
]

export function varint(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value))
  const out: number[] = []
  do {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    out.push(rest > 0n ? low | 0x80 : low)
  } while (rest > 0n)
  return out
}

export function message(fields: Field[]): Uint8Array {
  const parts: Uint8Array[] = []
  for (const [number, type, value] of fields) {
    if (type === 'varint') parts.push(Uint8Array.from([...varint(number * 8), ...varint(value as number)]))
    else if (type === 'double') {
      const bytes = Buffer.alloc(8)
      bytes.writeDoubleLE(value as number)
      parts.push(Uint8Array.from(varint(number * 8 + 1)), bytes)
    } else if (type === 'fixed64') {
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value as bigint)))
      parts.push(Uint8Array.from(varint(number * 8 + 1)), bytes)
    } else {
      const bytes = typeof value === 'string' ? Buffer.from(value) : (value as Uint8Array)
      parts.push(Uint8Array.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes)
    }
  }
  return Buffer.concat(parts)
}
