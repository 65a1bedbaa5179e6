import { ServerResponse } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { BaseLogger } from 'pino'
import { Histogram, type Registry } from 'prom-client'
import type { Rollups, Store } from '../../metrics/index.js'
import type { ErrorBody } from '../../wire/timeseries.js'
import { QueryError } from '../errors.js'
import { AncestorCache } from '../run/ancestor-cache.js'
import { type AskedStatement, CollectingSink } from '../run/ask.js'
import { AttributeIndex } from '../run/attribute-index.js'
import { ownTimeZone } from '../run/calendar.js'
import { CheckedCache } from '../run/checked-cache.js'
import { createCores } from '../run/cores.js'
import type { QueryEnvironment } from '../run/environment.js'
import { DEFAULT_QUERY_LIMITS, type QueryLimits } from '../run/limits.js'
import { answerNow } from '../run/now.js'
import { runScript } from '../run/script.js'
import { SelectionCache } from '../run/selection-cache.js'
import type { ByteSink } from '../run/sink.js'
import { createTransport } from '../run/transport.js'
import { answerTo, headersOf } from './answer.js'
import { ColumnsSink } from './columns-sink.js'
import { CsvSink } from './csv-sink.js'
import { directRequest } from './direct.js'
import { Gate } from './gate.js'
import { JsonSink } from './json-sink.js'
import { moreRoutes } from './more-routes.js'
import { nodeOutlet, type Outlet, type Reply, webOutlet } from './outlet.js'
import { type AnswerForm, type ApiRequest, readParameters, variableMap } from './parameters.js'
import { otherMethods, versionOf, versions } from './versions.js'

export interface QueryApiOptions {
  readonly store: Pick<Store, 'catalogue' | 'client' | 'connection' | 'database'> &
    Partial<Pick<Store, 'hot'>>
  readonly logger: BaseLogger
  /** Says what is rolled up and what is dropped; without it rollups are computed from the samples. */
  readonly rollups?: Pick<Rollups, 'unfolded' | 'keptSince'>
  /** Where `bellwether_query_…` metrics are registered. */
  readonly registry?: Registry
  /** What is not named keeps its default, `DEFAULT_QUERY_LIMITS`. */
  readonly limits?: Partial<QueryLimits>
}

export interface QueryApi {
  readonly app: Hono<{ Bindings: Partial<HttpBindings> }>
  /**
   * Answers a GET of `/api/vN/timeseries?…` without the app around it, which takes as long as a small query. False, and
   * nothing done, for any other target: that is the app's. Whoever calls it has looked at where the request comes from.
   *
   *     if (!query.direct(incoming.url, nodeReply(outgoing))) …
   */
  direct(target: string, reply: Reply): boolean
  /**
   * Answers a query inside the process, e.g. a trigger's condition. Rejects with `QueryError`, or the signal's reason.
   *
   *     const [condition] = await api.ask({ query, from, to, variables: { HOSTID: id }, signal })
   *     const fires = condition.streams.length > threshold
   */
  ask(request: AskRequest): Promise<readonly AskedStatement[]>
  /** Cancels what runs, and closes the connections. May be called twice. */
  stop(): Promise<void>
}

export interface AskRequest {
  readonly query: string
  /** Milliseconds since the epoch; both ends count. */
  readonly from: number
  readonly to: number
  /** What `$NAME` stands for. */
  readonly variables?: Readonly<Record<string, string>>
  /** Default: the API's. */
  readonly streamLimit?: number
  readonly signal?: AbortSignal
}

const WAITING = 200
const COLUMNS_HEADERS = headersOf(new ColumnsSink().contentType)
const JSON_HEADERS = headersOf('application/json')

/**
 * The time-series API, for versions v6 to v45.
 *
 *     const query = createQueryApi({ store, logger })
 *     app.route('/', query.app) // GET and POST /api/v45/timeseries
 */
export function createQueryApi(options: QueryApiOptions): QueryApi {
  const { store, logger, registry } = options
  const limits: QueryLimits = { ...DEFAULT_QUERY_LIMITS, ...options.limits }
  const transport = createTransport(() => store.connection, store.database)
  const { catalogue } = store
  const environment: QueryEnvironment = {
    catalogue,
    hot: store.hot,
    transport,
    limits,
    checked: new CheckedCache(),
    selections: new SelectionCache(),
    ancestors: new AncestorCache(),
    attributes: new AttributeIndex(),
    cores: createCores(catalogue, transport),
    mayRepeat: () => true,
    unfolded: options.rollups?.unfolded,
    keptSince: options.rollups?.keptSince,
  }
  const gate = new Gate(limits.concurrent, WAITING)
  // Finding it out takes tens of milliseconds, which are not the first query's.
  ownTimeZone()
  const stopping = new AbortController()
  const duration =
    registry &&
    new Histogram({
      name: 'bellwether_query_seconds',
      help: 'Time from a query to the end of its answer',
      labelNames: ['outcome'],
      buckets: [0.002, 0.005, 0.01, 0.05, 0.2, 1, 5, 30],
      registers: [registry],
    })
  const durations = duration && {
    ok: duration.labels({ outcome: 'ok' }),
    error: duration.labels({ outcome: 'error' }),
  }

  const sinkFor = (form: AnswerForm, version: number): ByteSink =>
    form === 'csv'
      ? new CsvSink()
      : form === 'columns'
        ? new ColumnsSink()
        : new JsonSink((index) => catalogue.entityAt(index), version)

  /** Of the answers that are made at once, one after another. */
  const columns = new ColumnsSink()
  /** Queries that run, to be ended when the monitor stops. */
  const running = new Set<AbortController>()

  /** Answers a query; rejects when it fails before anything is sent. */
  async function timeSeries(
    { form, request }: ApiRequest,
    version: number,
    outletFor: (gone: () => void) => Outlet,
    outer?: AbortSignal,
  ): Promise<void> {
    const start = performance.now()
    stopping.signal.throwIfAborted()
    const own = new AbortController()
    const unlink = outer && linked(own, outer)
    running.add(own)
    let outcome: 'ok' | 'error' = 'error'
    let leave: (() => void) | undefined
    const outlet = outletFor(() => own.abort(new DOMException('the reader went away', 'AbortError')))
    const sink = sinkFor(form, version)
    try {
      leave = await gate.enter(own.signal)
      const run = async (flush: () => Promise<void> | undefined) => {
        await runScript({ ...request, abort: own }, environment, sink, flush)
        outcome = 'ok'
      }
      await answerTo(outlet, sink, run, (error) => {
        if (!own.signal.aborted || isTimeLimit(own.signal.reason))
          logger.warn({ err: error }, 'a query failed half-way')
      })
    } finally {
      running.delete(own)
      unlink?.()
      if (leave !== undefined) {
        leave()
        durations?.[outcome].observe((performance.now() - start) / 1000)
      }
    }
  }

  /** Answers at once what needs no waiting; false, and nothing sent, for anything else. Throws `QueryError`. */
  function answeredNow({ form, request }: ApiRequest, version: number, reply: Reply): boolean {
    // Warnings of CSV are in its headers, which are its sink's.
    if (form === 'csv' || stopping.signal.aborted) return false
    const start = performance.now()
    let outcome: 'ok' | 'error' | undefined = 'error'
    try {
      if (form === 'columns') {
        columns.reset()
        outcome = answerNow(request, environment, columns) ? 'ok' : undefined
        if (outcome !== undefined) reply.whole(200, COLUMNS_HEADERS, columns.view())
      } else {
        const sink = new JsonSink((index) => catalogue.entityAt(index), version)
        outcome = answerNow(request, environment, sink) ? 'ok' : undefined
        if (outcome !== undefined) reply.whole(200, JSON_HEADERS, sink.take())
      }
      return outcome !== undefined
    } finally {
      if (outcome !== undefined) durations?.[outcome].observe((performance.now() - start) / 1000)
    }
  }

  function direct(target: string, reply: Reply): boolean {
    const asked = directRequest(target)
    if (asked === undefined) return false
    const fail = (error: unknown) => {
      if (reply.isGone) return
      const { status, body, headers } = errorAnswer(error, target, logger)
      const json = { ...headers, 'content-type': 'application/json' }
      reply.whole(status, json, body && Buffer.from(JSON.stringify(body)))
    }
    try {
      const request = readParameters(asked.parameters, limits, Date.now())
      if (!answeredNow(request, asked.version, reply))
        timeSeries(request, asked.version, (gone) => reply.outlet(gone)).catch(fail)
    } catch (error) {
      fail(error)
    }
    return true
  }

  async function respond(c: Context, parameters: ReadonlyMap<string, string>): Promise<Response> {
    const request = readParameters(parameters, limits, Date.now())
    const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>
    const isHead = c.req.method === 'HEAD'
    // To a HEAD the app makes an answer of its own, from this one's headers.
    if (outgoing instanceof ServerResponse && !isHead) {
      await timeSeries(request, versionOf(c), (gone) => nodeOutlet(outgoing, gone))
      return RESPONSE_ALREADY_SENT
    }
    const answer = await new Promise<Response>((resolve, reject) => {
      const outletFor = (gone: () => void) => {
        const { outlet, response } = webOutlet(gone)
        response.then(resolve, reject)
        return outlet
      }
      timeSeries(request, versionOf(c), outletFor, c.req.raw.signal).catch(reject)
    })
    // Nobody reads it: without a reader it would wait until its time is over.
    if (isHead) await answer.body?.cancel()
    return answer
  }

  async function ask(request: AskRequest): Promise<readonly AskedStatement[]> {
    const { query, from, to, variables = {}, streamLimit = limits.streams } = request
    const own = new AbortController()
    const unlink = [stopping.signal, request.signal].map((signal) => signal && linked(own, signal))
    let leave: (() => void) | undefined
    const sink = new CollectingSink()
    try {
      leave = await gate.enter(own.signal)
      await runScript(
        {
          query,
          window: { from, to },
          rollup: { desired: 'RAW', mustUse: false },
          streamLimit,
          joinRenamed: false,
          timeZone: ownTimeZone(),
          variables: variableMap(Object.entries(variables)),
          abort: own,
        },
        environment,
        sink,
        () => undefined,
      )
    } finally {
      leave?.()
      for (const each of unlink) each?.()
    }
    return sink.statements
  }

  const app = new Hono<{ Bindings: Partial<HttpBindings> }>()
  app.use('/api/:version/timeseries/*', versions(app))
  app.get('/api/:version/timeseries', (c) => respond(c, new Map(Object.entries(c.req.query()))))
  app.post('/api/:version/timeseries', limitedTo(limits.bodyBytes), async (c) =>
    respond(c, new Map([...Object.entries(c.req.query()), ...(await bodyParameters(c))])),
  )
  app.use('/api/:version/timeseries/dashboards', limitedTo(8 * limits.bodyBytes))
  app.use('/api/:version/timeseries/entities/rename', limitedTo(limits.bodyBytes))
  app.route('/api/:version/timeseries', moreRoutes(store))
  otherMethods(app)
  app.onError((error, c) => errorResponse(error, c, logger))

  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= (async () => {
      const reason = new QueryError('STORE_UNAVAILABLE', 'The monitor is stopping.')
      stopping.abort(reason)
      for (const each of running) each.abort(reason)
      transport.stop()
    })()
    return stopped
  }
  return { app, direct, ask, stop }
}

/**
 * A body that is too large is read to its end and thrown away, so that its sender reads the answer, and the connection is good for
 * another request; one that is larger by far is not, and the connection ends.
 */
const limitedTo = (maxSize: number) =>
  bodyLimit({
    maxSize,
    onError: async (c) =>
      c.json<ErrorBody>(
        { message: `The body is larger than ${maxSize} bytes.`, code: 'BAD_REQUEST' },
        413,
        (await isReadAway(c.req.raw.body)) ? {} : { connection: 'close' },
      ),
  })

/** Bytes. */
const MOST_READ_AWAY = 67_108_864

async function isReadAway(body: ReadableStream<Uint8Array> | null): Promise<boolean> {
  if (body === null || body.locked) return body === null
  let left = MOST_READ_AWAY
  for await (const piece of body) {
    left -= piece.byteLength
    if (left < 0) return false
  }
  return true
}

const isTimeLimit = (reason: unknown) => reason instanceof QueryError && reason.code === 'TIME_LIMIT'

/** Passes an end on, until the function that is returned is called. */
function linked(own: AbortController, outer: AbortSignal): () => void {
  const pass = () => own.abort(outer.reason)
  if (outer.aborted) pass()
  else outer.addEventListener('abort', pass)
  return () => outer.removeEventListener('abort', pass)
}

async function bodyParameters(c: Context): Promise<[string, string][]> {
  let body: unknown
  try {
    body = JSON.parse(await c.req.text())
  } catch {
    throw new QueryError('BAD_REQUEST', 'The body is no JSON: send an object with query, from and to.')
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new QueryError('BAD_REQUEST', 'The body must be a JSON object with query, from and to.')
  const parameters: [string, string][] = []
  for (const [name, value] of Object.entries(body)) {
    if (value === null || value === undefined) continue
    if (name === 'variables' && typeof value === 'object') {
      for (const [variable, text] of Object.entries(value))
        parameters.push([`variable.${variable}`, String(text)])
    } else if (typeof value === 'object') throw new QueryError('BAD_REQUEST', `${name} cannot be an object.`)
    else parameters.push([name, String(value)])
  }
  return parameters
}

interface ErrorAnswer {
  readonly status: 400 | 422 | 499 | 500 | 503 | 504
  readonly body?: ErrorBody
  readonly headers?: Record<string, string>
}

/** The one place where what was thrown becomes an answer. */
function errorAnswer(error: unknown, path: string, logger: BaseLogger): ErrorAnswer {
  if (error instanceof DOMException && error.name === 'AbortError') return { status: 499 }
  if (!(error instanceof QueryError)) {
    logger.error({ err: error, path }, 'a query failed')
    return {
      status: 500,
      body: { message: 'The query failed; the log of the monitor says why.', code: 'INTERNAL' },
    }
  }
  if (error.status >= 500) logger.warn({ err: error, code: error.code }, error.message)
  const headers: Record<string, string> = error.code === 'STORE_UNAVAILABLE' ? { 'retry-after': '5' } : {}
  return { status: error.status, body: error.body, headers }
}

function errorResponse(error: unknown, c: Context, logger: BaseLogger): Response {
  if (c.req.raw.signal.aborted) return new Response(null, { status: 499 })
  const { status, body, headers } = errorAnswer(error, c.req.path, logger)
  if (body === undefined) return new Response(null, { status })
  return Response.json(body, { status, headers: headers ?? {} })
}
