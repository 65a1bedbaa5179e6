import type { SampleBuffer } from '../columns.js'
import { WASM } from './line-protocol-kernel.wasm.js'
import type { Layout, TagSet } from './line-protocol-names.js'

/**
 * The usual line of line protocol, read in WebAssembly (line-protocol-kernel.wat), some five times as fast as JavaScript does:
 * senders repeat their lines in one order, with other numbers. Each line that was learnt remembers the one that came after it. If that
 * comes again (the same measurement, tags and fields, all of them numbers of at most 15 digits, and a time), then comparing it
 * takes some instructions on 16 bytes at once. At anything else reading ends, and the decoder goes on with that line: so
 * there is one place that knows the format, and this one takes a part of it only.
 *
 * Memory: state and powers of ten; the window, a part of the body that is copied in; room for samples; then, up to a bound,
 * - shapes: how many fields; for each the length of its key (with `=`, and with the comma before it), the key, and a mask of its length;
 * - lines: the line that came after it, the length of measurement, tags and space, the shape, the first of its series, which
 *   follow one on another, and the measurement, tags and space.
 */
export interface LineKernel {
  /** Whether it is known which line should come next. */
  readonly expects: boolean
  /** A body begins, or goes on after others had their turn. */
  begin(): void
  /** What has come is no line that can be learnt. */
  forgetLast(): void
  /**
   * Reads lines from `from` on and appends their samples, `most` in all. Returns where the next line begins; `lines` says how many were
   * read.
   */
  read(body: Uint8Array, from: number, columns: SampleBuffer, most: number, times: TimeRange): number
  readonly lines: number
  /** The line has come whose key ends at `end` with a space, and which had the first `fields` fields of the layout, all of them numbers. */
  learn(set: TagSet, body: Uint8Array, start: number, end: number, fields: number): void
  /** Bytes that shapes and lines take. */
  readonly bytes: number
}

export interface TimeRange {
  /** Milliseconds in the unit of the time stamps. */
  scale: number
  earliest: number
  latest: number
}

const POWERS_AT = 64
const WINDOW_AT = 1024
const WINDOW = 64 * 1024
const MOST_SAMPLES = 16 * 1024
const SERIES_AT = WINDOW_AT + WINDOW
const TIMES_AT = SERIES_AT + 4 * MOST_SAMPLES
const VALUES_AT = TIMES_AT + 8 * MOST_SAMPLES
const LEARNT_AT = VALUES_AT + 8 * MOST_SAMPLES
const PAGE = 64 * 1024
const BLOCK = 16
const HEAD = 16
const FIELD = 80
const FIELD_KEY = 32
const MOST_FIELDS = 128
const MOST_KEY = 4096
const NEWLINE = 10
const COMMA = 44
/** After reading nothing so many more lines are left to the decoder, twice as many each time. */
const MOST_SKIPPED = 64

/** What of WebAssembly is used: neither TypeScript's library without DOM nor Node's types say it. */
interface Memory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}
interface Instance {
  readonly exports: { memory: Memory; read: Read }
}
interface Assembly {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => Instance
}
const { Module, Instance } = (globalThis as unknown as { WebAssembly: Assembly }).WebAssembly

type Read = (
  at: number,
  end: number,
  last: number,
  room: number,
  series: number,
  times: number,
  values: number,
  scale: number,
  below: number,
  earliest: number,
  latest: number,
) => void

let module: object | undefined
let isTried = false

/** A kernel that keeps at most `maxBytes` of lines; undefined where the processor has no SIMD that WebAssembly can use. */
export function createLineKernel(maxBytes: number): LineKernel | undefined {
  if (!isTried) {
    isTried = true
    try {
      module = new Module(Buffer.from(WASM, 'base64'))
    } catch {
      module = undefined
    }
  }
  return module && kernelOf(new Instance(module), LEARNT_AT + maxBytes)
}

function kernelOf({ exports: { memory, read } }: Instance, mostBytes: number): LineKernel {
  let bytes: Uint8Array
  let words: Int32Array
  let window: Uint8Array
  let seriesOut: Uint32Array
  let timesOut: Float64Array
  let valuesOut: Float64Array
  look()
  new Float64Array(memory.buffer, POWERS_AT).set(Array.from({ length: 23 }, (_, n) => 10 ** n))

  let most = mostBytes
  let used = LEARNT_AT
  /** Lines of an earlier age are no more. */
  let age = 1
  let shapes = new Map<Layout, Map<number, number>>()
  /** The line that was read or learnt last; 0: none. */
  let last = 0
  let lines = 0
  let skip = 0
  let skipped = 0
  let windowFrom = 0
  let windowEnd = 0

  return {
    get expects() {
      return last !== 0 && words[last >> 2] !== 0
    },
    get lines() {
      return lines
    },
    get bytes() {
      return used - LEARNT_AT
    },
    begin() {
      last = 0
      skip = 0
      windowEnd = 0
    },
    forgetLast() {
      last = 0
    },

    read(body, from, columns, mostSamples, { scale, earliest, latest }) {
      lines = 0
      if (skipped < skip) {
        skipped++
        return from
      }
      skipped = 0
      const below = scale === 1e-6 ? 6 : scale === 1e-3 ? 3 : 0
      let at = from
      for (;;) {
        if (at >= windowEnd) fillWindow(body, at)
        const room = Math.min(MOST_SAMPLES, mostSamples - columns.length)
        read(
          WINDOW_AT + at - windowFrom,
          WINDOW_AT + windowEnd - windowFrom,
          last,
          room,
          SERIES_AT,
          TIMES_AT,
          VALUES_AT,
          scale,
          below,
          earliest,
          latest,
        )
        const count = words[2]!
        if (count > 0) {
          const { length } = columns
          columns.grow(length + count)
          columns.series.set(seriesOut.subarray(0, count), length)
          columns.time.set(timesOut.subarray(0, count), length)
          columns.value.set(valuesOut.subarray(0, count), length)
          columns.length = length + count
          at = words[0]! - WINDOW_AT + windowFrom
          lines += words[1]!
          last = words[3]!
        }
        // Whether it has ended because the window did, in the midst of a line.
        if (windowEnd === body.length || at === windowFrom) break
        const offset = at - windowFrom
        if (window.subarray(offset, windowEnd - windowFrom).indexOf(NEWLINE) >= 0) {
          if (count < MOST_SAMPLES / 2) break
        } else fillWindow(body, at)
      }
      skip = lines > 0 ? 0 : Math.min(MOST_SKIPPED, 2 * skip + 1)
      return at
    },

    learn(set, body, start, end, fields) {
      const size = end + 1 - start
      if (
        fields > set.run ||
        fields > MOST_FIELDS ||
        size < BLOCK ||
        size > MOST_KEY ||
        !hasRoom(size, fields)
      ) {
        last = 0
        return
      }
      const shape = shapeOf(set.layout, fields)
      if (shape === 0) {
        last = 0
        return
      }
      let line = set.age === age ? set.line : 0
      if (line === 0) {
        line = take(HEAD + size)
        words[line >> 2] = 0
        words[(line >> 2) + 1] = size
        words[(line >> 2) + 3] = set.first
        bytes.set(body.subarray(start, end + 1), line + HEAD)
        set.line = line
        set.age = age
      }
      words[(line >> 2) + 2] = shape
      if (last !== 0) words[last >> 2] = line
      last = line
    },
  }

  function fillWindow(body: Uint8Array, from: number): void {
    windowFrom = from
    windowEnd = Math.min(body.length, from + WINDOW)
    window.set(body.subarray(from, windowEnd))
  }

  /** The shape of the first fields of a layout; 0 when a key is too long for one. */
  function shapeOf(layout: Layout, fields: number): number {
    const known = shapes.get(layout)
    const found = known?.get(fields)
    if (found !== undefined) return found
    const { view, offsets } = layout
    for (let f = 0; f < fields; f++) if (offsets[f + 1]! - offsets[f]! + 1 > FIELD_KEY) return 0
    const shape = take(HEAD + FIELD * fields)
    words[shape >> 2] = fields
    for (let f = 0; f < fields; f++) {
      const field = shape + HEAD + FIELD * f
      const comma = f === 0 ? 0 : 1
      const size = offsets[f + 1]! - offsets[f]! + comma
      bytes.fill(0, field, field + FIELD)
      words[field >> 2] = size
      if (comma) bytes[field + HEAD] = COMMA
      for (let k = comma; k < size; k++) bytes[field + HEAD + k] = view.getUint8(offsets[f]! + k - comma)
      bytes.fill(255, field + HEAD + FIELD_KEY, field + HEAD + FIELD_KEY + size)
    }
    if (known === undefined) shapes.set(layout, new Map([[fields, shape]]))
    else known.set(fields, shape)
    return shape
  }

  /** Whether there is room for a line and its shape. When there was none, everything is forgotten and learnt anew. */
  function hasRoom(key: number, fields: number): boolean {
    const needed = padded(HEAD + key) + padded(HEAD + FIELD * fields)
    if (used + needed > most) {
      used = LEARNT_AT
      age++
      shapes = new Map()
      last = 0
    }
    if (used + needed > most) return false
    if (used + needed <= bytes.length) return true
    try {
      memory.grow(bytes.length / PAGE)
    } catch {
      most = bytes.length
      return false
    }
    look()
    return true
  }

  function take(size: number): number {
    const at = used
    used += padded(size)
    return at
  }

  /** Growing has moved the memory. */
  function look(): void {
    bytes = new Uint8Array(memory.buffer)
    words = new Int32Array(memory.buffer)
    window = bytes.subarray(WINDOW_AT, WINDOW_AT + WINDOW)
    seriesOut = new Uint32Array(memory.buffer, SERIES_AT, MOST_SAMPLES)
    timesOut = new Float64Array(memory.buffer, TIMES_AT, MOST_SAMPLES)
    valuesOut = new Float64Array(memory.buffer, VALUES_AT, MOST_SAMPLES)
  }
}

const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK
