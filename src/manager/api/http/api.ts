import { type Context, Hono } from 'hono'
import type { Logger } from 'pino'
import type { AuditEvent } from '../../users/index.js'
import { type Authentication, type Principal, unauthorized } from '../auth/authentication.js'
import { addressOf, fromOwnPage } from '../auth/origin.js'
import { allows, refusal } from '../auth/roles.js'
import { endpoints } from '../contract/endpoints.js'
import { isPassedOn, reasonNotServed, reasonOutOfScope } from '../contract/not-served.js'
import type { EndpointName, File, Right } from '../contract/types.js'
import { openApiDocument } from '../openapi.js'
import type { Call, Handler, Handlers } from './call.js'
import { errorAnswer } from './error-answer.js'
import { ApiError, asApiError, forbidden, notFound, unavailable } from './errors.js'
import { prettyJson, readJson } from './json.js'
import { isLarge, jsonStream } from './json-stream.js'
import { readQuery } from './query.js'
import { trim } from './trim.js'
import { validateBody } from './validate.js'

const OLDEST_VERSION = 6
const NEWEST_VERSION = 45

const MB = 1024 ** 2
const BODY_LIMIT = 2 * MB
/** A deployment is the whole model: some thousand hosts with their roles. */
const LARGE_BODY_LIMIT = 64 * MB
const TIMEOUT_MS = 60_000
const MAX_AT_ONCE = 256

export interface ApiOptions {
  handlers: Handlers
  authentication: Authentication
  /** Keeps what a user did, or tried to do without the right. */
  audit(event: AuditEvent): Promise<void>
  logger: Logger
  /** Longest time for a request. Default 60 s. */
  timeoutMs?: number
}

interface Endpoint {
  name: EndpointName
  method: string
  path: string
  since: number
  needs: Right
  query?: Readonly<Record<string, string>>
  body?: string
  answer: string
}

const table: Endpoint[] = Object.entries(endpoints).map(([name, facts]) => {
  const [method = '', path = ''] = name.split(' ')
  return { name: name as EndpointName, method, path, ...facts }
})

/** Paths without parameters first: `/users/sessions` is no user. */
const inRoutingOrder = [...table].sort((a, b) => {
  const [x, y] = [a.path.replaceAll('{', '~'), b.path.replaceAll('{', '~')]
  return x < y ? -1 : x > y ? 1 : 0
})

/** A file's name may be a path. */
const route = (path: string) =>
  `/api/:version{v[0-9]+}${path.replace(/{(\w+)}/g, ':$1').replace(/:configFileName$/, '$&{.+}')}`

/**
 * The API: checks version, login, right, parameters and body of each request by the tables of `contract/`, hands it to its
 * handler, records changes, and gives the answer in the form that the asked version knew. To be mounted at the root of an
 * app that is not `strict` about trailing slashes.
 */
export function createApi(options: ApiOptions): Hono {
  const { handlers, logger } = options
  const app = new Hono({ strict: false })
  const served = inRoutingOrder.filter(({ name, path }) => handlers[name] && !isPassedOn(path))
  // What is passed on to the monitor is no matter to clients.
  const documented = new Set(
    table.filter((each) => served.includes(each) || isPassedOn(each.path)).map(({ name }) => name),
  )
  const methodsOf = new Map<string, string[]>()
  for (const { method, path } of served) methodsOf.set(path, [...(methodsOf.get(path) ?? []), method])
  let running = 0

  app.use('/api/:version{v[0-9]+}/*', async (_, next) => {
    if (running >= MAX_AT_ONCE) throw unavailable('The manager is busy; the request can be made again.')
    running++
    try {
      await next()
    } finally {
      running--
    }
  })
  app.get('/api/:version{v[0-9]+}/openapi.json', async (c) => {
    const version = versionOf(c)
    await principalOf(c, options)
    return json(c, openApiDocument(version, documented))
  })
  for (const endpoint of served)
    app.on(endpoint.method, route(endpoint.path), (c) => answer(c, endpoint, options))
  // What Cloudera Manager has and this manager has not: said with its reason.
  for (const endpoint of inRoutingOrder)
    if (!handlers[endpoint.name] && !isPassedOn(endpoint.path))
      app.on(endpoint.method, route(endpoint.path), async (c) => {
        versionOf(c)
        await principalOf(c, options)
        const { name, method, path } = endpoint
        throw notFound(`${method} ${path} is not served by this manager: ${reasonNotServed(name)}.`)
      })
  for (const [path, known] of methodsOf)
    app.all(route(path), (c) => {
      const allow = known.join(', ')
      throw new ApiError(405, `${c.req.path} takes ${allow}, not ${c.req.method}.`, [], { allow })
    })
  app.all('/api/*', async (c) => {
    if (/^\/api\/v\d+(\/|$)/.test(c.req.path)) {
      versionOf(c)
      await principalOf(c, options)
      const reason = reasonOutOfScope(c.req.path.replace(/^\/api\/v\d+|\/$/g, ''))
      if (reason) throw notFound(`${c.req.method} ${c.req.path} is not served by this manager: ${reason}.`)
    }
    throw notFound(`There is no ${c.req.method} ${c.req.path} here.`)
  })
  app.onError((error, c) => {
    const known = asApiError(error)
    if (!known) logger.error({ err: error, path: c.req.path }, 'request failed')
    return errorAnswer(known ?? new ApiError(500, 'The manager failed on this request; its log says why.'))
  })
  return app
}

function versionOf(c: Context): number {
  const text = c.req.param('version') ?? c.req.path.split('/')[2] ?? ''
  const version = Number(text.slice(1))
  if (version >= OLDEST_VERSION && version <= NEWEST_VERSION) return version
  throw notFound(
    `There is no version ${text} of this API: it speaks v${OLDEST_VERSION} to v${NEWEST_VERSION} (/api/version).`,
  )
}

async function principalOf(c: Context, { authentication }: ApiOptions): Promise<Principal> {
  if (c.req.method !== 'GET' && c.req.method !== 'HEAD' && !fromOwnPage(c))
    throw forbidden('Requests from pages of other sites are not answered here.')
  const principal = await authentication.identify(c)
  if (!principal) throw unauthorized(c)
  return principal
}

async function answer(c: Context, endpoint: Endpoint, options: ApiOptions): Promise<Response> {
  const version = versionOf(c)
  if (endpoint.since > version)
    throw notFound(
      `${endpoint.method} ${endpoint.path} came with v${endpoint.since} of the API; this is v${version}.`,
    )
  const user = await principalOf(c, options)
  const changes = endpoint.method !== 'GET'
  // Everyone may look at oneself and change one's own password.
  const own = endpoint.name.endsWith(' /users/{userName}') && c.req.param('userName') === user.name
  if (!allows(user.role, endpoint.needs) && !(own && endpoint.method !== 'DELETE')) {
    if (changes) await options.audit(auditEvent(c, endpoint, user, {}, false))
    throw forbidden(refusal(user, endpoint.needs))
  }
  const call = await readCall(c, endpoint, version, user, options.timeoutMs ?? TIMEOUT_MS)
  const handler = options.handlers[endpoint.name] as Handler<EndpointName>
  const work = async () => {
    const done = await handler(call)
    // Also when nobody waits for the answer any more: it has been done.
    if (changes && !call.audit.recorded) await options.audit(call.auditEvent())
    return done
  }
  const result = await withTimeout(work(), call.signal)
  return written(c, endpoint, version, result)
}

/** What is in the path names what was changed. */
function auditEvent(
  c: Context,
  endpoint: Endpoint,
  user: Principal,
  audit: Call<EndpointName>['audit'],
  allowed: boolean,
): AuditEvent {
  const { clusterName, serviceName, roleName, hostId, hostname } = c.req.param() as Record<string, string>
  return {
    username: user.name,
    ipAddress: addressOf(c),
    command: audit.command ?? endpoint.name,
    clusterName,
    serviceName,
    roleName,
    hostname: hostname ?? hostId,
    allowed,
    message: audit.text ?? c.req.path.replace(/^\/api\/v\d+/, ''),
  }
}

async function readCall(
  c: Context,
  endpoint: Endpoint,
  version: number,
  user: Principal,
  timeoutMs: number,
): Promise<Call<EndpointName>> {
  const url = new URL(c.req.url)
  const params: Record<string, string> = {}
  for (const [name, value] of Object.entries(c.req.param())) {
    if (name === 'version') continue
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses
    if (/[\0-\x1f]|\p{Surrogate}/u.test(value))
      throw notFound(`No ${name.replace(/Name$|Id$/, '')} has such a name.`)
    params[name] = value
  }
  const limit = endpoint.path === '/cm/deployment' ? LARGE_BODY_LIMIT : BODY_LIMIT
  let body: unknown
  if (endpoint.body) {
    body = await readJson(c.req.raw, limit)
    const optional = endpoint.body.endsWith('?')
    if (body !== undefined || !optional) body = validateBody(endpoint.body.replace('?', ''), body)
  }
  const message = url.searchParams.get('message')
  const audit: Call<EndpointName>['audit'] = message ? { text: message.slice(0, 10_000) } : {}
  return {
    endpoint: endpoint.name,
    version,
    params: params as Call<EndpointName>['params'],
    query: readQuery(endpoint.query, url.searchParams) as Call<EndpointName>['query'],
    body: body as Call<EndpointName>['body'],
    user,
    address: addressOf(c),
    base: url.origin,
    signal: AbortSignal.any([c.req.raw.signal, AbortSignal.timeout(timeoutMs)]),
    audit,
    auditEvent: () => auditEvent(c, endpoint, user, audit, true),
  }
}

async function withTimeout<T>(work: T | Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: () => void = () => undefined
  const ended = new Promise<never>((_, reject) => {
    stop = () =>
      reject(unavailable('The request took too long and was given up; part of it may have been done.'))
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, ended])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Through the context, so that a cookie of the login goes along. */
function written(c: Context, endpoint: Endpoint, version: number, result: unknown): Response {
  c.header('cache-control', 'no-store')
  c.header('x-content-type-options', 'nosniff')
  if (endpoint.answer === 'text') {
    c.header('content-type', 'text/plain; charset=utf-8')
    return c.body(result as string)
  }
  if (endpoint.answer === 'file') {
    const { name, type, contents } = result as File
    c.header('content-type', type)
    c.header('content-disposition', `attachment; filename="${name.replace(/[^\w.-]/g, '_')}"`)
    return c.body(contents as string)
  }
  if (endpoint.answer === 'none') return json(c, {})
  if (isLarge(result)) {
    c.header('content-type', 'application/json')
    return c.body(jsonStream(endpoint.answer, result, version))
  }
  return json(c, trim(endpoint.answer, result, version))
}

function json(c: Context, value: unknown): Response {
  c.header('content-type', 'application/json')
  c.header('cache-control', 'no-store')
  c.header('x-content-type-options', 'nosniff')
  return c.body(prettyJson(value))
}
