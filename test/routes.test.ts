import { readFileSync } from 'node:fs'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { createAlertApi } from '../src/alerts/index.js'
import { publisherRoutes } from '../src/health/alerting/publisher-routes.js'
import { createHealthApi } from '../src/health/api/app.js'
import { createEventApi } from '../src/health/events/api.js'
import { createTriggers } from '../src/health/index.js'
import { createIngest } from '../src/ingest/index.js'
import { loginRoutes } from '../src/manager/api/auth/login.js'
import { createManager } from '../src/manager/index.js'
import { createRetentionApi } from '../src/metrics/index.js'
import { createQueryApi } from '../src/query/index.js'

const document = readFileSync(new URL('../docs/api.md', import.meta.url), 'utf8')

interface Routed {
  readonly routes: readonly { readonly method: string; readonly path: string }[]
}

/** Routes as the document writes them. What is for any method there is middleware, unless it is said to be more. */
function shown({ routes }: Routed, any?: string): string[] {
  return routes.flatMap(({ method, path }) => {
    const plain = path.replaceAll(/(:\w+)\{(?:[^{}]|\{[^}]*\})*\}/g, '$1').replace('/:version/', '/vN/')
    if (method !== 'ALL') return [`${method} ${plain}`]
    return any === undefined ? [] : [`${any} ${plain}`]
  })
}

/** Rows of the table below a heading. */
function documented(role: string): string[] {
  const part = document.split(/^### /m).find((text) => text.startsWith(`${role} (`))
  const rows = (part ?? '').matchAll(/^\| `([^`]+)`/gm)
  return [...rows].map(([, route = '']) => route).sort()
}

const unique = (routes: readonly string[]) => [...new Set(routes)].sort()

// No request comes: nothing is asked of what they are made with.
const logger = pino({ level: 'silent' })
const nothing = {} as never
const store = { limits: {}, catalogue: {}, client: {} } as never

test('docs/api.md has the routes of the monitor, and none that is not there', async () => {
  const ingest = createIngest({ store, logger })
  const query = createQueryApi({ store, rollups: nothing, logger })
  const triggers = createTriggers({ query, owners: () => [], onResults: () => undefined, logger })
  const routes = [
    // Of src/cli/monitor.ts and src/health/alerting itself.
    ...['GET /health/live', 'GET /health/ready', 'GET /metrics', 'GET /health/alerting'],
    ...shown(ingest.app, 'POST'),
    ...shown(createRetentionApi({ store, rollups: nothing, logger })),
    ...shown(query.app),
    ...shown(createHealthApi(nothing)),
    ...shown(createEventApi(nothing)),
    ...shown(triggers.app),
    ...shown(publisherRoutes(nothing)),
  ]
  for (const each of [triggers, query, ingest]) await each.stop()
  expect(documented('Monitor')).toEqual(unique(routes))
})

test('docs/api.md has the routes of the manager beside those of the API, and none that is not there', async () => {
  const manager = createManager({
    monitorUrl: 'http://127.0.0.1:9',
    webRoot: import.meta.dirname,
    version: '',
    allowedHosts: undefined,
    registry: new Registry(),
    deployment: {
      state: () => 'STARTING',
      api: () => undefined,
      active: () => undefined,
      activeUrl: () => undefined,
      auth: 'local',
    },
    logger,
  })
  const pages = ['GET /*', 'any /*', 'any /login', 'any /api/*', 'any /metrics', 'any /assets/*']
  const gates = ['health', 'events', 'alerts'].map((path) => `any /api/vN/${path}/*`)
  const own = shown(manager.app, 'any').filter((route) => ![...pages, ...gates].includes(route))
  const others = ['GET /', 'GET /api/vN/openapi.json', ...shown(loginRoutes(nothing))]
  await manager.stop()
  expect(documented('Manager').map((route) => route.replace(' and any other path', ''))).toEqual(
    unique([...own, ...others]),
  )
})

test('docs/api.md has the routes of the alert publisher, and none that is not there', () => {
  const app = createAlertApi({
    publisher: nothing,
    registry: new Registry(),
    reload: () => undefined,
    token: '',
    allowedHosts: undefined,
    logger,
  })
  expect(documented('Alert publisher')).toEqual(unique(shown(app)))
})
