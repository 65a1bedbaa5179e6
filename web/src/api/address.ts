/** Where the time-series API is, and how a query is written for it: for the page itself, for links and for shells. */

import type { TIME_SERIES_COLUMNS_CONTENT_TYPE } from '../../../src/wire/timeseries-columns.js'
import type { Interval } from '../state/time.js'

export type ApiFormat = 'application/json' | 'text/csv' | typeof TIME_SERIES_COLUMNS_CONTENT_TYPE

export const PATH = 'api/v45/timeseries'

/** The API's parameters for a query over an interval. */
export function apiParameters(query: string, interval: Interval, format: ApiFormat): Record<string, string> {
  return {
    query,
    from: new Date(interval.from).toISOString(),
    to: new Date(interval.to).toISOString(),
    contentType: format,
  }
}

/** The address that gives the same data; `base` is the page's address. */
export function apiAddress(base: string, query: string, interval: Interval, format: ApiFormat): string {
  const address = new URL(PATH, base)
  address.search = new URLSearchParams(apiParameters(query, interval, format)).toString()
  return address.href
}

/** The same as a command for a POSIX shell. */
export function apiCommand(base: string, query: string, interval: Interval, format: ApiFormat): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
  const { href } = new URL(PATH, base)
  const fields = Object.entries(apiParameters(query, interval, format))
  return [
    `curl --get ${quoted(href)}`,
    ...fields.map(([name, value]) => `--data-urlencode ${quoted(`${name}=${value}`)}`),
  ].join(' \\\n  ')
}
