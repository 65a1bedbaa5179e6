import type { Source } from './source.js'

const CONTROL: ReadonlyMap<string, number> = new Map([
  ['t', 9],
  ['n', 10],
  ['r', 13],
  ['f', 12],
  ['a', 7],
  ['e', 27],
])

/**
 * Reads what follows a backslash when it stands for one character: `\t`, `\x41`, `\u0041`, `\x{1F600}`, `\0101`, `\cA`,
 * or a sign such as `\.`. The source stands after the backslash. Undefined for a letter or digit that is none of these.
 */
export function characterEscape(source: Source): number | undefined {
  const start = source.at - 1
  const letter = source.peek()
  const control = CONTROL.get(letter)
  if (control !== undefined) {
    source.at++
    return control
  }
  if (letter === '0') return octal(source, start)
  if (letter === 'x') return hex(source, start)
  if (letter === 'u') return utf16(source, start)
  if (letter === 'c') {
    source.at++
    if (source.done) source.fail('After \\c a letter is missing.', start, 2)
    return source.next() ^ 64
  }
  if (/[A-Za-z0-9]/.test(letter)) return undefined
  if (source.done) source.fail('The pattern ends after a backslash.', start)
  return source.next()
}

function octal(source: Source, start: number): number {
  const match = source.takeMatch(/0([0-3][0-7]{2}|[0-7]{1,2})/y)
  if (!match) source.fail('After \\0 an octal number is missing.', start, 2)
  return Number.parseInt(match[1]!, 8)
}

function hex(source: Source, start: number): number {
  const match = source.takeMatch(/x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/y)
  const value = match ? Number.parseInt(match[1] ?? match[2]!, 16) : Number.NaN
  if (!(value <= 0x10ffff))
    source.fail('After \\x two hexadecimal digits, or some in braces, are missing.', start, 2)
  return value
}

function utf16(source: Source, start: number): number {
  const match = source.takeMatch(/u([0-9A-Fa-f]{4})/y)
  if (!match) source.fail('After \\u four hexadecimal digits are missing.', start, 2)
  const unit = Number.parseInt(match[1]!, 16)
  if (unit < 0xd800 || unit > 0xdbff) return unit
  const low = source.takeMatch(/\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})/y)
  return low ? (unit - 0xd800) * 0x400 + (Number.parseInt(low[1]!, 16) - 0xdc00) + 0x10000 : unit
}
