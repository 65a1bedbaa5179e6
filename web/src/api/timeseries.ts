/** Asks the time-series API, at the same origin and under whatever prefix the page has. */

import type { QueryPlan, QueryProblem } from '../../../src/wire/timeseries.js'
import {
  ColumnsDecodeError,
  decodeTimeSeriesColumns,
  TIME_SERIES_COLUMNS_CONTENT_TYPE,
} from '../../../src/wire/timeseries-columns.js'
import { type Stream, toStreams } from '../chart/stream.js'
import type { Interval } from '../state/time.js'
import { type Asked, apiAddress, apiParameters, PATH } from './address.js'
import { observeServerDate } from './clock.js'
import { ApiError, errorFromAnswer } from './errors.js'

export interface AnswerItem {
  readonly statement: string
  readonly streams: readonly Stream[]
  readonly warnings: readonly string[]
  /** Those of the warnings that are about a place in the query. */
  readonly marks: readonly QueryProblem[]
  /** Of an EXPLAIN. */
  readonly plan?: QueryPlan
}

export interface Answer {
  readonly query: string
  readonly interval: Interval
  readonly items: readonly AnswerItem[]
  /** From the request to the decoded answer, in milliseconds. */
  readonly elapsedMs: number
}

/** Longer addresses are sent as a body: proxies cut long ones off. */
const LONGEST_ADDRESS = 1800

/** Runs a query. Throws `ApiError`, or the signal's reason when it was aborted. */
export async function fetchTimeSeries(asked: Asked, signal: AbortSignal): Promise<Answer> {
  const started = performance.now()
  const bytes = await request(asked, signal)
  const { items } = decode(bytes)
  return {
    query: asked.query,
    interval: asked.interval,
    items: items.map((item, i) => ({
      statement: item.timeSeriesQuery,
      streams: toStreams(item.streams, i),
      warnings: item.warnings,
      marks: item.marks,
      ...(item.plan && { plan: item.plan }),
    })),
    elapsedMs: performance.now() - started,
  }
}

async function request(asked: Asked, signal: AbortSignal): Promise<Uint8Array> {
  const address = apiAddress(document.baseURI, asked, TIME_SERIES_COLUMNS_CONTENT_TYPE)
  const headers = { Accept: `${TIME_SERIES_COLUMNS_CONTENT_TYPE}, application/json` }
  try {
    const response =
      address.length <= LONGEST_ADDRESS
        ? await fetch(address, { headers, signal })
        : await fetch(new URL(PATH, document.baseURI), {
            method: 'POST',
            headers: { ...headers, 'Content-Type': 'application/json' },
            body: JSON.stringify(apiParameters(asked, TIME_SERIES_COLUMNS_CONTENT_TYPE)),
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
