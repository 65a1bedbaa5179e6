import type { Entry } from '../entries.js'

/**
 * Java's properties format, `key=value`, as `Properties.load` reads it: no blanks around `=`, `:` in values plain, one line
 * each. A key that begins with `#` is written as it is: scripts of the field look for that very text.
 */
export function writeProperties(entries: readonly Entry[], valve: string): string {
  const lines = entries.map(({ key, value }) => `${escapeKey(key)}=${escapeValue(value)}`)
  return withValve(lines.map((line) => `${line}\n`).join(''), valve)
}

/** A safety valve's text after a file's own, on lines of its own. */
export function withValve(text: string, valve: string): string {
  if (valve === '') return text
  const start = text === '' || text.endsWith('\n') ? text : `${text}\n`
  return `${start}${valve}${valve.endsWith('\n') ? '' : '\n'}`
}

const short: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\f': '\\f',
}

function escapeCharacters(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what has to be escaped
    /[\\\u0000-\u001f\u007f-\uffff]/g,
    (char) => short[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

export function escapeValue(value: string): string {
  return escapeCharacters(value).replace(/^ /, '\\ ')
}

function escapeKey(key: string): string {
  return escapeCharacters(key).replace(/[ =:]/g, '\\$&')
}
