/** A set of code points: a table for ASCII, a test for the rest. */
export interface CharSet {
  readonly ascii: Uint8Array
  readonly wide: (codePoint: number) => boolean
  /** The only member, where there is one and it is one UTF-16 unit. */
  readonly single?: number
  /** An ASCII letter, in lower case, that is meant in either case: no other ASCII character is in the set. */
  readonly letter?: number
}

/** How letters of different case are told apart: not at all, or only outside ASCII, or always. */
export type Fold = 'none' | 'ascii' | 'unicode'

const ASCII = 128

export const has = (set: CharSet, codePoint: number): boolean =>
  codePoint < ASCII ? set.ascii[codePoint] === 1 : set.wide(codePoint)

/** The set of all code points that pass a test. */
export function setOf(test: (codePoint: number) => boolean): CharSet {
  const ascii = new Uint8Array(ASCII)
  for (let c = 0; c < ASCII; c++) ascii[c] = test(c) ? 1 : 0
  return { ascii, wide: test }
}

/** Patterns are mostly of few characters, again and again. */
const known = new Map<number, CharSet>()

/** The set of a character, in either case where `fold` says so. */
export function charSet(codePoint: number, fold: Fold): CharSet {
  if (codePoint >= ASCII) return madeSet(codePoint, fold)
  const key = codePoint * 4 + FOLDS.indexOf(fold)
  const before = known.get(key)
  if (before !== undefined) return before
  const set = madeSet(codePoint, fold)
  known.set(key, set)
  return set
}

const FOLDS: readonly Fold[] = ['none', 'ascii', 'unicode']

function madeSet(codePoint: number, fold: Fold): CharSet {
  if (fold === 'none' || !hasCase(codePoint, fold)) {
    const set = setOf((c) => c === codePoint)
    return codePoint > 0xffff || isSurrogate(codePoint) ? set : { ...set, single: codePoint }
  }
  const letter = isAsciiLetter(codePoint) ? { letter: codePoint | 0x20 } : undefined
  if (fold === 'ascii') {
    const other = codePoint ^ 0x20
    return { ...setOf((c) => c === codePoint || c === other), ...letter }
  }
  const folded = foldUnicode(codePoint)
  return { ...setOf((c) => foldUnicode(c) === folded), ...letter }
}

export function rangeSet(from: number, to: number, fold: Fold): CharSet {
  const inside = (c: number) => c >= from && c <= to
  if (fold === 'ascii') return setOf((c) => inside(c) || (isAsciiLetter(c) && inside(c ^ 0x20)))
  if (fold === 'unicode') return setOf((c) => inside(c) || inside(toUpper(c)) || inside(foldUnicode(c)))
  return setOf(inside)
}

export const union = (a: CharSet, b: CharSet): CharSet => setOf((c) => has(a, c) || has(b, c))
export const intersection = (a: CharSet, b: CharSet): CharSet => setOf((c) => has(a, c) && has(b, c))
export const complement = (set: CharSet): CharSet => setOf((c) => !has(set, c))
export const NOTHING: CharSet = setOf(() => false)

const isSurrogate = (c: number): boolean => c >= 0xd800 && c <= 0xdfff
const isAsciiLetter = (c: number): boolean => (c >= 65 && c <= 90) || (c >= 97 && c <= 122)
const hasCase = (c: number, fold: Fold): boolean => isAsciiLetter(c) || (fold === 'unicode' && c >= ASCII)

/** One code point for all cases of a letter, as Java's `toLowerCase(toUpperCase(c))`. */
export const foldUnicode = (c: number): number => toLower(toUpper(c))
export const foldAscii = (c: number): number => (c >= 65 && c <= 90 ? c | 0x20 : c)

const toUpper = (c: number): number => only(String.fromCodePoint(c).toUpperCase(), c)
const toLower = (c: number): number => only(String.fromCodePoint(c).toLowerCase(), c)

/** `ß` becomes two letters in upper case: such a letter has no other case here. */
function only(text: string, otherwise: number): number {
  const codePoint = text.codePointAt(0)!
  return text.length === (codePoint > 0xffff ? 2 : 1) ? codePoint : otherwise
}

/** The set with the letters of other case added. */
export function folded(set: CharSet, fold: Fold): CharSet {
  if (fold === 'none') return set
  if (fold === 'ascii') return setOf((c) => has(set, c) || (isAsciiLetter(c) && has(set, c ^ 0x20)))
  return setOf((c) => has(set, c) || has(set, toUpper(c)) || has(set, foldUnicode(c)))
}
