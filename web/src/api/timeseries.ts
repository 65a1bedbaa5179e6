/** Asks the time-series API, at the same origin and under whatever prefix the page has. */

import {
  ColumnsDecodeError,
  decodeTimeSeriesColumns,
  TIME_SERIES_COLUMNS_CONTENT_TYPE,
} from '../../../src/wire/timeseries-columns.js'
import { type Stream, toStreams } from '../chart/stream.js'
import type { Interval } from '../state/time.js'
import { observeServerDate } from './clock.js'
import { ApiError, errorFromAnswer } from './errors.js'

export interface AnswerItem {
  readonly statement: string
  readonly streams: readonly Stream[]
  readonly warnings: readonly string[]
}

export interface Answer {
  readonly query: string
  readonly interval: Interval
  readonly items: readonly AnswerItem[]
  /** From the request to the decoded answer, in milliseconds. */
  readonly elapsedMs: number
}

export type ApiFormat = 'application/json' | 'text/csv' | typeof TIME_SERIES_COLUMNS_CONTENT_TYPE

const PATH = 'api/v45/timeseries'
/** Longer addresses are sent as a body: proxies cut long ones off. */
const LONGEST_ADDRESS = 1800

function parameters(query: string, interval: Interval, format: ApiFormat): Record<string, string> {
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
  address.search = new URLSearchParams(parameters(query, interval, format)).toString()
  return address.href
}

/** The same as a command for a POSIX shell. */
export function apiCommand(base: string, query: string, interval: Interval, format: ApiFormat): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
  const { href } = new URL(PATH, base)
  const fields = Object.entries(parameters(query, interval, format))
  return [
    `curl --get ${quoted(href)}`,
    ...fields.map(([name, value]) => `--data-urlencode ${quoted(`${name}=${value}`)}`),
  ].join(' \\\n  ')
}

/** Runs a query. Throws `ApiError`, or the signal's reason when it was aborted. */
export async function fetchTimeSeries(
  query: string,
  interval: Interval,
  signal: AbortSignal,
): Promise<Answer> {
  const started = performance.now()
  const bytes = await request(query, interval, signal)
  const { items } = decode(bytes)
  return {
    query,
    interval,
    items: items.map((item, i) => ({
      statement: item.timeSeriesQuery,
      streams: toStreams(item.streams, i),
      warnings: item.warnings,
    })),
    elapsedMs: performance.now() - started,
  }
}

async function request(query: string, interval: Interval, signal: AbortSignal): Promise<Uint8Array> {
  const address = apiAddress(document.baseURI, query, interval, TIME_SERIES_COLUMNS_CONTENT_TYPE)
  const headers = { Accept: `${TIME_SERIES_COLUMNS_CONTENT_TYPE}, application/json` }
  try {
    const response =
      address.length <= LONGEST_ADDRESS
        ? await fetch(address, { headers, signal })
        : await fetch(new URL(PATH, document.baseURI), {
            method: 'POST',
            headers: { ...headers, 'Content-Type': 'application/json' },
            body: JSON.stringify(parameters(query, interval, TIME_SERIES_COLUMNS_CONTENT_TYPE)),
            signal,
          })
    observeServerDate(response.headers.get('Date'), Date.now())
    if (!response.ok) throw errorFromAnswer(response.status, await response.text())
    return new Uint8Array(await response.arrayBuffer())
  } catch (cause) {
    if (signal.aborted || cause instanceof ApiError) throw cause
    throw new ApiError('There was no answer.', 0, 'NO_ANSWER')
  }
}

function decode(bytes: Uint8Array) {
  try {
    return decodeTimeSeriesColumns(bytes)
  } catch (cause) {
    if (!(cause instanceof ColumnsDecodeError)) throw cause
    throw new ApiError(`The answer could not be read: ${cause.message}`, 502, cause.code)
  }
}
