/**
 * Reads the Prometheus text format and OpenMetrics, as far as rules ask for it: the names that no rule has are skipped without a
 * text being made of them.
 */

export interface Selector {
  name: string
  /** Labels that a series must have with these values. */
  labels: readonly (readonly [string, string])[]
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const LABEL = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/

/** `name` or `name{label="value",…}`; undefined for anything else. */
export function parseSelector(text: string): Selector | undefined {
  const name = NAME.exec(text.trim())?.[0]
  if (name === undefined) return undefined
  const rest = text.trim().slice(name.length)
  if (rest === '') return { name, labels: [] }
  if (!rest.startsWith('{') || !rest.endsWith('}')) return undefined
  const labels: [string, string][] = []
  let inside = rest.slice(1, -1).trim()
  while (inside !== '') {
    const found = LABEL.exec(inside)
    if (!found) return undefined
    labels.push([found[1]!, unescaped(found[2]!)])
    inside = inside.slice(found[0].length).trim()
  }
  return { name, labels }
}

const unescaped = (text: string) => text.replace(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one))

const NEWLINE = 0x0a
const SPACE = 0x20
const TAB = 0x09
const HASH = 0x23
const BRACE = 0x7b
const END_BRACE = 0x7d
const QUOTE = 0x22
const BACKSLASH = 0x5c
const EQUALS = 0x3d
const COMMA = 0x2c

/**
 * The sum of the series that each selector matches; NaN where none does. Lines that are no samples are passed over: a page with one
 * bad line is still good for its others.
 */
export function readPrometheus(page: Buffer, selectors: readonly Selector[]): Float64Array {
  const sums = new Float64Array(selectors.length).fill(Number.NaN)
  const byName = new Map<string, number[]>()
  selectors.forEach(({ name }, i) => {
    const known = byName.get(name)
    if (known) known.push(i)
    else byName.set(name, [i])
  })
  const lengths = new Set([...byName.keys()].map((name) => name.length))
  for (let at = 0; at < page.length; ) {
    let end = page.indexOf(NEWLINE, at)
    if (end < 0) end = page.length
    let start = at
    at = end + 1
    while (start < end && (page[start] === SPACE || page[start] === TAB)) start++
    if (start === end || page[start] === HASH) continue
    let stop = start
    while (stop < end && page[stop] !== BRACE && page[stop] !== SPACE && page[stop] !== TAB) stop++
    if (!lengths.has(stop - start)) continue
    const wanted = byName.get(page.toString('latin1', start, stop))
    if (!wanted) continue
    let after = stop
    while (after < end && (page[after] === SPACE || page[after] === TAB)) after++
    let labels: Map<string, string> | undefined
    if (page[after] === BRACE) {
      labels = new Map()
      after = readLabels(page, after + 1, end, labels)
      if (after < 0) continue
    }
    const value = readValue(page, after, end)
    if (Number.isNaN(value)) continue
    for (const i of wanted)
      if (selectors[i]!.labels.every(([name, text]) => (labels?.get(name) ?? '') === text))
        sums[i] = Number.isNaN(sums[i]!) ? value : sums[i]! + value
  }
  return sums
}

/** Returns where the labels end, or -1 when they are not well formed. */
function readLabels(page: Buffer, from: number, end: number, labels: Map<string, string>): number {
  let at = from
  for (;;) {
    while (at < end && (page[at] === SPACE || page[at] === COMMA || page[at] === TAB)) at++
    if (at >= end) return -1
    if (page[at] === END_BRACE) return at + 1
    const name = at
    while (at < end && page[at] !== EQUALS) at++
    const nameEnd = at
    at++
    while (at < end && (page[at] === SPACE || page[at] === TAB)) at++
    if (at >= end || page[at] !== QUOTE) return -1
    const value = ++at
    let escaped = false
    while (at < end && page[at] !== QUOTE) {
      if (page[at] === BACKSLASH) {
        escaped = true
        at++
      }
      at++
    }
    if (at >= end) return -1
    const text = page.toString('utf8', value, at)
    labels.set(page.toString('latin1', name, nameEnd).trimEnd(), escaped ? unescaped(text) : text)
    at++
  }
}

/** The number after the labels; what may follow it (a stamp, an exemplar) is not looked at. */
function readValue(page: Buffer, from: number, end: number): number {
  let at = from
  while (at < end && (page[at] === SPACE || page[at] === TAB)) at++
  let stop = at
  while (stop < end && page[stop]! > SPACE) stop++
  if (stop === at) return Number.NaN
  const text = page.toString('latin1', at, stop)
  if (/^[+-]?inf/i.test(text))
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return /^[+-]?(\d|\.\d)/.test(text) ? Number(text) : Number.NaN
}
