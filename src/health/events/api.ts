import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { BaseLogger } from 'pino'
import {
  type ApiEvent,
  type ApiEventQueryResult,
  EVENT_LIMITS,
  type EventReceipt,
  type EventRecord,
  readEvents,
} from '../../wire/event.js'
import type { ErrorBody } from '../../wire/timeseries.js'
import { EventQueryError, EventStoreError, EventsFullError } from './errors.js'
import { parseFilter } from './filter.js'
import type { EventLog, LoggedEvent } from './log.js'
import type { EventStore } from './store.js'

export interface EventApiOptions {
  store: EventStore
  log: EventLog
  /** The event with its alert, if it is to be one. */
  logged: (record: EventRecord) => LoggedEvent
  logger: BaseLogger
  onRefused?: (count: number) => void
}

const unpack = promisify(gunzip)

/** What one answer may hold, and how far in it may begin. */
const MOST_RESULTS = 10_000
const MOST_OFFSET = 1_000_000
const VERSIONED = '/api/:version{v[0-9]{1,3}}/events'

/**
 * - `POST /events`: `EventRecord`s; answers with an `EventReceipt` when they are stored
 * - `GET /api/vN/events?query=…&maxResults=100&resultOffset=0`: `ApiEventQueryResult`, newest first
 * - `GET /api/vN/events/ID`: `ApiEvent`
 */
export function createEventApi({ store, log, logged, logger, onRefused }: EventApiOptions): Hono {
  const app = new Hono()

  app.post(
    '/events',
    bodyLimit({
      maxSize: EVENT_LIMITS.bodyBytes,
      onError: (c) =>
        problem(c, 413, `The body is larger than ${EVENT_LIMITS.bodyBytes} bytes.`, 'TOO_LARGE'),
    }),
    async (c) => {
      let body: unknown
      try {
        body = JSON.parse(await bodyText(c))
      } catch (error) {
        if (error instanceof RangeError) return problem(c, 413, error.message, 'TOO_LARGE')
        return problem(c, 400, 'The body is no JSON: send {"events":[…]}.', 'BAD_REQUEST')
      }
      let read: ReturnType<typeof readEvents>
      try {
        read = readEvents(body, Date.now())
      } catch (error) {
        if (!(error instanceof RangeError)) throw error
        return problem(c, 400, `${error.message}.`, 'BAD_REQUEST')
      }
      const { events, problems } = read
      if (problems.length > 0) {
        onRefused?.(problems.length)
        logger.warn({ refused: problems.length, first: problems[0] }, 'events were refused as malformed')
      }
      const stored = await log.append(events.map(logged))
      const receipt: EventReceipt = {
        ...stored,
        refused: problems.length,
        reasons: reasonsOf(problems),
        problems: problems.slice(0, 100),
      }
      return c.json(receipt, events.length === 0 && problems.length > 0 ? 400 : 200)
    },
  )

  app.get(VERSIONED, async (c) => {
    const most = wholeOf(c, 'maxResults', 100, MOST_RESULTS)
    const offset = wholeOf(c, 'resultOffset', 0, MOST_OFFSET)
    if (typeof most === 'string' || typeof offset === 'string')
      return problem(c, 400, typeof most === 'string' ? most : (offset as string), 'BAD_REQUEST')
    const constraints = parseFilter(c.req.query('query') ?? '')
    const found = await store.search(constraints, { most, offset, signal: c.req.raw.signal })
    return pretty<ApiEventQueryResult>(c, found)
  })

  app.get(`${VERSIONED}/:id`, async (c) => {
    const id = c.req.param('id')
    const event = id.length <= 200 ? await store.get(id) : undefined
    if (event) return pretty<ApiEvent>(c, event)
    return problem(c, 404, `There is no event ${JSON.stringify(id.slice(0, 200))}.`, 'NOT_FOUND')
  })

  app.onError((error, c) => {
    if (error instanceof EventQueryError) {
      const { message, offset, length } = error
      return c.json<ErrorBody>(
        { message, code: 'BAD_QUERY', problems: [{ message, offset, length }] } as ErrorBody,
        400,
      )
    }
    if (error instanceof EventsFullError || error instanceof EventStoreError) {
      c.header('retry-after', '5')
      return problem(
        c,
        503,
        `The event store does not answer: ${error.message}. Try again.`,
        'STORE_UNAVAILABLE',
      )
    }
    if (c.req.raw.signal.aborted) return new Response(null, { status: 499 })
    logger.error({ err: error, path: c.req.path }, 'a request for events failed')
    return problem(c, 500, 'The request failed; the log of the monitor says why.', 'INTERNAL')
  })
  return app
}

type Status = 400 | 404 | 413 | 500 | 503
const problem = (c: Context, status: Status, message: string, code: string) =>
  c.json<ErrorBody>({ message, code } as ErrorBody, status)

/** As the API has always been answered: people read it in a browser. */
const pretty = <T>(c: Context, value: T) =>
  c.body(JSON.stringify(value, undefined, 2), 200, { 'content-type': 'application/json' })

/** Plain, or gzip as agents send it. */
async function bodyText(c: Context): Promise<string> {
  const encoding = (c.req.header('content-encoding') ?? 'identity').toLowerCase()
  if (encoding === 'identity') return c.req.text()
  if (encoding !== 'gzip') throw new SyntaxError('unknown encoding')
  try {
    const plain = await unpack(await c.req.arrayBuffer(), { maxOutputLength: EVENT_LIMITS.bodyBytes })
    return plain.toString('utf8')
  } catch (error) {
    throw error instanceof RangeError ? new RangeError('The body is too large when it is unpacked.') : error
  }
}

function reasonsOf(problems: EventReceipt['problems']): Record<string, number> {
  const reasons: Record<string, number> = {}
  for (const { reason } of problems) {
    if (reasons[reason] === undefined && Object.keys(reasons).length >= 20) continue
    reasons[reason] = (reasons[reason] ?? 0) + 1
  }
  return reasons
}

function wholeOf(c: Context, name: string, byDefault: number, most: number): number | string {
  const text = c.req.query(name)
  if (text === undefined || text === '') return byDefault
  const value = Number(text)
  if (/^\d{1,9}$/.test(text) && value <= most) return value
  return `${name} has to be a whole number from 0 to ${most}.`
}
