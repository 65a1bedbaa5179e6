import { type DecodeContext, type Rest, tooManySamples } from '../decode.js'
import type { IngestLimits } from '../limits.js'
import type { Reason } from '../outcome.js'
import { sameBytes } from '../same-bytes.js'
import { createLineKernel, type LineKernel } from './line-protocol-kernel.js'
import { NameCache } from './line-protocol-names.js'
import { booleanLength, endOfFieldKey, endOfKey, endOfLine, endOfString } from './line-protocol-scan.js'

/**
 * Influx line protocol, v1 and v2: `measurement[,tag=value…] field=value[,field=value…] [time]`.
 *
 * The bytes up to the first unescaped space are the key of a cached tag set; the fields of a measurement mostly come in
 * one order, so each field's key costs one comparison with the next of a remembered layout. A line is taken or refused
 * as a whole. Numbers and booleans (as 1 and 0) are samples, strings are skipped.
 */

/** Milliseconds per unit of the time stamp. */
export const PRECISIONS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  n: 1e-6,
  us: 1e-3,
  u: 1e-3,
  µ: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/** `precision` must be a key of `PRECISIONS`. Throws `RequestTooLargeError` and nothing else. */
export type LineProtocolDecoder = (body: Uint8Array, precision: string, context: DecodeContext) => Rest

const TAB = 9
const NEWLINE = 10
const RETURN = 13
const SPACE = 32
const QUOTE = 34
const HASH = 35
const PLUS = 43
const COMMA = 44
const MINUS = 45
const DOT = 46
const ZERO = 48
const NINE = 57
const EQUALS = 61
const POWERS = Array.from({ length: 23 }, (_, n) => 10 ** n)

/** Of the label cache: what the kernel remembers of lines. */
const KERNEL_SHARE = 0.25

/**
 * A decoder with a cache of its own, bounded by `labelCacheBytes`. `kernel: false` leaves every line to JavaScript; what is read is the
 * same.
 */
export function createLineProtocolDecoder(
  limits: Pick<IngestLimits, 'labelCacheBytes'>,
  options: { kernel?: boolean } = {},
): LineProtocolDecoder {
  const names = new NameCache(limits.labelCacheBytes * (1 - KERNEL_SHARE))
  const kernel =
    options.kernel === false ? undefined : createLineKernel(limits.labelCacheBytes * KERNEL_SHARE)
  return (body, precision, context) =>
    decode(terminated(body), PRECISIONS[precision]!, context, names, kernel)
}

/** The body with a line break at its end, so that every inner loop ends there without looking at the length. */
function terminated(body: Uint8Array): Uint8Array {
  if (body.length > 0 && body[body.length - 1] === NEWLINE) return body
  const copy = new Uint8Array(body.length + 1)
  copy.set(body)
  copy[body.length] = NEWLINE
  return copy
}

/** `from`, `line`: where it goes on, and the number of the line before. */
function decode(
  body: Uint8Array,
  scale: number,
  context: DecodeContext,
  names: NameCache,
  kernel: LineKernel | undefined,
  from = 0,
  line = 0,
): Rest {
  const { columns, outcome, registrar, limits, earliest, latest, now } = context
  const cache = names.tagSets
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const n = body.length
  let { series: seriesColumn, time: timeColumn, value: valueColumn, capacity } = columns
  let length = columns.length
  let linesInStrings = 0
  let lineStart = 0
  /** Where this line's samples begin in the columns. */
  let first = length
  let i = from
  /** The last time stamp, with the line break behind it: most lines have that of the line before. */
  let timeAt = 0
  let timeSize = 0
  let timeBefore = 0
  /** Whether the line's fields are the first ones of the layout, in its order, and numbers. */
  let isRegular = false

  cache.rewind()
  kernel?.begin()
  const times = { scale, earliest, latest }

  /** Takes back the line's samples and answers where the next line begins: after the first break behind `at`. */
  const refuse = (reason: Reason, detail: string, at: number): number => {
    length = first
    outcome.refuse(reason, detail, line, body, lineStart, endOfLine(body, lineStart))
    return endOfLine(body, at) + 1
  }

  lines: while (i < n) {
    if (registrar.isTimeUp) {
      columns.length = length
      const next = i
      const before = line + linesInStrings
      return () => decode(body, scale, context, names, kernel, next, before)
    }
    if (kernel?.expects) {
      columns.length = length
      i = kernel.read(body, i, columns, limits.samplesPerRequest, times)
      if (kernel.lines > 0) {
        line += kernel.lines + linesInStrings
        linesInStrings = 0
        ;({ length, series: seriesColumn, time: timeColumn, value: valueColumn, capacity } = columns)
        cache.rewind()
        continue
      }
    }
    line += 1 + linesInStrings
    linesInStrings = 0
    let c = body[i]!
    while (c === SPACE || c === RETURN || c === TAB || c === 0) c = body[++i]!
    if (c === NEWLINE) {
      i++
      continue
    }
    lineStart = i
    first = length
    isRegular = kernel !== undefined
    if (c === HASH) {
      i = endOfLine(body, i) + 1
      continue
    }

    let set = cache.next(view, i, n)
    if (set !== undefined && body[i + cache.matched] === SPACE) {
      i += cache.matched
      cache.advance()
    } else {
      i = endOfKey(body, i)
      if (body[i] !== SPACE) {
        i = refuse('syntax', 'no fields: a space and field=value must follow', i)
        continue
      }
      if (i - lineStart > limits.labelSetBytes) {
        i = refuse('label-length', `measurement and tags take more than ${limits.labelSetBytes} bytes`, i)
        continue
      }
      set = cache.get(view, lineStart, i)
      if (set === undefined) {
        set = names.parse(body, lineStart, i, registrar)
        if (set === undefined) {
          i = refuse(registrar.reason, registrar.detail, i)
          continue
        }
        cache.set(view, lineStart, i, set)
      }
    }
    const keyEnd = i
    while (body[i] === SPACE) i++

    const { layout, run, first: firstSeries } = set
    let position = 0
    for (;;) {
      // The key: mostly the next one of the layout.
      let size = 0
      if (position < layout.metrics.length) {
        const offset = layout.offsets[position]!
        size = layout.offsets[position + 1]! - offset
        if (i + size > n) size = 0
        else if (size >= 8 && size <= 16) {
          // Two reads that overlap; doubles that are equal and not zero are the same bytes.
          const head = view.getFloat64(i, true)
          const tail = view.getFloat64(i + size - 8, true)
          if (
            head !== layout.view.getFloat64(offset, true) ||
            tail !== layout.view.getFloat64(offset + size - 8, true) ||
            head === 0 ||
            tail === 0
          )
            size = 0
        } else if (!sameBytes(layout.view, offset, view, i, size)) size = 0
      }
      if (size > 0) i += size
      else {
        const end = endOfFieldKey(body, i)
        if (body[end] !== EQUALS || end === i) {
          i = refuse('syntax', 'expected field=value', i)
          continue lines
        }
        const expected = position
        position = names.position(layout, body, i, end + 1, limits.nameLength)
        if (position !== expected) isRegular = false
        if (position < 0) {
          const detail =
            position === -1 ? 'the name of a field is too long' : 'the measurement has too many fields'
          i = refuse('label-length', detail, i)
          continue lines
        }
        i = end + 1
      }

      // The value.
      const valueStart = i
      let numeric = true
      let value = 0
      c = body[i]!
      if ((c >= ZERO && c <= NINE) || c === MINUS || c === DOT || c === PLUS) {
        const negative = c === MINUS
        if (negative || c === PLUS) c = body[++i]!
        const digitsStart = i
        while (c >= ZERO && c <= NINE) {
          value = value * 10 + (c - ZERO)
          c = body[++i]!
        }
        let digits = i - digitsStart
        if (c === 105 /* i */ || c === 117 /* u */) {
          if (digits > 15) value = Number(latin1(body, digitsStart, i))
          if (negative && c === 117) digits = 0
          i++
        } else {
          let fraction = 0
          let exponent = false
          if (c === DOT) {
            c = body[++i]!
            const fractionStart = i
            while (c >= ZERO && c <= NINE) {
              value = value * 10 + (c - ZERO)
              c = body[++i]!
            }
            fraction = i - fractionStart
            digits += fraction
          }
          if (digits > 0 && (c === 101 /* e */ || c === 69)) {
            exponent = true
            c = body[++i]!
            if (c === MINUS || c === PLUS) c = body[++i]!
            if (c < ZERO || c > NINE) digits = 0
            while (c >= ZERO && c <= NINE) c = body[++i]!
          }
          // Up to 15 digits and 10^22 are exact in a double, so that one division rounds correctly.
          if (exponent || digits > 15) value = Number(latin1(body, digitsStart, i))
          else if (fraction > 0) value /= POWERS[fraction]!
        }
        if (digits === 0) {
          i = refuse('syntax', 'not a number', valueStart)
          continue lines
        }
        if (negative) value = -value
        if (!Number.isFinite(value)) {
          i = refuse('value', 'the number is beyond the range of a double', i)
          continue lines
        }
      } else if (c === QUOTE) {
        i = endOfString(body, i + 1) + 1
        if (i > n) {
          i = refuse('syntax', 'a string has no closing quote', valueStart)
          continue lines
        }
        for (let at = body.indexOf(NEWLINE, valueStart); at < i; at = body.indexOf(NEWLINE, at + 1))
          linesInStrings++
        numeric = false
        isRegular = false
        outcome.skip('string')
      } else {
        const letters = booleanLength(body, i)
        if (letters === 0) {
          i = refuse('syntax', 'expected a number, a boolean, or a string in double quotes', valueStart)
          continue lines
        }
        value = c === 116 /* t */ || c === 84 ? 1 : 0
        i += letters
      }
      c = body[i]!
      if (c !== COMMA && c !== SPACE && c !== NEWLINE && c !== RETURN) {
        i = refuse('syntax', 'unexpected character after a value', i)
        continue lines
      }
      if (numeric) {
        let series = position < run ? firstSeries + position : (set.series[position] ?? -1)
        if (series < 0) {
          series = names.series(set, position, registrar)
          if (series < 0) {
            i = refuse(registrar.reason, registrar.detail, i)
            continue lines
          }
        }
        if (length === capacity) {
          if (length >= limits.samplesPerRequest) throw tooManySamples(limits)
          columns.length = length
          columns.grow()
          ;({ series: seriesColumn, time: timeColumn, value: valueColumn, capacity } = columns)
        }
        seriesColumn[length] = series
        valueColumn[length++] = value
      }
      if (c !== COMMA) break
      position++
      i++
    }

    // The time.
    let time = now
    while (c === SPACE) c = body[++i]!
    if (timeSize > 0 && i + timeSize <= n && sameBytes(view, timeAt, view, i, timeSize)) {
      time = timeBefore
      i += timeSize - 1
      c = NEWLINE
    } else if (c === NEWLINE || c === RETURN) {
      if (length > first) outcome.timesMissing++
    } else {
      const timeStart = i
      timeSize = 0
      const negative = c === MINUS
      if (negative) c = body[++i]!
      const digitsStart = i
      let head = 0
      // Fifteen digits are exact in a double; what follows is below a millisecond in every time that is in range.
      while (c >= ZERO && c <= NINE && i < digitsStart + 15) {
        head = head * 10 + (c - ZERO)
        c = body[++i]!
      }
      const rest = i
      while (c >= ZERO && c <= NINE) c = body[++i]!
      if (i === digitsStart || (c !== SPACE && c !== NEWLINE && c !== RETURN)) {
        i = refuse('syntax', 'the time is not a whole number', timeStart)
        continue
      }
      time = milliseconds(head, i - rest, scale)
      if (negative) time = -time
      while (c === SPACE) c = body[++i]!
      if (time < earliest || time > latest) {
        const far = `the time lies too far in the ${time > latest ? 'future' : 'past'}; is the precision right?`
        i = refuse(time > latest ? 'time-future' : 'time-past', far, i)
        continue
      }
      if (c === NEWLINE) {
        timeAt = timeStart
        timeSize = i + 1 - timeStart
        timeBefore = time
      }
    }
    if (c === RETURN) c = body[++i]!
    if (c !== NEWLINE) {
      i = refuse('syntax', 'unexpected character after the time', i)
      continue
    }
    for (let k = first; k < length; k++) timeColumn[k] = time
    i++
    if (isRegular) kernel!.learn(set, body, lineStart, keyEnd, position + 1)
    else kernel?.forgetLast()
  }
  if (length > limits.samplesPerRequest) throw tooManySamples(limits)
  columns.length = length
}

/** Time stamps are whole numbers of their unit; what is below a millisecond is cut off. */
function milliseconds(head: number, restDigits: number, scale: number): number {
  if (scale >= 1) return restDigits > 0 ? Number.POSITIVE_INFINITY : head * scale
  const below = scale === 1e-6 ? 6 : 3
  return restDigits > below ? Number.POSITIVE_INFINITY : Math.floor(head / POWERS[below - restDigits]!)
}

const latin1 = (body: Uint8Array, start: number, end: number) =>
  Buffer.from(body.buffer, body.byteOffset + start, end - start).toString('latin1')
