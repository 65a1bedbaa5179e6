import { COLUMNS_MAGIC, FrameType } from './timeseries-frames.js'

const align8 = (n: number) => (n + 7) & ~7

const NO_WORDS = new Uint32Array(0)
const NO_DOUBLES = new Float64Array(0)

/** A typed array that grows; `view()` is what it holds, valid until the next change. */
export class Growing<A extends Uint32Array | Float64Array> {
  length = 0
  readonly #make: new (
    length: number,
  ) => A
  readonly #initial: number
  #data: A

  constructor(make: new (length: number) => A, initial: number) {
    this.#make = make
    this.#initial = initial
    // Many stay empty, and making a typed array takes as long as 50 numbers.
    this.#data = (make === (Uint32Array as unknown) ? NO_WORDS : NO_DOUBLES) as A
  }

  push(value: number): void {
    this.#reserve(1)
    this.#data[this.length++] = value
  }

  append(source: Uint32Array | Float64Array, start: number, end: number): void {
    const count = end - start
    this.#reserve(count)
    // A short copy by hand is faster than the view that `set` needs.
    if (count < 32) for (let i = 0; i < count; i++) this.#data[this.length + i] = source[start + i] as number
    else this.#data.set(source.subarray(start, end), this.length)
    this.length += count
  }

  view(): A {
    return this.#data.subarray(0, this.length) as A
  }

  /** Empties it; what grew far beyond the usual is given back. */
  clear(): void {
    this.length = 0
    if (this.#data.length > 131_072) this.#data = new this.#make(0)
  }

  #reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.#data.length) return
    const grown = new this.#make(Math.max(needed, 2 * this.#data.length, this.#initial))
    grown.set(this.#data.subarray(0, this.length))
    this.#data = grown
  }
}

/** Most answers are small, and memory that is not used has to be cleared and collected too. */
const FIRST_BYTES = 4_096
const KEPT_BYTES = 262_144
const SHORT = 64
const NOTHING = new ArrayBuffer(0)
const NO_BYTES = new Uint8Array(NOTHING)
const NO_VIEW = new DataView(NOTHING)
const utf8 = new TextEncoder()

/** Puts frames one after another into a buffer that `take()` empties. */
export class FrameWriter {
  #buffer = new ArrayBuffer(FIRST_BYTES)
  #view = new DataView(this.#buffer)
  #all = new Uint8Array(this.#buffer)
  #length = 0

  get length(): number {
    return this.#length
  }

  magic(): void {
    this.#reserve(8)
    this.#view.setUint32(0, COLUMNS_MAGIC, true)
    this.#view.setUint32(4, 0, true)
    this.#length = 8
  }

  json(type: number, value: unknown): void {
    const text = JSON.stringify(value)
    // A character takes three bytes at the most.
    this.#reserve(8 + align8(3 * text.length))
    const start = this.#length
    const written = this.#text(text, start + 8)
    const at = this.#head(type, written)
    this.#blanks(at, written)
  }

  /** Writes it at a place, and tells its bytes. For a short one, calling the encoder takes longer than the text. */
  #text(text: string, at: number): number {
    const bytes = this.#all
    if (text.length <= SHORT) {
      let i = 0
      for (; i < text.length; i++) {
        const code = text.charCodeAt(i)
        if (code > 0x7f) break
        bytes[at + i] = code
      }
      if (i === text.length) return i
    }
    return utf8.encodeInto(text, bytes.subarray(at)).written
  }

  /** Blanks behind a text, not zeros: the payload stays valid JSON. */
  #blanks(at: number, length: number): void {
    this.#all.fill(0x20, at + length, at + align8(length))
  }

  /** A count, then 32-bit words. */
  words(type: number, count: number, words: Uint32Array): void {
    const at = this.#head(type, 4 + 4 * words.length)
    // The buffer may have been used before.
    this.#view.setUint32(this.#length - 4, 0, true)
    this.#view.setUint32(at, count, true)
    new Uint32Array(this.#buffer, at + 4, words.length).set(words)
  }

  times(times: Float64Array): void {
    const step = regularStep(times)
    const at = this.#head(FrameType.times, step > 0 ? 24 : 8 + 8 * times.length)
    this.#view.setUint32(at, step > 0 ? 1 : 0, true)
    this.#view.setUint32(at + 4, times.length, true)
    if (step > 0) {
      this.#view.setFloat64(at + 8, times[0] as number, true)
      this.#view.setFloat64(at + 16, step, true)
    } else new Float64Array(this.#buffer, at + 8, times.length).set(times)
  }

  /** Rows of four words (template, entity, time column, frequency), then the value columns, all streams in one. */
  streams(count: number, rows: Uint32Array, values: Float64Array, more: Float64Array[]): void {
    const at = this.#head(FrameType.streams, 16 + 16 * count + 8 * values.length * (1 + more.length))
    this.#view.setUint32(at, count, true)
    this.#view.setUint32(at + 4, 1 + more.length, true)
    this.#view.setUint32(at + 8, values.length, true)
    new Uint32Array(this.#buffer, at + 16, rows.length).set(rows)
    let place = at + 16 + 16 * count
    for (const column of [values, ...more]) {
      new Float64Array(this.#buffer, place, column.length).set(column)
      place += 8 * column.length
    }
  }

  /** What is there, valid until the next change. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#all.subarray(0, this.#length)
  }

  /** Empties it; the buffer is used again, but for a large one. */
  clear(): void {
    if (this.#buffer.byteLength > KEPT_BYTES) this.take()
    this.#length = 0
  }

  take(): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(this.#buffer, 0, this.#length)
    this.#buffer = NOTHING
    this.#view = NO_VIEW
    this.#all = NO_BYTES
    this.#length = 0
    return taken
  }

  #head(type: number, length: number): number {
    const padded = align8(length)
    this.#reserve(8 + padded)
    this.#view.setUint32(this.#length, type, true)
    this.#view.setUint32(this.#length + 4, padded, true)
    const at = this.#length + 8
    this.#length = at + padded
    return at
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#buffer.byteLength) return
    const grown = new ArrayBuffer(Math.max(needed, 2 * this.#buffer.byteLength, FIRST_BYTES))
    const all = new Uint8Array(grown)
    all.set(this.#all.subarray(0, this.#length))
    this.#buffer = grown
    this.#all = all
    this.#view = new DataView(grown)
  }
}

/** The step of at least three evenly spaced times that three numbers give back exactly; else 0. */
function regularStep(times: Float64Array): number {
  if (times.length < 3) return 0
  const first = times[0] as number
  const step = (times[1] as number) - first
  if (!(step > 0)) return 0
  for (let i = 2; i < times.length; i++) if (times[i] !== first + i * step) return 0
  return step
}
