import { readFileSync, statSync } from 'node:fs'
import { type Fields, isObject } from './fields.js'

const MAX_BYTES = 64 * 1024

/**
 * A secret: `{ "env": "NAME" }` or `{ "file": "/path" }`, the file for its owner only. Secrets do not stand in the settings
 * themselves, which are shown and copied about. Returns its value, without line breaks at its end; undefined when there is none.
 */
export function secret(from: Fields, key: string): string | undefined {
  const given = from.get(key)
  if (given === undefined) return undefined
  if (!isObject(given) || Object.keys(given).length !== 1) {
    from.wrong(key, 'must be { "env": "NAME" } or { "file": "/path" }: secrets do not stand in this file')
    return undefined
  }
  const { env, file } = given
  if (typeof env === 'string') {
    const value = process.env[env]
    if (!value) from.wrong(key, `names the environment variable ${env}, which is not set`)
    return value || undefined
  }
  if (typeof file === 'string') return fromFile(from, key, file)
  from.wrong(key, 'must be { "env": "NAME" } or { "file": "/path" }')
  return undefined
}

function fromFile(from: Fields, key: string, path: string): string | undefined {
  try {
    const { mode, size } = statSync(path)
    if ((mode & 0o077) !== 0) {
      from.wrong(key, `names ${path}, which others may read: chmod 600 it`)
      return undefined
    }
    if (size > MAX_BYTES) {
      from.wrong(key, `names ${path}, which is too large for a secret`)
      return undefined
    }
    const value = readFileSync(path, 'utf8').replace(/[\r\n]+$/, '')
    if (value === '') from.wrong(key, `names ${path}, which is empty`)
    return value || undefined
  } catch (error) {
    from.wrong(key, `names ${path}, which cannot be read: ${(error as NodeJS.ErrnoException).code}`)
    return undefined
  }
}
