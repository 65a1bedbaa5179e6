/** Where the parts of a line end. Every function stops at the line break that the decoder puts at a body's end. */

const NEWLINE = 10
const SPACE = 32
const QUOTE = 34
const COMMA = 44
const EQUALS = 61
const BACKSLASH = 92

export function endOfLine(body: Uint8Array, from: number): number {
  const at = body.indexOf(NEWLINE, from)
  return at < 0 ? body.length : at
}

/** The first unescaped space, or the end of the line. */
export function endOfKey(body: Uint8Array, from: number): number {
  for (let i = from; ; i++) {
    const c = body[i]!
    if (c === SPACE || c === NEWLINE) return i
    if (c === BACKSLASH && body[i + 1] !== NEWLINE) i++
  }
}

/** The first unescaped `=`, or where a field's key cannot go on. */
export function endOfFieldKey(body: Uint8Array, from: number): number {
  for (let i = from; ; i++) {
    const c = body[i]!
    if (c === EQUALS || c === NEWLINE || c === SPACE || c === COMMA) return i
    if (c === BACKSLASH && body[i + 1] !== NEWLINE) i++
  }
}

/** The closing quote, or the body's length when there is none; a string may hold line breaks. */
export function endOfString(body: Uint8Array, from: number): number {
  for (let i = from; i < body.length; i++) {
    if (body[i] === QUOTE) return i
    if (body[i] === BACKSLASH) i++
  }
  return body.length
}

const BOOLEANS = ['true', 'True', 'TRUE', 'false', 'False', 'FALSE', 't', 'T', 'f', 'F'].map((word) =>
  Buffer.from(word),
)

/** The length of the boolean at `at`; 0 when there is none. */
export function booleanLength(body: Uint8Array, at: number): number {
  for (const word of BOOLEANS) {
    let k = 0
    while (k < word.length && body[at + k] === word[k]) k++
    if (k === word.length) return k
  }
  return 0
}
