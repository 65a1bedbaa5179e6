import type { HttpBindings } from '@hono/node-server'
import type { Context, Hono, MiddlewareHandler } from 'hono'
import type { ErrorBody } from '../../wire/timeseries.js'

export type QueryApp = Hono<{ Bindings: Partial<HttpBindings> }>

const ROOT = '/api/:version/timeseries'
export const FIRST_VERSION = 6
export const LAST_VERSION = 45

/** What there is under `/timeseries`, with its methods, and since which version where not all have it. */
const PATHS: readonly {
  path: string
  methods: readonly string[]
  since?: Readonly<Record<string, number>>
}[] = [
  { path: '', methods: ['GET', 'POST'], since: { POST: 11 } },
  { path: '/schema', methods: ['GET'] },
  { path: '/entityTypes', methods: ['GET'], since: { GET: 11 } },
  { path: '/entityTypeAttributes', methods: ['GET'], since: { GET: 11 } },
  { path: '/complete', methods: ['GET'] },
  { path: '/format', methods: ['GET'] },
  { path: '/entities/rename', methods: ['POST'] },
  { path: '/dashboards', methods: ['GET', 'POST'] },
  { path: '/dashboards/:name', methods: ['GET', 'DELETE'] },
]

/** The number in `/api/v45/…`; 0 for anything else. */
export const versionOf = (c: Context): number =>
  Number(/^v(\d{1,3})$/.exec(c.req.param('version') ?? '')?.[1] ?? 0)

/**
 * Lets through what the asked version has; a path with a slash at its end is the same without it. The rest is 404, or 405
 * where the version has other methods there.
 */
export function versions(
  app: Pick<QueryApp, 'fetch'>,
): MiddlewareHandler<{ Bindings: Partial<HttpBindings> }> {
  return async (c, next) => {
    const { path, method, raw } = c.req
    if (path.endsWith('/')) {
      const url = new URL(raw.url)
      url.pathname = path.replace(/\/+$/, '')
      const { headers, signal } = raw
      const body = method === 'GET' || method === 'HEAD' ? null : raw.body
      return app.fetch(new Request(url, { method, headers, signal, body, duplex: 'half' }), c.env)
    }
    const version = versionOf(c)
    const rest = path.slice(path.indexOf('/timeseries') + '/timeseries'.length)
    const known = PATHS.find((each) => each.path === rest)
    const since = (name: string) => known?.since?.[name === 'HEAD' ? 'GET' : name] ?? FIRST_VERSION
    if (version >= since(method) && version <= LAST_VERSION) return next()
    const allowed = known?.methods.filter((name) => version >= since(name) && version <= LAST_VERSION) ?? []
    if (allowed.length > 0) return notAllowed(c, allowed)
    return c.json<ErrorBody>(
      {
        message: `There is no ${method} ${path}: the versions are v${since(method)} to v${LAST_VERSION}.`,
        code: 'NOT_FOUND',
      },
      404,
    )
  }
}

/** Answers every other method on the known paths with 405. To be called after their routes. */
export function otherMethods(app: QueryApp): void {
  for (const { path, methods, since } of PATHS)
    app.all(`${ROOT}${path}`, (c) =>
      notAllowed(
        c,
        methods.filter((name) => versionOf(c) >= (since?.[name] ?? FIRST_VERSION)),
      ),
    )
}

function notAllowed(c: Context, methods: readonly string[]): Response {
  const { method, path } = c.req
  const allow = methods.flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name])).join(', ')
  return c.json<ErrorBody>(
    { message: `${method} is not possible on ${path}; there is ${allow}.`, code: 'METHOD_NOT_ALLOWED' },
    405,
    { allow },
  )
}
