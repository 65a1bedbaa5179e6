/** Where the time-series API is, and how a query is written for it: for the page itself, for links and for shells. */

import type { TIME_SERIES_COLUMNS_CONTENT_TYPE } from '../../../src/wire/timeseries-columns.js'
import type { Interval } from '../state/time.js'

export type ApiFormat = 'application/json' | 'text/csv' | typeof TIME_SERIES_COLUMNS_CONTENT_TYPE

/** An answer is for an interval; days and hours of a query are those of the clock that the page shows. */
export interface Asked {
  readonly query: string
  readonly interval: Interval
  readonly utc: boolean
  /** Streams of a statement at the most; without it, or null, the server's own limit. */
  readonly limit?: number | null
}

export const PATH = 'api/v45/timeseries'

const USES_CLOCK = /\b(day|hour)\s+in\b/i

/** The API's parameters for a query over an interval. */
export function apiParameters(
  { query, interval, utc, limit }: Asked,
  format: ApiFormat,
): Record<string, string> {
  const zone = utc ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone
  return {
    query,
    from: new Date(interval.from).toISOString(),
    to: new Date(interval.to).toISOString(),
    contentType: format,
    ...(limit ? { streamLimit: String(limit) } : {}),
    ...(USES_CLOCK.test(query) ? { timeZone: zone } : {}),
  }
}

/** The address that gives the same data; `base` is the page's address. */
export function apiAddress(base: string, asked: Asked, format: ApiFormat): string {
  const address = new URL(PATH, base)
  address.search = new URLSearchParams(apiParameters(asked, format)).toString()
  return address.href
}

/** The same as a command for a POSIX shell. */
export function apiCommand(base: string, asked: Asked, format: ApiFormat): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
  const { href } = new URL(PATH, base)
  const fields = Object.entries(apiParameters(asked, format))
  return [
    `curl --get ${quoted(href)}`,
    ...fields.map(([name, value]) => `--data-urlencode ${quoted(`${name}=${value}`)}`),
  ].join(' \\\n  ')
}
