/** Frames of the columnar time-series answer: what they are, and reading them. See `docs/api-timeseries.md`. */

/** `BWC1`, read as a little-endian number; four zero bytes follow it. */
export const COLUMNS_MAGIC = 0x31435742

/** Types from 1 up; a reader skips a type that it does not know. */
export const FrameType = {
  item: 1,
  templates: 2,
  strings: 3,
  shapes: 4,
  entities: 5,
  times: 6,
  streams: 7,
  itemEnd: 8,
  end: 9,
  error: 10,
} as const

/** The answer is damaged or cut off, or the server ended it with an error; then `code` is the server's. */
export class ColumnsDecodeError extends Error {
  override name = 'ColumnsDecodeError'
  readonly code: string
  constructor(message: string, code = 'BAD_COLUMNS') {
    super(message)
    this.code = code
  }
}

const MAX_REGULAR_TIMES = 50_000_000

/** Steps over the frames of a whole answer; every read is checked against the frame's end. */
export class FrameReader {
  type = 0
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #next = 8
  #start = 0
  #end = 0

  constructor(bytes: Uint8Array) {
    // A view of eight-byte numbers needs an aligned start; what arrives from `fetch` has one.
    this.#bytes = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength)
    if (bytes.byteLength < 8 || this.#view.getUint32(0, true) !== COLUMNS_MAGIC)
      throw new ColumnsDecodeError('not a columnar time-series answer')
  }

  /** Goes to the next frame; false at the end. */
  next(): boolean {
    const head = this.#next
    if (head === this.#bytes.byteLength) return false
    if (head + 8 > this.#bytes.byteLength) throw new ColumnsDecodeError('the answer was cut off')
    this.type = this.#view.getUint32(head, true)
    const length = this.#view.getUint32(head + 4, true)
    this.#start = head + 8
    this.#end = this.#start + length
    if (length % 8 !== 0 || this.#end > this.#bytes.byteLength)
      throw new ColumnsDecodeError('the answer was cut off')
    this.#next = this.#end
    return true
  }

  json<T>(): T {
    return JSON.parse(new TextDecoder().decode(this.#bytes.subarray(this.#start, this.#end))) as T
  }

  words(): { count: number; words: Uint32Array } {
    this.#need(4)
    const count = this.#view.getUint32(this.#start, true)
    return { count, words: this.#uint32(this.#start + 4, (this.#end - this.#start) / 4 - 1) }
  }

  times(): Float64Array {
    this.#need(8)
    const regular = this.#view.getUint32(this.#start, true) === 1
    const count = this.#view.getUint32(this.#start + 4, true)
    if (!regular) return this.#float64(this.#start + 8, count)
    this.#need(24)
    if (count > MAX_REGULAR_TIMES) throw new ColumnsDecodeError('a time column is too long')
    const first = this.#view.getFloat64(this.#start + 8, true)
    const step = this.#view.getFloat64(this.#start + 16, true)
    const times = new Float64Array(count)
    for (let i = 0; i < count; i++) times[i] = first + i * step
    return times
  }

  streams(): { count: number; rows: Uint32Array; columns: Float64Array[] } {
    this.#need(16)
    const count = this.#view.getUint32(this.#start, true)
    const columnCount = this.#view.getUint32(this.#start + 4, true)
    const points = this.#view.getUint32(this.#start + 8, true)
    const rows = this.#uint32(this.#start + 16, 4 * count)
    const columns: Float64Array[] = []
    for (let i = 0; i < columnCount; i++)
      columns.push(this.#float64(this.#start + 16 + 16 * count + 8 * points * i, points))
    return { count, rows, columns }
  }

  #need(length: number) {
    if (this.#start + length > this.#end) throw new ColumnsDecodeError('a frame is too short')
  }

  #uint32(start: number, length: number): Uint32Array {
    if (start + 4 * length > this.#end) throw new ColumnsDecodeError('a frame is too short')
    return new Uint32Array(this.#bytes.buffer, this.#bytes.byteOffset + start, length)
  }

  #float64(start: number, length: number): Float64Array {
    if (start + 8 * length > this.#end) throw new ColumnsDecodeError('a frame is too short')
    return new Float64Array(this.#bytes.buffer, this.#bytes.byteOffset + start, length)
  }
}
