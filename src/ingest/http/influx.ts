import { bodyLimit } from 'hono/body-limit'
import { createLineProtocolDecoder, PRECISIONS } from '../formats/line-protocol.js'
import type { IngestLimits } from '../limits.js'
import { outcomeData, outcomeText } from '../refusal-text.js'
import { type HttpProtocol, type IngestContext, mediaType } from './handler.js'
import { HttpError } from './http-error.js'

const ENCODINGS = ['identity', 'gzip', 'deflate']
const V2_PRECISIONS = ['ns', 'us', 'ms', 's']
const V1_PRECISIONS = ['ns', 'n', 'us', 'u', 'µ', 'ms', 's', 'm', 'h']
/** Line protocol comes as text, as a form (curl) or without a type; these are surely something else. */
const OTHER_TYPES = /^(application\/(json|x-protobuf|x-bellwether-batch)|multipart\/.*)$/
/** Codes of the InfluxDB v2 API. */
const V2_CODES: Record<number, string> = {
  400: 'invalid',
  405: 'method not allowed',
  413: 'request too large',
  415: 'unsupported media type',
  429: 'too many requests',
  503: 'unavailable',
}
/** What clients look at to tell v1 from v2; line protocol is the same in both. */
export const INFLUX_VERSION = '1.8-bellwether'

/**
 * InfluxDB's two write APIs. A batch that was refused in part is answered 400 with `partial write: …`: clients of both
 * versions then drop it instead of sending it again, and the good lines are stored.
 * Database, retention policy, organisation, bucket and credentials are read over: there is one store.
 */
export function influxProtocols(limits: IngestLimits): { v1: HttpProtocol; v2: HttpProtocol } {
  const decode = createLineProtocolDecoder(limits)
  const accept = (precisions: string[]) => (c: IngestContext) => {
    const type = mediaType(c)
    if (OTHER_TYPES.test(type))
      throw new HttpError(415, `content type ${type} is not line protocol; send text/plain`)
    const precision = c.req.query('precision') || 'ns'
    if (!precisions.includes(precision) || PRECISIONS[precision] === undefined)
      throw new HttpError(
        400,
        `precision ${JSON.stringify(precision.slice(0, 20))} is unknown; use one of ${precisions.join(', ')}`,
      )
    return {
      parameters: precision,
      decode: (body: Uint8Array, context: Parameters<typeof decode>[2]) => decode(body, precision, context),
    }
  }
  const v1Error = (c: IngestContext, status: number, error: string, more: object = {}) => {
    const response = c.json({ error, ...more }, status as 400)
    response.headers.set('x-influxdb-version', INFLUX_VERSION)
    return response
  }
  const v2Error = (c: IngestContext, status: number, message: string, more: object = {}) =>
    c.json({ code: V2_CODES[status] ?? 'internal error', message, ...more }, status as 400)
  return {
    v1: {
      name: 'influx',
      encodings: ENCODINGS,
      accept: accept(V1_PRECISIONS),
      answer: (c, { outcome }) =>
        outcome.refused === 0
          ? c.body(null, 204, { 'x-influxdb-version': INFLUX_VERSION })
          : v1Error(c, 400, outcomeText(outcome, 'line'), outcomeData(outcome)),
      fail: (c, status, message) => v1Error(c, status, message),
    },
    v2: {
      name: 'influx',
      encodings: ENCODINGS,
      accept: accept(V2_PRECISIONS),
      answer: (c, { outcome }) =>
        outcome.refused === 0
          ? c.body(null, 204)
          : v2Error(c, 400, outcomeText(outcome, 'line'), outcomeData(outcome)),
      fail: (c, status, message) => v2Error(c, status, message),
    },
  }
}

/** What clients ask before they write, with the parameter `q` in the address or, as Telegraf does, in a form. */
const MOST_QUERY_BYTES = 64 * 1024
export const influxQueryLimit = bodyLimit({
  maxSize: MOST_QUERY_BYTES,
  onError: (c) => c.json({ error: `the query has more than ${MOST_QUERY_BYTES} bytes` }, 413),
})

/**
 * `/query` of InfluxDB 1, as far as clients use it before they write: `CREATE DATABASE` is answered as done, `SHOW DATABASES` with an empty
 * list, since there is one store for all. Anything else is 400.
 */
export async function influxQuery(c: IngestContext): Promise<Response> {
  const query = c.req.query('q') ?? (await formQuery(c))
  if (/^\s*create\s+database\b/i.test(query)) return c.json({ results: [{ statement_id: 0 }] })
  if (/^\s*show\s+databases\s*;?\s*$/i.test(query))
    return c.json({
      results: [{ statement_id: 0, series: [{ name: 'databases', columns: ['name'], values: [] }] }],
    })
  return c.json({ error: 'InfluxQL is not served here; query with tsquery: /api/v45/timeseries' }, 400)
}

async function formQuery(c: IngestContext): Promise<string> {
  if (mediaType(c) !== 'application/x-www-form-urlencoded') return ''
  return new URLSearchParams(await c.req.text()).get('q') ?? ''
}

/** `/health` of InfluxDB 1.8 and 2, which client libraries ask: 503 with the reason while samples cannot be stored. */
export function influxHealth(failure: () => string) {
  return (c: IngestContext): Response => {
    const problem = failure()
    const state = { name: 'influxdb', checks: [], version: INFLUX_VERSION }
    return problem === ''
      ? c.json({ ...state, status: 'pass', message: 'ready for writes' })
      : c.json({ ...state, status: 'fail', message: problem }, 503)
  }
}
