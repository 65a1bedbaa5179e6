/**
 * ClickHouse's `Native` format, written: `columns rows (name type data)…`, numbers little endian, lengths as LEB128.
 * https://clickhouse.com/docs/interfaces/formats/Native (as HTTP speaks it: client revision 0, no block info).
 */
export interface OutColumn {
  name: string
  /** As ClickHouse spells it, e.g. `UInt64`, `DateTime64(3, 'UTC')`, `String`. */
  type: string
  /** The column's bytes, in order; together they hold exactly the block's rows. Not copied. */
  parts: readonly Uint8Array[]
}

/** The buffers of one block, ready to be streamed one after the other; the columns' own bytes are among them, uncopied. */
export function encodeBlock(columns: readonly OutColumn[], rows: number): Uint8Array[] {
  const out: Uint8Array[] = []
  let head = [...varuint(columns.length), ...varuint(rows)]
  for (const column of columns) {
    out.push(Uint8Array.from([...head, ...text(column.name), ...text(column.type)]), ...column.parts)
    head = []
  }
  return out
}

/** Bytes of a `String` column. */
export function encodeStrings(values: readonly string[]): Uint8Array {
  let size = 0
  for (const value of values) {
    const length = Buffer.byteLength(value)
    size += length + varuintSize(length)
  }
  const out = Buffer.allocUnsafe(size)
  let at = 0
  for (const value of values) {
    let length = Buffer.byteLength(value)
    while (length > 127) {
      out[at++] = (length & 127) | 128
      length >>>= 7
    }
    out[at++] = length
    at += out.write(value, at)
  }
  return out
}

/** Bytes of an `Array(String)` column. */
export function encodeStringLists(lists: readonly (readonly string[])[]): Uint8Array[] {
  let end = 0
  return [encodeInt64s(lists.map((list) => (end += list.length))), encodeStrings(lists.flat())]
}

/** Bytes of a `UInt64`, `Int64` or `DateTime64` column from safe integers (ids, milliseconds). */
export function encodeInt64s(values: ArrayLike<number>): Uint8Array {
  const words = new Uint32Array(2 * values.length)
  for (let i = 0; i < values.length; i++) {
    const value = Math.floor(values[i]!)
    words[2 * i] = value
    words[2 * i + 1] = Math.floor(value / 0x1_0000_0000)
  }
  return new Uint8Array(words.buffer)
}

export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

function text(value: string): number[] {
  const bytes = Buffer.from(value)
  return [...varuint(bytes.length), ...bytes]
}

function varuint(value: number): number[] {
  const out: number[] = []
  let rest = value
  while (rest > 127) {
    out.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  out.push(rest)
  return out
}

function varuintSize(value: number): number {
  let size = 1
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size++
  return size
}
