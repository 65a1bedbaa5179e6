import type { Rollup } from '../../wire/timeseries.js'
import { TIME_SERIES_COLUMNS_CONTENT_TYPE } from '../../wire/timeseries-columns.js'
import { QueryError } from '../errors.js'
import { ROLLUPS } from '../functions/rollup.js'
import { isTimeZone, ownTimeZone } from '../run/calendar.js'
import type { QueryLimits } from '../run/limits.js'
import type { QueryRequest } from '../run/script.js'
import { parseTime } from './time.js'

export type AnswerForm = 'json' | 'csv' | 'columns'

const FORMS: Readonly<Record<string, AnswerForm>> = {
  'application/json': 'json',
  'text/csv': 'csv',
  [TIME_SERIES_COLUMNS_CONTENT_TYPE]: 'columns',
}

const DEFAULT_WINDOW_MS = 5 * 60_000

const bad = (message: string) => new QueryError('BAD_REQUEST', message)

export interface ApiRequest {
  readonly form: AnswerForm
  readonly request: Omit<QueryRequest, 'abort'>
}

/**
 * Reads the parameters of `/timeseries`: Cloudera Manager's six, and ours: `streamLimit`, `joinRenamed`, `timeZone`,
 * `variable.NAME`. A body's come before the address's. Throws `QueryError` (400) that names the parameter.
 */
export function readParameters(
  parameters: ReadonlyMap<string, string>,
  limits: QueryLimits,
  now: number,
): ApiRequest {
  const query = parameters.get('query') ?? ''
  if (query.trim() === '') throw bad('The parameter query is missing: a tsquery statement.')
  const to = time(parameters, 'to', now) ?? now
  const from = time(parameters, 'from', now) ?? to - DEFAULT_WINDOW_MS
  if (from > to) throw bad('The time from is later than the time to.')
  const type = (parameters.get('contentType') || 'application/json').split(';')[0]?.trim().toLowerCase() ?? ''
  const form = FORMS[type]
  if (form === undefined)
    throw bad(`contentType ${JSON.stringify(type)} is unknown; there are ${Object.keys(FORMS).join(', ')}.`)
  const timeZone = parameters.get('timeZone') || ownTimeZone()
  if (!isTimeZone(timeZone)) throw bad('timeZone is not a name of a time zone, such as Europe/Berlin.')
  const variables = new Map<string, string>()
  for (const [name, value] of parameters)
    if (name.startsWith('variable.')) variables.set(name.slice('variable.'.length).toLowerCase(), value)
  return {
    form,
    request: {
      query,
      window: { from, to },
      rollup: { desired: rollup(parameters), mustUse: flag(parameters, 'mustUseDesiredRollup') },
      streamLimit: streamLimit(parameters, limits),
      joinRenamed: flag(parameters, 'joinRenamed'),
      timeZone,
      variables,
    },
  }
}

/** Variables by the name that a query's `$NAME` is looked up by. */
export const variableMap = (entries: readonly (readonly [string, string])[]) =>
  new Map(entries.map(([name, value]) => [name.toLowerCase(), value]))

function time(parameters: ReadonlyMap<string, string>, name: string, now: number): number | undefined {
  const text = parameters.get(name)
  if (text === undefined || text === '') return undefined
  const value = parseTime(text, now)
  if (value === undefined)
    throw bad(
      `${name} is not a time from 1970 to 2261: give ISO 8601 (2026-01-31T12:00:00Z), now, now-1h, or milliseconds since the epoch.`,
    )
  return value
}

function rollup(parameters: ReadonlyMap<string, string>): Rollup {
  const text = (parameters.get('desiredRollup') || 'RAW').toUpperCase()
  const known = ROLLUPS.find((level) => level === text)
  if (known === undefined) throw bad(`desiredRollup is one of ${ROLLUPS.join(', ')}.`)
  return known
}

function flag(parameters: ReadonlyMap<string, string>, name: string): boolean {
  const text = (parameters.get(name) ?? '').toLowerCase()
  if (text !== '' && text !== 'true' && text !== 'false') throw bad(`${name} is true or false.`)
  return text === 'true'
}

function streamLimit(parameters: ReadonlyMap<string, string>, limits: QueryLimits): number {
  const text = parameters.get('streamLimit')
  if (text === undefined || text === '') return limits.streams
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw bad('streamLimit is a whole number from 1 on.')
  return Math.min(value, limits.mostStreams)
}
