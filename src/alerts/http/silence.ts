import { randomUUID } from 'node:crypto'
import type { Silence } from '../core/index.js'
import { readMatcher } from '../settings/index.js'

const LONGEST_MS = 366 * 86_400_000

/**
 * Reads `{ match, from?, until, comment?, createdBy?, id? }`; times in ISO 8601 or milliseconds. A silence without a match
 * would silence everything, and one without an end for ever: both are problems.
 */
export function readSilence(body: unknown, now: number): { silence: Silence; problems: string[] } {
  const problems: string[] = []
  const object = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  const match = readMatcher(object.match ?? {}, 'match', problems)
  if (Object.keys(match).length === 0)
    problems.push('match is empty: name at least one field, such as { "host": "node1" }')
  const from = object.from === undefined ? now : timeOf(object.from, 'from', problems)
  const until = timeOf(object.until, 'until', problems)
  if (problems.length === 0) {
    if (until <= now) problems.push('until has passed')
    if (until <= from) problems.push('until is not after from')
    if (until - now > LONGEST_MS) problems.push('until is more than a year away')
  }
  const id = object.id === undefined ? randomUUID() : String(object.id)
  if (!/^[\w.-]{1,100}$/.test(id)) problems.push('id may hold letters, digits, ".", "-" and "_" only')
  const text = (key: string) => {
    const given = object[key] ?? ''
    if (typeof given !== 'string' || given.length > 500)
      problems.push(`${key} is not a text of 500 characters at most`)
    return String(given).slice(0, 500)
  }
  return {
    silence: { id, match, from, until, comment: text('comment'), createdBy: text('createdBy') },
    problems,
  }
}

function timeOf(value: unknown, key: string, problems: string[]): number {
  const ms = typeof value === 'number' ? value : typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (Number.isFinite(ms) && Math.abs(ms) <= 8.64e15) return ms
  problems.push(
    `${key} ${value === undefined ? 'is missing' : 'is not a time'}: ISO 8601, or milliseconds since 1970`,
  )
  return 0
}
