import { randomBytes } from 'node:crypto'
import { ByteCache } from '../byte-cache.js'
import type { DecodeContext } from '../decode.js'
import type { Label } from '../naming.js'
import { isObject, type Json, parseJson, textOf } from './json-series.js'
import { isVolatile, labelName } from './otlp-point.js'

/** A list of attributes, as labels. */
export interface AttributeSet {
  /** Different for every set that this process has seen. */
  readonly number: number
  readonly ofPoint: readonly Label[]
  /** Without what changes at every restart. */
  readonly ofResource: readonly Label[]
}

export interface AttributeReader {
  /** Parses a body, in which lists of attributes are replaced by references. Throws as `parseJson` does. */
  parse(body: Uint8Array, context: DecodeContext): Json
  /** What stands in the place of a list of attributes. */
  setOf(value: Json | undefined): AttributeSet
  /** Forgets the references of the last body. */
  release(): void
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN = 0x5b
const CLOSE = 0x5d
const COLON = 0x3a
const KEY = Buffer.from('attributes"')
const MOST_NUMBERS = 2 ** 50
const NOTHING: AttributeSet = { number: 0, ofPoint: [], ofResource: [] }
/** What a set costs beside its bytes, as a guess. */
const SET_BYTES = 1_500

/**
 * Nearly all of an OTLP body in JSON is attributes, which senders repeat: parsed, they cost more than all else. So each list of
 * them is looked up by its bytes, and what `JSON.parse` gets has a reference in its place. References carry a secret of this
 * process, so that none can be sent.
 */
export function createAttributeReader(cacheBytes: number): AttributeReader {
  const cache = new ByteCache<AttributeSet>(cacheBytes, SET_BYTES)
  const secret = randomBytes(9).toString('base64url')
  let last = 0
  let sets: AttributeSet[] = []

  /** Writes the body with references into `out`; returns its length, at most that of `out`. */
  function refer(bytes: Buffer, out: Buffer, context: DecodeContext): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    let written = 0
    let copied = 0
    for (let at = bytes.indexOf(QUOTE); at >= 0; ) {
      const end = endOfText(bytes, at)
      if (end < 0) break
      const list =
        end - at === KEY.length && bytes.compare(KEY, 0, KEY.length, at + 1, end + 1) === 0
          ? listAfter(bytes, end + 1)
          : -1
      if (list < 0) {
        at = bytes.indexOf(QUOTE, end + 1)
        continue
      }
      const listEnd = found(bytes, view, list, context)
      if (listEnd < 0) break
      written += bytes.copy(out, written, copied, list)
      written += out.write(`"${secret}${sets.length - 1}"`, written, 'latin1')
      copied = listEnd
      at = bytes.indexOf(QUOTE, listEnd)
    }
    return written + bytes.copy(out, written, copied)
  }

  /** Notes the set of the list that begins at `start`, and returns where it ends; -1 when it does not. */
  function found(bytes: Buffer, view: DataView, start: number, context: DecodeContext): number {
    const guess = cache.next(view, start, bytes.length)
    if (guess !== undefined) {
      cache.advance()
      sets.push(guess)
      return start + cache.matched
    }
    const end = endOfList(bytes, start)
    if (end < 0) return -1
    const tooLong = end - start > 2 * context.limits.labelSetBytes
    let set = tooLong ? undefined : cache.get(view, start, end)
    if (set === undefined) {
      const list = parseJson(bytes.subarray(start, end), context.limits)
      last = last >= MOST_NUMBERS ? 1 : last + 1
      set = { number: last, ofPoint: labelsOf(list, false), ofResource: labelsOf(list, true) }
      if (!tooLong) cache.set(view, start, end, set)
    }
    sets.push(set)
    return end
  }

  return {
    parse(body, context) {
      cache.rewind()
      sets = []
      const { jsonBytes } = context.limits
      if (body.length > jsonBytes) return parseJson(body, context.limits)
      const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
      // A reference may be longer than an empty list: by at most these bytes for each list.
      const out = Buffer.allocUnsafe(body.length + 24 * countLists(bytes))
      const length = refer(bytes, out, context)
      return parseJson(out.subarray(0, length), { jsonBytes: out.length })
    },
    setOf(value) {
      if (typeof value !== 'string' || !value.startsWith(secret)) return NOTHING
      return sets[Number(value.slice(secret.length))] ?? NOTHING
    },
    release() {
      sets = []
    },
  }
}

function countLists(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(KEY); at >= 0; at = bytes.indexOf(KEY, at + KEY.length)) count++
  return count
}

/** The closing quote of the text whose opening one is at `start`; -1 when there is none. */
function endOfText(bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(QUOTE, start + 1); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    let slashes = 0
    while (bytes[at - 1 - slashes] === BACKSLASH) slashes++
    if (slashes % 2 === 0) return at
  }
  return -1
}

/** Where the list of a member whose name has ended begins; -1 when its value is no list. */
function listAfter(bytes: Buffer, from: number): number {
  const colon = afterBlanks(bytes, from)
  if (bytes[colon] !== COLON) return -1
  const value = afterBlanks(bytes, colon + 1)
  return bytes[value] === OPEN ? value : -1
}

function afterBlanks(bytes: Buffer, from: number): number {
  let at = from
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++
  return at
}

/** Behind the bracket that closes the list at `start`; -1 when none does. */
function endOfList(bytes: Buffer, start: number): number {
  let depth = 0
  for (let at = start; at < bytes.length; at++) {
    const c = bytes[at]
    if (c === QUOTE) {
      at = endOfText(bytes, at)
      if (at < 0) return -1
    } else if (c === OPEN) depth++
    else if (c === CLOSE && --depth === 0) return at + 1
  }
  return -1
}

/** Texts, numbers and booleans; lists, maps and bytes are no labels. */
function labelsOf(list: Json, ofResource: boolean): Label[] {
  const labels: Label[] = []
  if (!Array.isArray(list)) return labels
  for (const attribute of list) {
    if (!isObject(attribute)) continue
    const key = textOf(attribute.key)
    if (!isObject(attribute.value) || (ofResource && isVolatile(key))) continue
    const { stringValue, intValue, doubleValue, boolValue } = attribute.value
    const scalar = stringValue ?? intValue ?? doubleValue ?? boolValue
    if (scalar !== undefined && scalar !== null && typeof scalar !== 'object')
      labels.push({ name: labelName(key), value: String(scalar) })
  }
  return labels
}
