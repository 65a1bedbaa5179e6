import { type View, views } from '../contract/types.js'
import { badRequest } from './errors.js'

/**
 * The parameters of a query by the endpoint's table (`{ maxResults: 'integer=100' }`). Those that the table does not
 * have are ignored, since clients add their own. Throws a 400 that names the parameter.
 */
export function readQuery(
  table: Readonly<Record<string, string>> | undefined,
  given: URLSearchParams,
): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [name, text] of Object.entries(table ?? {})) {
    const [type = '', byDefault] = text.split(/=(.*)/s)
    if (type === '[string]') {
      result[name] = given.getAll(name)
      continue
    }
    const value = given.get(name) ?? byDefault
    result[name] = value === undefined ? undefined : readOne(name, type, value)
  }
  return result
}

function readOne(name: string, type: string, value: string): unknown {
  switch (type) {
    case 'view': {
      const word = value.toLowerCase() as View
      if (!views.includes(word)) throw wrong(name, value, `one of ${views.join(', ')}`)
      return word
    }
    case 'integer':
      if (!/^\d{1,9}$/.test(value)) throw wrong(name, value, 'a whole number')
      return Number(value)
    case 'boolean':
      if (!/^(true|false)$/i.test(value)) throw wrong(name, value, 'true or false')
      return value.toLowerCase() === 'true'
    default:
      if (value.includes('\0')) throw wrong(name, value, 'a text without NUL')
      return value
  }
}

const wrong = (name: string, value: string, expected: string) =>
  badRequest(`The parameter "${name}" must be ${expected}, not ${JSON.stringify(value.slice(0, 60))}.`)

const RELATIVE = /^now(?:-(\d{1,6})([smhd]))?$/
const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 }

/** A time as the API's parameters have it: ISO 8601, or `now`, `now-2h`. */
export function readTime(name: string, text: string, now: Date): Date {
  const relative = RELATIVE.exec(text)
  if (relative) {
    const [, count = '0', unit = 's'] = relative
    return new Date(now.getTime() - Number(count) * SECONDS[unit as keyof typeof SECONDS] * 1000)
  }
  // Without a zone it is UTC: Cloudera's Python client sends times so.
  const zoned = !text.includes('T') || /(Z|[+-]\d\d:?\d\d)$/i.test(text)
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(zoned ? text : `${text}Z`) : Number.NaN
  if (Number.isNaN(time)) throw wrong(name, text, 'a time such as 2026-03-01T08:00:00.000Z or now-2h')
  return new Date(time)
}
