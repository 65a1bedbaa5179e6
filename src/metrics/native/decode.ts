/**
 * ClickHouse's `Native` format, read, as HTTP speaks it (client revision 0). Feed it chunks cut anywhere; it hands out
 * blocks. Fixed-width columns are filled in place, without an object per value.
 */
export type Numbers =
  | Float64Array
  | Float32Array
  | Uint32Array
  | Int32Array
  | Uint16Array
  | Int16Array
  | Uint8Array
  | Int8Array

export interface Column {
  name: string
  type: string
  /**
   * 64-bit integers and DateTime64 come as Float64Array: exact up to 2^53; DateTime64 in its own ticks, so that
   * `DateTime64(3)` is milliseconds since the epoch. For `Array(T)` the values of all rows one after the other.
   */
  values: Numbers | string[]
  /** Of `Nullable(T)`: 1 where the row is NULL; the value there is T's default. */
  nulls?: Uint8Array
  /** Of `Array(T)`: where each row's values end in `values`. */
  offsets?: Float64Array
}

export interface Block {
  rows: number
  columns: Column[]
}

export interface BlockDecoder {
  push(chunk: Uint8Array): void
  /** Throws when the input ended inside a block. */
  end(): void
}

/** Throws `NativeFormatError` from `push` for input that is not Native, or a type it does not know. */
export function createBlockDecoder(onBlock: (block: Block) => void): BlockDecoder {
  let chunk: Uint8Array = new Uint8Array(0)
  let buffer: Buffer = Buffer.alloc(0)
  let at = 0
  let between = true

  function* byte(): Generator<void, number> {
    while (at === chunk.length) yield
    return chunk[at++]!
  }

  function* varuint(): Generator<void, number> {
    let value = 0
    for (let scale = 1; scale < 2 ** 53; scale *= 128) {
      const b = yield* byte()
      value += (b & 127) * scale
      if (b < 128) return value
    }
    throw new NativeFormatError('a length is longer than 53 bits')
  }

  function* fill(target: Uint8Array): Generator<void, void> {
    for (let done = 0; done < target.length; ) {
      while (at === chunk.length) yield
      const count = Math.min(target.length - done, chunk.length - at)
      target.set(chunk.subarray(at, at + count), done)
      done += count
      at += count
    }
  }

  function* text(): Generator<void, string> {
    const length = yield* varuint()
    if (length > MAX_STRING) throw new NativeFormatError(`a string of ${length} bytes`)
    if (at + length <= chunk.length) {
      at += length
      return buffer.toString('utf8', at - length, at)
    }
    const bytes = Buffer.allocUnsafe(length)
    yield* fill(bytes)
    return bytes.toString('utf8')
  }

  function* strings(count: number): Generator<void, string[]> {
    const values: string[] = new Array(count)
    for (let i = 0; i < count; i++) {
      const length = chunk[at]
      if (length !== undefined && length < 128 && at + 1 + length <= chunk.length) {
        values[i] = buffer.toString('utf8', at + 1, at + 1 + length)
        at += 1 + length
      } else values[i] = yield* text()
    }
    return values
  }

  function* values(type: string, count: number): Generator<void, Numbers | string[]> {
    if (type === 'String') return yield* strings(count)
    const base = type.replace(/\(.*$/s, '')
    const make = FIXED[base]
    if (make === undefined)
      throw new NativeFormatError(`no reader for columns of type ${type}: cast it in the query`)
    const out = make(count)
    yield* fill(new Uint8Array(out.buffer))
    if (base === 'UInt64') return wide(out as Float64Array, false)
    if (base === 'Int64' || base === 'DateTime64') return wide(out as Float64Array, true)
    return out
  }

  function* column(rows: number): Generator<void, Column> {
    const name = yield* text()
    const type = yield* text()
    const array = inner(type, 'Array')
    if (array !== undefined) {
      const offsets = (yield* values('UInt64', rows)) as Float64Array
      return { name, type, offsets, values: yield* values(array, rows === 0 ? 0 : offsets[rows - 1]!) }
    }
    const nullable = inner(type, 'Nullable')
    if (nullable !== undefined) {
      const nulls = new Uint8Array(rows)
      yield* fill(nulls)
      return { name, type, nulls, values: yield* values(nullable, rows) }
    }
    return { name, type, values: yield* values(type, rows) }
  }

  function* blocks(): Generator<void, never> {
    for (;;) {
      between = true
      while (at === chunk.length) yield
      between = false
      const width = yield* varuint()
      const rows = yield* varuint()
      if (width > MAX_COLUMNS || rows > MAX_ROWS)
        throw new NativeFormatError(`a block of ${width} columns and ${rows} rows`)
      const columns: Column[] = []
      for (let i = 0; i < width; i++) columns.push(yield* column(rows))
      onBlock({ rows, columns })
    }
  }

  const reader = blocks()
  return {
    push(bytes) {
      chunk = bytes
      buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      at = 0
      reader.next()
    },
    end() {
      if (!between) throw new NativeFormatError('the answer ended inside a block')
    },
  }
}

/** The bytes are not a Native block that this reader knows. */
export class NativeFormatError extends Error {
  override name = 'NativeFormatError'
}

const MAX_STRING = 64 * 1024 * 1024
const MAX_COLUMNS = 10_000
const MAX_ROWS = 100_000_000

const FIXED: Record<string, (count: number) => Numbers> = {
  UInt8: (n) => new Uint8Array(n),
  Bool: (n) => new Uint8Array(n),
  Int8: (n) => new Int8Array(n),
  UInt16: (n) => new Uint16Array(n),
  Date: (n) => new Uint16Array(n),
  Int16: (n) => new Int16Array(n),
  UInt32: (n) => new Uint32Array(n),
  DateTime: (n) => new Uint32Array(n),
  Int32: (n) => new Int32Array(n),
  Float32: (n) => new Float32Array(n),
  Float64: (n) => new Float64Array(n),
  UInt64: (n) => new Float64Array(n),
  Int64: (n) => new Float64Array(n),
  DateTime64: (n) => new Float64Array(n),
}

/** Turns 64-bit integers into floats in the same memory. */
function wide(slots: Float64Array, signed: boolean): Float64Array {
  const low = new Uint32Array(slots.buffer)
  const high = signed ? new Int32Array(slots.buffer) : low
  for (let i = 0; i < slots.length; i++) slots[i] = high[2 * i + 1]! * 0x1_0000_0000 + low[2 * i]!
  return slots
}

function inner(type: string, wrapper: string): string | undefined {
  return type.startsWith(`${wrapper}(`) && type.endsWith(')') ? type.slice(wrapper.length + 1, -1) : undefined
}
