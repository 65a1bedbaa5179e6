import { charSet, complement, type Fold, NOTHING } from './charset.js'
import { DOT, NEWLINE, VERTICAL } from './classes.js'
import { characterEscape } from './escapes.js'
import { type Flags, foldOf, NO_FLAGS, withFlag } from './flags.js'
import { parseClass, parseNamed } from './parse-class.js'
import { Source } from './source.js'
import { type Mode, type Place, type Tree, widthOf } from './tree.js'

export const MAX_PATTERN_LENGTH = 16_384
const MAX_DEPTH = 100

export interface Pattern {
  tree: Tree
  /** Number of capturing groups. */
  groups: number
  /** Whether a `\1` or `\k<name>` occurs, so that captures matter. */
  references: boolean
}

interface State {
  source: Source
  flags: Flags
  depth: number
  groups: number
  names: Map<string, number>
  references: { group: number; offset: number; length: number }[]
}

/**
 * Parses a regular expression as `java.util.regex` has it.
 *
 * @throws RegexSyntaxError with the place, for what Java refuses and for the little that is not supported
 */
export function parsePattern(text: string, caseInsensitive: boolean): Pattern {
  const source = new Source(text)
  if (text.length > MAX_PATTERN_LENGTH)
    source.fail(`A pattern has at most ${MAX_PATTERN_LENGTH} characters.`, MAX_PATTERN_LENGTH, text.length)
  const flags = caseInsensitive ? { ...NO_FLAGS, ignoreCase: true, unicodeCase: true } : NO_FLAGS
  const state: State = { source, flags, depth: 0, groups: 0, names: new Map(), references: [] }
  const tree = parseEither(state)
  if (!source.done) source.fail('This ) closes nothing; a ) as a character is written \\).')
  for (const { group, offset, length } of state.references)
    if (group > state.groups) source.fail(`There is no group ${group}.`, offset, length)
  return { tree, groups: state.groups, references: state.references.length > 0 }
}

function parseEither(state: State): Tree {
  const options = [parseSequence(state)]
  while (state.source.take('|')) options.push(parseSequence(state))
  return options.length === 1 ? options[0]! : { kind: 'either', options }
}

function parseSequence(state: State): Tree {
  const source: Source = state.source
  const items: Tree[] = []
  for (;;) {
    if (state.flags.comments) source.skipComments()
    if (source.done || source.peek() === '|' || source.peek() === ')') break
    if (source.starts('\\Q')) quoted(state, items)
    else {
      const atom = parseAtom(state)
      if (atom) items.push(parseRepeat(state, atom))
    }
  }
  return items.length === 1 ? items[0]! : { kind: 'sequence', items }
}

const literal = (codePoint: number, flags: Flags): Tree => ({
  kind: 'set',
  set: charSet(codePoint, foldOf(flags)),
})

/** `\Q…\E`: a repetition after it is one of its last character. */
function quoted(state: State, items: Tree[]): void {
  const source: Source = state.source
  const { flags } = state
  source.take('\\Q')
  const before = items.length
  while (!source.done && !source.take('\\E')) items.push(literal(source.next(), flags))
  if (items.length > before) items.push(parseRepeat(state, items.pop()!))
}

/** One thing that can be repeated; undefined for `(?i)`, which only switches flags. */
function parseAtom(state: State): Tree | undefined {
  const source: Source = state.source
  const { flags } = state
  const start = source.at
  switch (source.peek()) {
    case '(':
      return parseGroup(state)
    case '[':
      source.at++
      return { kind: 'set', set: parseClass(source, flags) }
    case '\\':
      return parseEscape(state)
    case '.':
      source.at++
      return { kind: 'set', set: anyCharacter(flags) }
    case '^':
      source.at++
      return place(flags.multiline ? 'line-start' : 'text-start', flags)
    case '$':
      source.at++
      return place(flags.multiline ? 'line-end' : 'last-line-end', flags)
    case '*':
    case '+':
    case '?':
      return source.fail(`There is nothing that ${source.peek()} could repeat.`, start)
    case '{':
      return source.fail('There is nothing that { could repeat; a { as a character is written \\{.', start)
  }
  return literal(source.next(), flags)
}

function anyCharacter(flags: Flags) {
  if (flags.dotAll) return complement(NOTHING)
  return flags.unixLines ? complement(NEWLINE) : DOT
}

const place = (where: Place, flags: Flags): Tree => ({
  kind: 'place',
  place: where,
  unixLines: flags.unixLines,
})

function parseRepeat(state: State, body: Tree): Tree {
  const source: Source = state.source
  if (state.flags.comments) source.skipComments()
  const start = source.at
  const range = parseCount(source)
  if (!range) return body
  const mode: Mode = source.take('?') ? 'lazy' : source.take('+') ? 'possessive' : 'greedy'
  if (/[*+?]/.test(source.peek()))
    source.fail(`There is nothing that ${source.peek()} could repeat.`, source.at)
  if (range.max < range.min) source.fail('The repetition is upside down.', start, source.at - start)
  return { kind: 'repeat', body, ...range, mode }
}

function parseCount(source: Source): { min: number; max: number } | undefined {
  if (source.take('*')) return { min: 0, max: Number.POSITIVE_INFINITY }
  if (source.take('+')) return { min: 1, max: Number.POSITIVE_INFINITY }
  if (source.take('?')) return { min: 0, max: 1 }
  if (source.peek() !== '{') return undefined
  const match = source.takeMatch(/\{(\d{1,9})(,(\d{1,9})?)?\}/y)
  if (!match)
    return source.fail('After { a count is missing, e.g. {2} or {2,5}; a { as a character is written \\{.')
  const min = Number(match[1])
  return { min, max: match[3] ? Number(match[3]) : match[2] ? Number.POSITIVE_INFINITY : min }
}

/** The source stands before the `(`. */
function parseGroup(state: State): Tree | undefined {
  const source: Source = state.source
  const { flags } = state
  const start = source.at++
  if (++state.depth > MAX_DEPTH) source.fail(`Groups can be nested ${MAX_DEPTH} deep at most.`, start)
  const inside = (): Tree => {
    const body = parseEither(state)
    if (!source.take(')')) source.fail('The group that begins here is not closed: ) is missing.', start)
    state.flags = flags
    state.depth--
    return body
  }
  if (!source.take('?')) {
    const index = ++state.groups
    return { kind: 'group', index, body: inside() }
  }
  if (source.take(':')) return inside()
  if (source.take('>')) return { kind: 'atomic', body: inside() }
  if (source.take('=')) return { kind: 'look', ahead: true, negative: false, body: inside(), offset: start }
  if (source.take('!')) return { kind: 'look', ahead: true, negative: true, body: inside(), offset: start }
  if (source.take('<=')) return lookBehind(state, start, false, inside)
  if (source.take('<!')) return lookBehind(state, start, true, inside)
  if (source.peek() === '<') return namedGroup(state, start, inside)
  return flagGroup(state, start, inside)
}

function lookBehind(state: State, start: number, negative: boolean, inside: () => Tree): Tree {
  const body = inside()
  if (widthOf(body).max === Number.POSITIVE_INFINITY)
    state.source.fail('What is looked for behind must have a largest length.', start, state.source.at - start)
  return { kind: 'look', ahead: false, negative, body, offset: start }
}

function namedGroup(state: State, start: number, inside: () => Tree): Tree {
  const source: Source = state.source
  const { names } = state
  const match = source.takeMatch(/<([A-Za-z][A-Za-z0-9]*)>/y)
  if (!match) source.fail('The name of a group is letters and digits in < and >.', start, 3)
  if (names.has(match[1]!))
    source.fail(`There are two groups called “${match[1]}”.`, start, source.at - start)
  const index = ++state.groups
  names.set(match[1]!, index)
  return { kind: 'group', index, body: inside() }
}

/** `(?i)` holds to the end of the group around it, `(?i:…)` inside. */
function flagGroup(state: State, start: number, inside: () => Tree): Tree | undefined {
  const source: Source = state.source
  let on = true
  let flags = state.flags
  for (; !source.done && source.peek() !== ':' && source.peek() !== ')'; source.at++) {
    if (source.peek() === '-') on = false
    else {
      const next = withFlag(flags, source.peek(), on)
      if (!next) source.fail(`(?${source.peek()} is not supported.`, source.at)
      flags = next
    }
  }
  if (source.done) source.fail('The group that begins here is not closed: ) is missing.', start)
  state.flags = flags
  if (source.take(':')) return inside()
  source.at++
  state.depth--
  return undefined
}

const PLACES: ReadonlyMap<string, Place> = new Map([
  ['A', 'text-start'],
  ['G', 'text-start'],
  ['z', 'text-end'],
  ['Z', 'last-line-end'],
  ['b', 'word-boundary'],
  ['B', 'no-word-boundary'],
])

/** The source stands before the backslash. */
function parseEscape(state: State): Tree {
  const source: Source = state.source
  const { flags } = state
  const start = source.at++
  const letter = source.peek()
  const where = PLACES.get(letter)
  if (where && !source.starts('b{')) {
    source.at++
    return place(where, flags)
  }
  if (letter === 'R') {
    source.at++
    return lineBreak()
  }
  if (/[1-9]/.test(letter)) return numberedReference(state, start)
  if (letter === 'k') return namedReference(state, start)
  const set = parseNamed(source, flags)
  if (set) return { kind: 'set', set }
  const character = characterEscape(source)
  if (character === undefined) source.fail(`\\${letter} is not supported.`, start, 2)
  return literal(character, flags)
}

function lineBreak(): Tree {
  const one = (text: string): Tree => literal(text.codePointAt(0)!, NO_FLAGS)
  return {
    kind: 'either',
    options: [
      { kind: 'sequence', items: [one('\r'), one('\n')] },
      { kind: 'set', set: VERTICAL },
    ],
  }
}

/** As in Java, further digits belong to the number as long as there are so many groups. */
function numberedReference(state: State, start: number): Tree {
  const source: Source = state.source
  let group = Number(source.text[source.at++])
  while (/\d/.test(source.peek()) && group * 10 + Number(source.peek()) <= state.groups)
    group = group * 10 + Number(source.text[source.at++])
  return reference(state, group, start, foldOf(state.flags))
}

function namedReference(state: State, start: number): Tree {
  const source: Source = state.source
  const { names } = state
  const match = source.takeMatch(/k<([A-Za-z][A-Za-z0-9]*)>/y)
  const group = match && names.get(match[1]!)
  if (!group) source.fail('After \\k the name of an earlier group is missing, in < and >.', start, 2)
  return reference(state, group, start, foldOf(state.flags))
}

function reference(state: State, group: number, start: number, fold: Fold): Tree {
  state.references.push({ group, offset: start, length: state.source.at - start })
  return { kind: 'reference', group, fold }
}
