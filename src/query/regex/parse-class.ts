import {
  type CharSet,
  charSet,
  complement,
  folded,
  intersection,
  NOTHING,
  rangeSet,
  union,
} from './charset.js'
import { anyCase, namedClass, shorthand } from './classes.js'
import { characterEscape } from './escapes.js'
import { type Flags, foldOf } from './flags.js'
import type { Source } from './source.js'

const MAX_DEPTH = 50

/** Reads a character class; the source stands after its `[`. Classes may be inside, and cut by `&&`. */
export function parseClass(source: Source, flags: Flags, depth = 0): CharSet {
  const start = source.at - 1
  if (depth > MAX_DEPTH) source.fail(`Classes can be nested ${MAX_DEPTH} deep at most.`, start)
  const negative = source.take('^')
  let result: CharSet | undefined
  let current: CharSet | undefined
  const cut = () => {
    if (current) result = result ? intersection(result, current) : current
    current = undefined
  }
  for (;;) {
    if (flags.comments) source.skipComments()
    if (source.done) source.fail('The class that begins here is not closed: ] is missing.', start)
    if (source.starts('&&')) {
      source.takeMatch(/&{2,}/y)
      cut()
    } else if (source.peek() === ']' && (result || current)) {
      source.at++
      break
    } else {
      const next = parseMember(source, flags, depth)
      current = current ? union(current, next) : next
    }
  }
  cut()
  const set = result ?? NOTHING
  return negative ? complement(set) : set
}

function parseMember(source: Source, flags: Flags, depth: number): CharSet {
  if (source.take('[')) return parseClass(source, flags, depth + 1)
  if (source.take('\\Q')) return parseQuoted(source, flags)
  const start = source.at
  const first = parseCharacter(source, flags)
  if (typeof first !== 'number') return first
  const after = source.peek(1)
  if (source.peek() !== '-' || after === ']' || after === '[' || after === '')
    return charSet(first, foldOf(flags))
  source.at++
  const last = parseCharacter(source, flags)
  if (typeof last !== 'number') source.fail('A range ends with one character.', start, source.at - start)
  if (last < first) source.fail('The range is upside down.', start, source.at - start)
  return rangeSet(first, last, foldOf(flags))
}

/** One character, or a class such as `\d`. */
function parseCharacter(source: Source, flags: Flags): number | CharSet {
  if (source.peek() !== '\\') return source.next()
  const start = source.at++
  const set = parseNamed(source, flags)
  if (set) return set
  const character = characterEscape(source)
  if (character === undefined) source.fail(`\\${source.peek()} is not supported in a class.`, start, 2)
  return character
}

function parseQuoted(source: Source, flags: Flags): CharSet {
  let set = NOTHING
  while (!source.done && !source.take('\\E')) set = union(set, charSet(source.next(), foldOf(flags)))
  return set
}

/** Reads `d`, `p{Alpha}`, `pL` and their kin after a backslash; undefined where something else comes. */
export function parseNamed(source: Source, flags: Flags): CharSet | undefined {
  const short = shorthand(source.peek(), flags.unicodeClasses)
  if (short) {
    source.at++
    return short
  }
  const start = source.at - 1
  const match = source.takeMatch(/[pP](?:\{([^{}]*)\}|([A-Za-z]))/y)
  if (!match) {
    if (/[pP]/.test(source.peek()))
      source.fail('After \\p the name of a class in braces is missing.', start, 2)
    return undefined
  }
  const name = match[1] ?? match[2]!
  const set = namedClass(name, flags.unicodeClasses)
  if (!set) source.fail(`There is no class of characters called “${name}”.`, start, source.at - start)
  const wide = (flags.ignoreCase && anyCase(name)) || folded(set, foldOf(flags))
  return match[0][0] === 'P' ? complement(wide) : wide
}
