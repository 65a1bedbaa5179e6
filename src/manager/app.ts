import { type Context, Hono, type MiddlewareHandler } from 'hono'
import type { Logger } from 'pino'
import { Counter, collectDefaultMetrics, Histogram, type Registry } from 'prom-client'
import { loopbackHostOnly, noForeignPages } from '../wire/host-check.js'
import type { ErrorBody } from '../wire/timeseries.js'
import type { ManagerApi } from './api/index.js'
import { agentRoutes } from './heartbeats/index.js'
import type { Deployment } from './lifecycle.js'
import { gateWithoutLogins, refuseNotActive } from './not-active.js'
import { createProxy, type Proxied } from './proxy.js'
import { webPages } from './web-pages.js'

export interface ManagerOptions {
  /** Where the monitor is, without a trailing slash. */
  monitorUrl: string
  monitorToken?: string | undefined
  /** File with the certificates that verify the monitor's. */
  monitorCaFile?: string | undefined
  /** Folder of the built web pages. */
  webRoot: string
  version: string
  /** Names besides loopback's that a request may be addressed to; `undefined` lets every name pass. */
  allowedHosts: readonly string[] | undefined
  registry: Registry
  logger: Logger
  /** Logins, the API and the agents' side. Without it, pages and time series are all there is, open to all who reach it. */
  deployment?: Deployment
}

export interface Manager {
  app: Hono<Proxied>
  stop(): Promise<void>
}

/** The newest version of the API that this manager speaks. */
const API_VERSION = 'v45'

/** The manager's HTTP side: web pages, state for load balancers, and the time-series API, passed on to the monitor. */
export function createManager(options: ManagerOptions): Manager {
  const { registry, logger } = options
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'bellwether_http_requests_total',
    help: 'Requests answered, by status class',
    labelNames: ['status'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'bellwether_http_request_seconds',
    help: 'Time to the answer',
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  })
  const proxy = createProxy({
    target: options.monitorUrl,
    name: 'monitor',
    token: options.monitorToken,
    caFile: options.monitorCaFile,
    logger,
  })

  // `/api/version/` is as good as `/api/version`: Cloudera's clients send both.
  const app = new Hono<Proxied>({ strict: false })
  app.use(async (c, next) => {
    const end = seconds.startTimer()
    await next()
    end()
    requests.inc({ status: `${Math.floor(c.res.status / 100)}xx` })
  })
  if (options.allowedHosts) app.use(loopbackHostOnly(options.allowedHosts))
  app.use(noForeignPages())

  // Plain text unless JSON is all that is asked for: clients paste it into addresses.
  app.get('/api/version', (c) =>
    /^\s*application\/json\s*(;[^,]*)?$/i.test(c.req.header('accept') ?? '')
      ? c.json(API_VERSION)
      : c.text(API_VERSION),
  )
  app.get('/health/live', (c) => c.text('live\n'))
  app.get('/health/active', (c) => {
    const state = options.deployment?.state() ?? 'ACTIVE'
    return c.text(`${state.toLowerCase()}\n`, state === 'ACTIVE' ? 200 : 503)
  })
  app.get('/api/admin/status', (c) => c.json({ Status: options.deployment?.state() ?? 'ACTIVE' }))
  const gate = gatesOf(options.deployment)
  app.use('/metrics', gate('metrics'))
  app.use('/api/:version{v[0-9]+}/timeseries/*', gate('pages'))
  app.get('/metrics', async (c) =>
    c.body(await registry.metrics(), 200, {
      'content-type': registry.contentType,
      'cache-control': 'no-store',
    }),
  )
  app.all('/api/:version{v[0-9]+}/timeseries', proxy.handle)
  app.all('/api/:version{v[0-9]+}/timeseries/*', proxy.handle)
  app.use('/api/:version{v[0-9]+}/events/*', gate('pages'))
  app.get('/api/:version{v[0-9]+}/events', proxy.handle)
  app.get('/api/:version{v[0-9]+}/events/*', proxy.handle)
  // Health as the monitor has it: see src/wire/health.ts. Models and facts are for managers, and are not passed on.
  app.use('/api/:version{v[0-9]+}/health/*', gate('pages'))
  const health = (c: Context<Proxied>) => {
    const { pathname, search } = new URL(c.req.url)
    return proxy.pass(c, pathname.replace(/^\/api\/v[0-9]+/, '') + search)
  }
  for (const path of ['entities', 'entities/*', 'tests', 'triggers', 'alerting'])
    app.get(`/api/:version{v[0-9]+}/health/${path}`, health)
  for (const path of ['preview', 'validate'])
    app.post(`/api/:version{v[0-9]+}/health/triggers/${path}`, health)
  // What of alerts is only looked at; silences and tests are made by the API.
  app.use('/api/:version{v[0-9]+}/alerts/*', async (c, next) =>
    c.req.method === 'GET' ? gate('pages')(c, next) : next(),
  )
  for (const path of ['status', 'silences'])
    app.get(`/api/:version{v[0-9]+}/alerts/${path}`, (c) => proxy.pass(c, `/alerting/${path}`))
  if (options.deployment) {
    const { deployment } = options
    app.route('/', agentRoutes({ active: deployment.active, activeUrl: deployment.activeUrl }))
    const handle = apiOf(deployment)
    for (const path of ['/login', '/api/*']) app.all(path, handle)
  }
  app.all('/api/*', noSuchPath)
  app.use(gate('pages'))
  app.route('/', webPages(options.webRoot))
  app.onError((error, c) => {
    logger.error({ err: error, path: c.req.path }, 'request failed')
    return c.json<ErrorBody>(
      { message: 'The manager failed on this request; its log says why.', code: 'INTERNAL' },
      500,
    )
  })
  return { app, stop: proxy.stop }
}

const noSuchPath = (c: Context) =>
  c.json<ErrorBody>({ message: `There is no ${c.req.method} ${c.req.path} here.`, code: 'NOT_FOUND' }, 404)

/** Who may see what is not of the API: that changes while the manager runs. */
function gatesOf(deployment: Deployment | undefined) {
  const without = deployment && gateWithoutLogins(deployment)
  return (name: keyof ManagerApi['gates']): MiddlewareHandler =>
    (c, next) => {
      const gate = deployment?.api()?.gates[name] ?? without
      return gate ? gate(c, next) : next()
    }
}

/** The API is that of the present term; each has its own. */
function apiOf(deployment: Deployment): (c: Context) => Response | Promise<Response> {
  let mounted: { api: ManagerApi; app: Hono } | undefined
  return (c) => {
    const api = deployment.api()
    if (!api) return refuseNotActive(c, deployment)
    if (mounted?.api !== api) {
      const app = new Hono({ strict: false })
      app.route('/', api.routes)
      app.notFound(noSuchPath)
      mounted = { api, app }
    }
    return mounted.app.fetch(c.req.raw, c.env)
  }
}
