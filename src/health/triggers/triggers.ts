import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { BaseLogger } from 'pino'
import { Gauge, Histogram, type Registry } from 'prom-client'
import { type QueryApi, QueryError } from '../../query/index.js'
import type { ErrorBody } from '../../wire/timeseries.js'
import { parseExpression, readTriggers } from './definition.js'
import { evaluateTriggers, type TriggerOwner, type TriggerResult } from './evaluate.js'
import { previewTrigger, stepFor, type TriggerPreview } from './preview.js'

export interface TriggersOptions {
  query: Pick<QueryApi, 'ask'>
  /** The entities that have triggers now: see `triggerOwners`. Default: none. */
  owners?: () => Iterable<TriggerOwner>
  /** Gets all results of a round. */
  onResults?: (results: readonly TriggerResult[]) => void
  logger: BaseLogger
  registry?: Registry
  /** What a preview may take, milliseconds. Default: 20 s. */
  previewMs?: number
  /** Between two rounds, milliseconds; 0: only `evaluate` evaluates. Default: a minute. */
  everyMs?: number
}

export interface Triggers {
  /**
   * - `POST /health/triggers/preview`: what a trigger would have done in a time of the past
   * - `POST /health/triggers/validate`: what is wrong with a list of triggers, with places
   * - `GET /health/triggers`: results of the last round
   */
  readonly app: Hono
  /** Evaluates all triggers now; a round that runs already is waited for instead. */
  evaluate(at?: number): Promise<readonly TriggerResult[]>
  /** Of the last round. */
  results(): readonly TriggerResult[]
  /** May be called twice. */
  stop(): Promise<void>
}

const BODY_BYTES = 256 * 1024
const PREVIEW_MS = 20_000
const LONGEST_PREVIEW_MS = 366 * 86_400_000
const PREVIEWS = 2

/** Evaluates triggers regularly, and answers what they would have done. */
export function createTriggers(options: TriggersOptions): Triggers {
  const { query, owners = () => [], onResults, logger, registry, everyMs = 60_000 } = options
  const { previewMs = PREVIEW_MS } = options
  const ask: QueryApi['ask'] = (request) => query.ask(request)
  const stopping = new AbortController()
  let last: readonly TriggerResult[] = []
  let running: Promise<readonly TriggerResult[]> | undefined
  let previews = 0
  const seconds = registry && metricsOf(registry, () => last)

  async function round(at: number): Promise<readonly TriggerResult[]> {
    const end = seconds?.startTimer()
    const limit = everyMs > 0 ? [AbortSignal.timeout(Math.max(everyMs, 10_000))] : []
    const signal = AbortSignal.any([stopping.signal, ...limit])
    last = await evaluateTriggers(owners(), { ask, at, signal })
    end?.()
    onResults?.(last)
    return last
  }

  const evaluate = (at = Date.now()) => {
    running ??= round(at).finally(() => {
      running = undefined
    })
    return running
  }

  const timer =
    everyMs > 0
      ? setInterval(() => {
          evaluate().catch((error: unknown) => {
            if (!stopping.signal.aborted)
              logger.warn({ err: error }, 'a round of triggers failed; the next one follows')
          })
        }, everyMs).unref()
      : undefined

  const app = new Hono()
  const limited = bodyLimit({
    maxSize: BODY_BYTES,
    onError: (c) => wrong(c, `The body is larger than ${BODY_BYTES} bytes.`, 413),
  })
  app.get('/health/triggers', (c) => c.json({ items: last }))
  app.post('/health/triggers/validate', limited, async (c) => {
    const body = await bodyOf(c)
    const { triggers, problems } = readTriggers(Array.isArray(body) ? body : body?.triggers)
    return c.json({ valid: problems.length === 0, count: triggers.length, problems })
  })
  app.post('/health/triggers/preview', limited, async (c) => {
    const request = previewRequest(await bodyOf(c))
    if ('message' in request) return c.json<ErrorBody>(request, 400)
    if (previews >= PREVIEWS) {
      c.header('retry-after', '2')
      return wrong(c, 'Other previews are being computed; try again.', 503)
    }
    previews++
    try {
      const signal = AbortSignal.any([stopping.signal, c.req.raw.signal, AbortSignal.timeout(previewMs)])
      return c.json<TriggerPreview>(await previewTrigger(ask, { ...request, signal }))
    } finally {
      previews--
    }
  })
  app.onError((error, c) => {
    if (error instanceof QueryError) return c.json<ErrorBody>(error.body, error.status)
    if (c.req.raw.signal.aborted) return new Response(null, { status: 499 })
    logger.error({ err: error, path: c.req.path }, 'a request on triggers failed')
    return wrong(c, 'The request failed; the log of the monitor says why.', 500)
  })

  return {
    app,
    evaluate,
    results: () => last,
    async stop() {
      clearInterval(timer)
      stopping.abort(new DOMException('the monitor is stopping', 'AbortError'))
      await running?.catch(() => undefined)
    },
  }
}

const wrong = (c: Context, message: string, status: 400 | 413 | 500 | 503) =>
  c.json<ErrorBody>({ message, code: status === 500 ? 'INTERNAL' : 'BAD_REQUEST' }, status)

type Json = Record<string, unknown>

async function bodyOf(c: Context): Promise<Json | undefined> {
  const body: unknown = await c.req.json().catch(() => undefined)
  return typeof body === 'object' && body !== null ? (body as Json) : undefined
}

/** `{ triggerExpression, from, to }` and, if need be, `streamThreshold`, `validityWindowInMs`, `variables`. */
function previewRequest(body: Json | undefined) {
  const bad = (message: string): ErrorBody => ({ message, code: 'BAD_REQUEST' })
  if (!body) return bad('The body has to be a JSON object with triggerExpression, from and to.')
  const { triggerExpression: expression } = body
  if (typeof expression !== 'string') return bad('triggerExpression has to be a text.')
  const { trigger, problems } = parseExpression(expression)
  if (!trigger)
    return {
      message: problems[0]?.message ?? 'The expression is wrong.',
      code: 'BAD_QUERY',
      problems: [...problems],
    }
  const read = readTriggers([{ ...body, triggerName: 'preview' }])
  const [definition] = read.triggers
  if (!definition) return bad(read.problems[0]?.message ?? 'The trigger is wrong.')
  const [from, to] = [timeOf(body.from), timeOf(body.to)]
  if (from === undefined || to === undefined)
    return bad('from and to have to be times: ISO 8601, or milliseconds since the epoch.')
  if (from > to || to - from > LONGEST_PREVIEW_MS) return bad('from has to be before to, by a year at most.')
  const variables = variablesOf(body.variables)
  if (!variables) return bad('variables has to be an object of names and texts.')
  const { streamThreshold, validityWindowInMs } = definition
  return { trigger, streamThreshold, validityWindowInMs, from, to, variables, stepMs: stepFor(from, to) }
}

function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'number' ? value : typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isFinite(time) && time >= 0 && time < Date.UTC(2200, 0) ? time : undefined
}

function variablesOf(value: unknown): Record<string, string> | undefined {
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value)) return undefined
  const entries = Object.entries(value)
  if (
    entries.length > 50 ||
    entries.some(([name, text]) => typeof text !== 'string' || text.length > 1_000 || name.length > 100)
  )
    return undefined
  return Object.fromEntries(
    entries.map(([name, text]) => [name.replace(/^\$/, '').toUpperCase(), text as string]),
  )
}

function metricsOf(registry: Registry, results: () => readonly TriggerResult[]) {
  const registers = [registry]
  new Gauge({
    name: 'bellwether_triggers',
    help: 'Triggers of the last round, by how they stood',
    labelNames: ['summary'],
    registers,
    collect() {
      this.reset()
      for (const { summary } of results()) this.inc({ summary })
    },
  })
  return new Histogram({
    name: 'bellwether_triggers_round_seconds',
    help: 'Time of a round of all triggers',
    buckets: [0.01, 0.1, 0.5, 2, 10, 60],
    registers,
  })
}
