import { type CharSet, complement, setOf, union } from './charset.js'

/** The named classes of Java's regular expressions. */

const ranges = (...pairs: [number, number][]): CharSet =>
  setOf((c) => pairs.some(([from, to]) => c >= from && c <= to))
const chars = (text: string): CharSet => {
  const all = new Set([...text].map((c) => c.codePointAt(0)!))
  return setOf((c) => all.has(c))
}

/** A class of Unicode that JavaScript knows by the same name. */
function unicode(property: string): CharSet {
  const pattern = new RegExp(`^[${property}]$`, 'u')
  return setOf((c) => pattern.test(String.fromCodePoint(c)))
}

const UPPER = ranges([65, 90])
const LOWER = ranges([97, 122])
const DIGIT = ranges([48, 57])
const ALPHA = union(UPPER, LOWER)
const ALNUM = union(ALPHA, DIGIT)
const SPACE = chars(' \t\n\v\f\r')
const PUNCT = chars('!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~')
const WORD = union(ALNUM, chars('_'))
const BLANK = chars(' \t')
const UNICODE_WORD = unicode('\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}')

export const LINE_TERMINATORS = chars('\n\r\u0085\u2028\u2029')
/** Finds one of `LINE_TERMINATORS` in a text. */
export const LINE_END = /[\n\r\u0085\u2028\u2029]/
/** What `.` matches by default. */
export const DOT = complement(LINE_TERMINATORS)
export const NEWLINE = chars('\n')
export const HORIZONTAL = unicode(' \\t\\u00a0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000')
export const VERTICAL = chars('\n\v\f\r\u0085\u2028\u2029')
export const BOUNDARY_WORD = unicode('\\p{L}\\p{Nd}_')

/** `\d`, `\s`, `\w` and, under `(?U)`, their Unicode counterparts. */
export function shorthand(letter: string, wide: boolean): CharSet | undefined {
  switch (letter) {
    case 'd':
      return wide ? unicode('\\p{Nd}') : DIGIT
    case 's':
      return wide ? unicode('\\p{White_Space}') : SPACE
    case 'w':
      return wide ? UNICODE_WORD : WORD
    case 'h':
      return HORIZONTAL
    case 'v':
      return VERTICAL
    case 'D':
    case 'S':
    case 'W':
    case 'H':
    case 'V':
      return complement(shorthand(letter.toLowerCase(), wide)!)
  }
  return undefined
}

const POSIX: ReadonlyMap<string, CharSet> = new Map([
  ['Lower', LOWER],
  ['Upper', UPPER],
  ['ASCII', ranges([0, 127])],
  ['Alpha', ALPHA],
  ['Digit', DIGIT],
  ['Alnum', ALNUM],
  ['Punct', PUNCT],
  ['Graph', union(ALNUM, PUNCT)],
  ['Print', ranges([32, 126])],
  ['Blank', BLANK],
  ['Cntrl', ranges([0, 31], [127, 127])],
  ['XDigit', union(DIGIT, ranges([65, 70], [97, 102]))],
  ['Space', SPACE],
])

const WIDE_POSIX: ReadonlyMap<string, string> = new Map([
  ['Lower', '\\p{Lowercase}'],
  ['Upper', '\\p{Uppercase}'],
  ['Alpha', '\\p{Alphabetic}'],
  ['Digit', '\\p{Nd}'],
  ['Alnum', '\\p{Alphabetic}\\p{Nd}'],
  ['Punct', '\\p{P}'],
  ['Blank', '\\p{Zs}\\t'],
  ['Cntrl', '\\p{Cc}'],
  ['XDigit', '\\p{Nd}\\p{Hex_Digit}'],
  ['Space', '\\p{White_Space}'],
])

const JAVA: ReadonlyMap<string, string> = new Map([
  ['javaLowerCase', '\\p{Lowercase}'],
  ['javaUpperCase', '\\p{Uppercase}'],
  ['javaAlphabetic', '\\p{Alphabetic}'],
  ['javaIdeographic', '\\p{Ideographic}'],
  ['javaTitleCase', '\\p{Lt}'],
  ['javaDigit', '\\p{Nd}'],
  ['javaDefined', '\\P{Cn}'],
  ['javaLetter', '\\p{L}'],
  ['javaLetterOrDigit', '\\p{L}\\p{Nd}'],
  ['javaSpaceChar', '\\p{Z}'],
  ['javaWhitespace', '\\t-\\r\\x1c-\\x20\\u1680\\u2000-\\u2006\\u2008-\\u200a\\u2028\\u2029\\u205f\\u3000'],
  ['javaISOControl', '\\p{Cc}'],
  ['javaMirrored', '\\p{Bidi_Mirrored}'],
])

const BLOCKS: ReadonlyMap<string, CharSet> = new Map([
  ['basiclatin', ranges([0, 0x7f])],
  ['latin1supplement', ranges([0x80, 0xff])],
  ['greek', ranges([0x370, 0x3ff])],
  ['greekandcoptic', ranges([0x370, 0x3ff])],
  ['cyrillic', ranges([0x400, 0x4ff])],
  ['hebrew', ranges([0x590, 0x5ff])],
  ['arabic', ranges([0x600, 0x6ff])],
  ['hiragana', ranges([0x3040, 0x309f])],
  ['katakana', ranges([0x30a0, 0x30ff])],
])

const BINARY = [
  'Alphabetic',
  'Ideographic',
  'Lowercase',
  'Uppercase',
  'White_Space',
  'Hex_Digit',
  'Join_Control',
  'Noncharacter_Code_Point',
  'Emoji',
  'Emoji_Presentation',
  'Emoji_Modifier',
  'Emoji_Component',
  'Extended_Pictographic',
]
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['letter', '\\p{L}'],
  ['titlecase', '\\p{Lt}'],
  ['punctuation', '\\p{P}'],
  ['control', '\\p{Cc}'],
  ['digit', '\\p{Nd}'],
  ['assigned', '\\P{Cn}'],
  ['ld', '\\p{L}\\p{Nd}'],
  ['l1', '\\u0000-\\u00ff'],
  ['all', '\\u{0}-\\u{10ffff}'],
])

const ONE_CASE = /^(?:Is|java|\w+=)?(?:lu|ll|lt|lowercase|uppercase|titlecase)$/i
const ANY_CASE = unicode('\\p{Lowercase}\\p{Uppercase}\\p{Lt}')

/** What a class of letters of one case becomes when case does not count; undefined for other classes. */
export const anyCase = (name: string): CharSet | undefined => (ONE_CASE.test(name) ? ANY_CASE : undefined)

/**
 * The class of `\p{name}`; undefined where there is none of that name.
 *
 * @param wide under `(?U)` the POSIX classes reach beyond ASCII
 */
export function namedClass(name: string, wide: boolean): CharSet | undefined {
  const assignment = /^(\w+)=(\w+)$/.exec(name)
  if (assignment) return assigned(assignment[1]!.toLowerCase(), assignment[2]!)
  const posix = /^Is/.test(name) ? WIDE_POSIX.get(name.slice(2)) : wide && WIDE_POSIX.get(name)
  if (posix) return unicode(posix)
  if (POSIX.has(name)) return POSIX.get(name)
  if (JAVA.has(name)) return unicode(JAVA.get(name)!)
  if (/^In/.test(name)) return BLOCKS.get(name.slice(2).toLowerCase().replace(/[-_ ]/g, ''))
  if (/^Is/.test(name)) return binary(name.slice(2)) ?? category(name.slice(2)) ?? script(name.slice(2))
  return category(name)
}

function assigned(key: string, value: string): CharSet | undefined {
  if (key === 'gc' || key === 'general_category') return category(value)
  if (key === 'sc' || key === 'script') return script(value)
  if (key === 'blk' || key === 'block') return BLOCKS.get(value.toLowerCase().replaceAll('_', ''))
  return undefined
}

const plain = (name: string): string => name.toLowerCase().replaceAll('_', '')

function binary(name: string): CharSet | undefined {
  const known = BINARY.find((b) => plain(b) === plain(name))
  return known === undefined ? undefined : unicode(`\\p{${known}}`)
}

function category(name: string): CharSet | undefined {
  const alias = ALIASES.get(name.toLowerCase())
  if (alias) return unicode(alias)
  return /^\w{1,2}$/.test(name) ? tried(`\\p{gc=${name}}`) : undefined
}

const script = (name: string): CharSet | undefined =>
  /^\w+$/.test(name)
    ? tried(`\\p{Script=${name.toLowerCase().replace(/(^|_)[a-z]/g, (c) => c.toUpperCase())}}`)
    : undefined

function tried(property: string): CharSet | undefined {
  try {
    return unicode(property)
  } catch {
    return undefined
  }
}
