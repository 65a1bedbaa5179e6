import { readFileSync } from 'node:fs'
import { SettingsError } from './resolve.js'

const TOKEN = /^[\x21-\x7e]{16,200}$/

/** Is it long enough to keep others out, and of characters that a header can carry? */
export const isToken = (text: string) => TOKEN.test(text)

/**
 * The tokens in a file, one a line; empty lines and those that begin with `#` are left out. Throws `SettingsError`, which
 * names the line and never shows it.
 */
export function readTokens(path: string): string[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new SettingsError(`The file with tokens ${path} cannot be read: ${(error as Error).message}`)
  }
  return text.split('\n').flatMap((line, i) => {
    const token = line.trim()
    if (token === '' || token.startsWith('#')) return []
    if (!isToken(token))
      throw new SettingsError(
        `${path}, line ${i + 1}: a token has 16 to 200 printable characters without spaces`,
      )
    return [token]
  })
}
