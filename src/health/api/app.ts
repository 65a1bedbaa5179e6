import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { BaseLogger } from 'pino'
import type { Store } from '../../metrics/index.js'
import {
  type EntityHealth,
  type EntityHealthList,
  HEALTH_CATEGORIES,
  HEALTH_LIMITS,
  HEALTH_SUMMARIES,
  type HealthHistory,
  type HealthSummaries,
  type HealthSummary,
} from '../../wire/health.js'
import { readHealthFacts, readHealthModel } from '../../wire/health-read.js'
import type { HealthTestDefinition } from '../../wire/health-tests.js'
import { ShapeError } from '../../wire/shape.js'
import type { ErrorBody } from '../../wire/timeseries.js'
import { readPastSummaries, readTransitions } from '../history/read.js'
import { type Health, StaleModelError } from '../types.js'
import { entityAt } from './past.js'

export interface HealthApiOptions {
  readonly health: Pick<Health, 'entity' | 'results' | 'setModel' | 'addFacts'>
  readonly store: Pick<Store, 'client'>
  readonly logger: BaseLogger
  readonly tests: () => readonly HealthTestDefinition[]
  readonly isReady: () => boolean
  readonly summaries: (cursor?: string) => HealthSummaries
}

class Refused extends Error {
  readonly status: ContentfulStatusCode
  readonly code: string
  constructor(status: ContentfulStatusCode, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

const bad = (message: string) => new Refused(400, 'BAD_REQUEST', message)

/** The routes of src/wire/health.ts. Errors are `ErrorBody`s. */
export function createHealthApi({
  health,
  store,
  logger,
  tests,
  isReady,
  summaries,
}: HealthApiOptions): Hono {
  const app = new Hono().basePath('/health')

  const limited = (maxSize: number) =>
    bodyLimit({
      maxSize,
      onError: (c) =>
        c.json<ErrorBody>({ message: `The body is larger than ${maxSize} bytes.`, code: 'TOO_LARGE' }, 413),
    })
  for (const path of ['/model', '/facts', '/entities/*', '/entities', '/summaries', '/tests'] as const)
    app.use(path, async (c, next) => {
      if (!isReady()) {
        c.header('retry-after', '1')
        throw new Refused(503, 'STARTING', 'Health is being read from the store; try again in a second.')
      }
      await next()
    })

  app.put('/model', limited(HEALTH_LIMITS.modelBytes), async (c) =>
    c.json(await health.setModel(readHealthModel(await jsonOf(c)))),
  )
  app.post('/facts', limited(HEALTH_LIMITS.factsBytes), async (c) => {
    const receipt = health.addFacts(readHealthFacts(await jsonOf(c)))
    return c.json(receipt, receipt.unknown > 0 ? 404 : 200)
  })
  app.get('/summaries', (c) => c.json<HealthSummaries>(summaries(c.req.query('since'))))
  app.get('/tests', (c) => c.json({ items: tests() }))

  app.get('/entities', async (c) => {
    const asked = (name: string) => c.req.query(name)
    const category = asked('category') === undefined ? undefined : categoryOf(asked('category')!)
    const summary = asked('summary') === undefined ? undefined : summaryOf(asked('summary')!)
    const limit = numberOf(asked('limit'), 'limit', 1_000, HEALTH_LIMITS.page)
    const offset = numberOf(asked('offset'), 'offset', 0, Number.MAX_SAFE_INTEGER)
    const at = asked('at') === undefined ? undefined : timeOf(asked('at')!, 'at')
    let found = health.results({ ...(category && { category }), tests: false })
    if (at !== undefined) found = await summariesAt(found, at)
    const cluster = asked('cluster')
    const service = asked('service')
    found = found.filter(
      (each) =>
        (cluster === undefined || isNamed(each.cluster, cluster) || isSelf(each, 'CLUSTER', cluster)) &&
        (service === undefined || isNamed(each.service, service)),
    )
    const summaries = Object.fromEntries(HEALTH_SUMMARIES.map((each) => [each, 0])) as Record<
      HealthSummary,
      number
    >
    for (const each of found) summaries[each.summary]++
    if (summary !== undefined) found = found.filter((each) => each.summary === summary)
    const items = found.slice(offset, offset + limit)
    const withTests = asked('tests') !== 'false' && at === undefined
    return c.json<EntityHealthList>({
      total: found.length,
      items: withTests ? items.map((each) => health.entity(each.category, each.identity) ?? each) : items,
      summaries,
    })
  })

  app.get('/entities/:category/:identity', async (c) => {
    const present = presentOf(c)
    const at = c.req.query('at')
    if (at === undefined) return c.json<EntityHealth>(present)
    return c.json<EntityHealth>(await entityAt(store, present, timeOf(at, 'at')))
  })

  app.get('/entities/:category/:identity/history', async (c) => {
    const category = categoryOf(c.req.param('category'))
    const identity = c.req.param('identity')
    const to = c.req.query('to') === undefined ? Date.now() : timeOf(c.req.query('to')!, 'to')
    const from = c.req.query('from') === undefined ? to - 86_400_000 : timeOf(c.req.query('from')!, 'from')
    if (from > to) throw bad('"from" is after "to".')
    const limit = numberOf(c.req.query('limit'), 'limit', 1_000, HEALTH_LIMITS.transitions)
    const test = c.req.query('test')
    const transitions = await readTransitions(store, { category, identity, from, to, test, limit })
    return c.json<HealthHistory>({
      entity: { category, identity },
      transitions: transitions.slice(0, limit),
      more: transitions.length > limit,
    })
  })

  app.onError((error, c) => {
    if (error instanceof Refused)
      return c.json<ErrorBody>({ message: error.message, code: error.code }, error.status)
    if (error instanceof ShapeError)
      return c.json<ErrorBody>({ message: `${error.message}.`, code: 'BAD_REQUEST' }, 400)
    if (error instanceof StaleModelError)
      return c.json<ErrorBody>({ message: error.message, code: 'STALE_TERM' }, 409)
    logger.warn({ err: error, path: c.req.path }, 'health: a request failed')
    return c.json<ErrorBody>(
      {
        message: 'The metrics database does not answer; the log of the monitor says why.',
        code: 'STORE_UNAVAILABLE',
      },
      503,
      { 'retry-after': '5' },
    )
  })
  return app

  function presentOf(c: Context): EntityHealth {
    const category = categoryOf(c.req.param('category') ?? '')
    const identity = c.req.param('identity') ?? ''
    const found = health.entity(category, identity)
    if (found === undefined)
      throw new Refused(
        404,
        'NOT_FOUND',
        `There is no ${category} with the identity "${identity.slice(0, 200)}".`,
      )
    return found
  }

  async function summariesAt(present: EntityHealth[], time: number): Promise<EntityHealth[]> {
    const past = new Map<string, Awaited<ReturnType<typeof readPastSummaries>>>()
    for (const category of new Set(present.map((each) => each.category)))
      past.set(category, await readPastSummaries(store, category, time))
    return present.map((each) => {
      const was = past.get(each.category)?.get(each.identity)
      // Without a record it is as it has been since it was seen first.
      const summary = was?.summary ?? (each.since > 0 && each.since <= time ? each.summary : undefined)
      return {
        ...each,
        summary: summary ?? 'HISTORY_NOT_AVAILABLE',
        since: was?.since ?? each.since,
        at: time,
      }
    })
  }
}

async function jsonOf(c: Context): Promise<unknown> {
  try {
    return JSON.parse(await c.req.text())
  } catch {
    throw bad('The body is no JSON.')
  }
}

function categoryOf(text: string): (typeof HEALTH_CATEGORIES)[number] {
  const found = HEALTH_CATEGORIES.find((each) => each === text.toUpperCase())
  if (found === undefined) throw bad(`The category must be one of ${HEALTH_CATEGORIES.join(', ')}.`)
  return found
}

function summaryOf(text: string): HealthSummary {
  const found = HEALTH_SUMMARIES.find((each) => each === text.toUpperCase())
  if (found === undefined) throw bad(`The summary must be one of ${HEALTH_SUMMARIES.join(', ')}.`)
  return found
}

function numberOf(text: string | undefined, name: string, standard: number, most: number): number {
  if (text === undefined) return standard
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > most) throw bad(`"${name}" must be a whole number up to ${most}.`)
  return value
}

/** ISO 8601, or milliseconds since the epoch. */
function timeOf(text: string, name: string): number {
  const isDate = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:?\d\d)?)?$/.test(text)
  const value = /^\d{1,16}$/.test(text) ? Number(text) : isDate ? Date.parse(text) : Number.NaN
  if (!Number.isFinite(value) || value < 0 || value > 8.64e15)
    throw bad(`"${name}" must be a time such as 2026-05-01T03:00:00Z.`)
  return value
}

const isNamed = (of: { identity: string; name: string } | undefined, text: string) =>
  of !== undefined && (of.identity === text || of.name === text)

const isSelf = (each: EntityHealth, category: string, text: string) =>
  each.category === category && isNamed(each, text)
