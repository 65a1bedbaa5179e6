import type { Label } from '../../../wire/naming.js'

/** What is said of a family of metrics. */
export interface Family {
  type: string
  help: string
  unit: string
}

/** A page that is not what it says it is: nothing of it is taken. */
export class PageError extends Error {
  override name = 'PageError'
}

export interface PageVisitor {
  family(name: string): Family
  /**
   * A sample. `key` is name and labels as they stand in the page; `at` is the page's own time, milliseconds, NaN where it
   * gives none.
   */
  sample(key: string, value: number, at: number): void
}

const MOST_HELP = 1_000
/** Of a line; the monitor takes no series with that many labels. */
const MOST_LINE_BYTES = 64 * 1024

/**
 * Reads a page of the Prometheus text format 0.0.4 or, with `openMetrics`, of OpenMetrics 1.0. Exemplars are passed over.
 *
 * Throws `PageError` for a line that cannot be read (with its number), and for OpenMetrics without `# EOF` at its end: the page
 * was cut off.
 */
export function readPage(page: Buffer, openMetrics: boolean, visitor: PageVisitor): void {
  let number = 0
  let ended = false
  for (let at = 0; at < page.length; ) {
    let end = page.indexOf(0x0a, at)
    if (end < 0) end = page.length
    number++
    if (end - at > MOST_LINE_BYTES)
      throw new PageError(`line ${number} is longer than ${MOST_LINE_BYTES} bytes`)
    const line = page.toString('utf8', at, end).trim()
    at = end + 1
    if (line === '') continue
    if (ended) throw new PageError(`line ${number}: there is something after # EOF`)
    if (line.startsWith('#')) {
      if (openMetrics && line === '# EOF') ended = true
      else readComment(line, visitor)
    } else readSample(line, number, openMetrics, visitor)
  }
  if (openMetrics && !ended) throw new PageError('the page ends without # EOF: it was cut off')
}

const COMMENT = /^#\s*(TYPE|HELP|UNIT)\s+(\S+)\s*(.*)$/

function readComment(line: string, { family }: PageVisitor): void {
  const [, word, name, rest] = COMMENT.exec(line) ?? []
  if (word === 'TYPE') family(name!).type = rest!.trim()
  else if (word === 'UNIT') family(name!).unit = rest!.trim().slice(0, 40)
  else if (word === 'HELP') family(name!).help = unescaped(rest!).slice(0, MOST_HELP)
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/

function readSample(line: string, number: number, openMetrics: boolean, visitor: PageVisitor): void {
  let keyEnd = NAME.exec(line)?.[0].length ?? 0
  if (keyEnd === 0 && line[0] !== '{') throw new PageError(`line ${number}: a metric's name is expected`)
  const brace = /^\s*\{/.exec(line.slice(keyEnd, keyEnd + 8))
  if (brace) keyEnd = endOfLabels(line, keyEnd + brace[0].length, number)
  const rest = line.slice(keyEnd)
  const [value, time] = rest.trimStart().split(/\s+/, 2)
  if (value === undefined || value === '') throw new PageError(`line ${number}: a value is expected`)
  const parsed = numberOf(value)
  if (parsed === undefined)
    throw new PageError(`line ${number}: ${JSON.stringify(value.slice(0, 50))} is not a number`)
  // `#` begins an exemplar.
  const stamp = time === undefined || time.startsWith('#') ? Number.NaN : Number(time)
  if (time !== undefined && !time.startsWith('#') && Number.isNaN(stamp))
    throw new PageError(`line ${number}: ${JSON.stringify(time.slice(0, 50))} is not a time`)
  visitor.sample(line.slice(0, keyEnd), parsed, openMetrics ? Math.round(stamp * 1000) : stamp)
}

/** Where the labels end, behind the brace; quotes are looked at, so that a brace in a value is none. */
function endOfLabels(line: string, from: number, number: number): number {
  let quoted = false
  for (let i = from; i < line.length; i++) {
    const c = line.charCodeAt(i)
    if (quoted) {
      if (c === 0x5c) i++
      else if (c === 0x22) quoted = false
    } else if (c === 0x22) quoted = true
    else if (c === 0x7d) return i + 1
  }
  throw new PageError(`line ${number}: the labels do not end`)
}

function numberOf(text: string): number | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text)
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  return /^nan$/i.test(text) ? Number.NaN : undefined
}

const LABEL = /\s*(?:([a-zA-Z_][a-zA-Z0-9_.]*)|"((?:[^"\\]|\\.)*)")\s*(?:=\s*"((?:[^"\\]|\\.)*)")?\s*(?:,|$)/y

/** A sample's key taken apart: `name{label="value",…}`. A quoted name without a value is the metric's, as UTF-8 names are written. */
export function parseKey(key: string): { name: string; labels: Label[] } {
  let name = NAME.exec(key)?.[0] ?? ''
  const labels: Label[] = []
  const open = key.indexOf('{', name.length)
  if (open < 0) return { name, labels }
  const inside = key.slice(open + 1, -1)
  for (LABEL.lastIndex = 0; LABEL.lastIndex < inside.length; ) {
    if (inside.slice(LABEL.lastIndex).trim() === '') break
    const found = LABEL.exec(inside)
    if (!found) throw new PageError(`${JSON.stringify(key.slice(0, 200))}: the labels cannot be read`)
    const [, plain, quotedName, value] = found
    if (value === undefined && quotedName !== undefined && name === '') name = unescaped(quotedName)
    else if (value === undefined)
      throw new PageError(`${JSON.stringify(key.slice(0, 200))}: a label has no value`)
    else labels.push({ name: plain ?? unescaped(quotedName!), value: unescaped(value) })
  }
  return { name, labels }
}

const unescaped = (text: string): string =>
  text.includes('\\') ? text.replace(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one)) : text
