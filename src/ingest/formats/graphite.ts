import { ByteCache } from '../byte-cache.js'
import { type DecodeContext, tooManySamples } from '../decode.js'
import type { IngestLimits } from '../limits.js'
import { type Label, metricName } from '../naming.js'

/**
 * Graphite plaintext: `path[;tag=value…] value time`, one a line, the time in seconds (-1 or `N`: now).
 *
 * A path with tags is the metric, its tags are labels. In a path without tags the last part is the metric and what stands
 * before it is the label `path`, so that `servers.a.cpu.user` and `servers.b.cpu.user` are one metric of two entities.
 */
export type GraphiteDecoder = (body: Uint8Array, context: DecodeContext) => void

const NEWLINE = 10
const SPACE = 32
const LETTER_N = 78
const MINUS = 45
const DOT = 46
const MOST_NUMBER = 40
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** A decoder with a cache of its own, bounded by `labelCacheBytes`. Throws `RequestTooLargeError` and nothing else. */
export function createGraphiteDecoder(limits: Pick<IngestLimits, 'labelCacheBytes'>): GraphiteDecoder {
  const cache = new ByteCache<number>(limits.labelCacheBytes)
  return (body, context) => {
    cache.rewind()
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
    let line = 0
    for (let start = 0; start < body.length; ) {
      const end = endOfLine(body, start)
      line++
      if (takeLine(body, view, start, end, context, cache) < 0) {
        const { reason, detail } = context.registrar
        context.outcome.refuse(reason, detail, line, body, start, end)
      }
      start = end + 1
    }
    if (context.columns.length > context.limits.samplesPerRequest) throw tooManySamples(context.limits)
  }
}

function endOfLine(body: Uint8Array, start: number): number {
  const newline = body.indexOf(NEWLINE, start)
  return newline < 0 ? body.length : newline
}

/** Takes the sample of a line; -1 when it is refused, and then the registrar knows why. */
function takeLine(
  body: Uint8Array,
  view: DataView,
  lineStart: number,
  lineEnd: number,
  context: DecodeContext,
  cache: ByteCache<number>,
): number {
  const { outcome, limits, registrar, columns } = context
  let end = lineEnd
  while (end > lineStart && body[end - 1]! <= SPACE) end--
  const start = wordStart(body, lineStart, end)
  if (start === end) return 0
  // Senders repeat their paths in one order.
  const guess = cache.next(view, start, end)
  const guessed = guess !== undefined && body[start + cache.matched]! <= SPACE
  const pathEnd = guessed ? start + cache.matched : wordEnd(body, start, end)
  const valueStart = wordStart(body, pathEnd, end)
  const valueEnd = wordEnd(body, valueStart, end)
  const timeStart = wordStart(body, valueEnd, end)
  if (timeStart === end || wordEnd(body, timeStart, end) !== end)
    return registrar.refuse('syntax', 'expected path, value and time')
  const value = numberAt(body, valueStart, valueEnd)
  if (value === undefined) return registrar.refuse('syntax', 'the value is not a number')
  const seconds = numberAt(body, timeStart, end)
  const now = seconds === -1 || (end - timeStart === 1 && body[timeStart] === LETTER_N)
  if (seconds === undefined && !now) return registrar.refuse('syntax', 'the time is not a number')
  if (Number.isNaN(value)) {
    outcome.skip('nan')
    return 0
  }
  if (!Number.isFinite(value)) return registrar.refuse('value', 'the value is infinite')
  const time = now ? context.now : Math.floor(seconds! * 1000)
  if (time > context.latest) return registrar.refuse('time-future', 'the time lies too far in the future')
  if (!(time >= context.earliest)) return registrar.refuse('time-past', 'the time lies too far in the past')
  if (pathEnd - start > limits.labelSetBytes)
    return registrar.refuse('label-length', `the path takes more than ${limits.labelSetBytes} bytes`)
  let series = guess
  if (guessed) cache.advance()
  else series = cache.get(view, start, pathEnd)
  if (series === undefined) {
    series = register(body, start, pathEnd, context)
    if (series < 0) return -1
    cache.set(view, start, pathEnd, series)
  }
  if (now) outcome.timesMissing++
  columns.push(series, time, value)
  return 1
}

function wordStart(body: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && body[at]! <= SPACE) at++
  return at
}

function wordEnd(body: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && body[at]! > SPACE) at++
  return at
}

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i
const NOT_FINITE: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
}

/** A decimal number, or one of the words that are none; undefined for anything else. */
function numberAt(body: Uint8Array, start: number, end: number): number | undefined {
  const negative = body[start] === MINUS
  const digitsStart = negative ? start + 1 : start
  let digits = 0
  let point = -1
  let at = digitsStart
  for (; at < end; at++) {
    const digit = body[at]! - 48
    if (digit >= 0 && digit <= 9) digits = digits * 10 + digit
    else if (body[at] === DOT && point < 0) point = at
    else break
  }
  const count = end - digitsStart - (point < 0 ? 0 : 1)
  // Up to 15 digits and 10^22 are exact in a double, so that one division rounds correctly.
  if (at === end && count > 0 && count <= 15) {
    const value = point < 0 ? digits : digits / 10 ** (end - point - 1)
    return negative ? -value : value
  }
  if (end - start > MOST_NUMBER) return undefined
  const text = Buffer.from(body.buffer, body.byteOffset + start, end - start).toString('latin1')
  return NUMBER.test(text) ? Number(text) : NOT_FINITE[text.toLowerCase()]
}

function register(body: Uint8Array, start: number, end: number, { registrar }: DecodeContext): number {
  let text: string
  try {
    text = utf8.decode(body.subarray(start, end))
  } catch {
    return registrar.refuse('encoding', 'the path is not UTF-8')
  }
  const [path = '', ...pairs] = text.split(';')
  const labels: Label[] = []
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    if (at < 1 || at === pair.length - 1)
      return registrar.refuse('syntax', 'expected tag=value after each semicolon')
    labels.push({ name: pair.slice(0, at), value: pair.slice(at + 1) })
  }
  let name = path
  if (pairs.length === 0) {
    const dot = path.lastIndexOf('.')
    name = path.slice(dot + 1)
    if (dot > 0) labels.push({ name: 'path', value: path.slice(0, dot) })
  }
  const entity = registrar.entity(labels)
  if (entity < 0) return -1
  const metric = registrar.metric({ name: metricName(name) })
  return metric < 0 ? -1 : registrar.series(metric, entity)
}
