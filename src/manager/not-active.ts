import type { Context, MiddlewareHandler } from 'hono'
import type { ErrorBody } from '../wire/timeseries.js'
import { changesSomething } from './api/auth/gate.js'
import { addressOf, isLocal } from './api/auth/origin.js'
import type { Deployment } from './lifecycle.js'

/** What only the active manager can do is refused, with the place of the active one where it is known. */
export function refuseNotActive(c: Context, deployment: Deployment): Response {
  const url = deployment.activeUrl()
  const message =
    deployment.state() === 'PASSIVE'
      ? `This manager is passive${url ? `; the active one is at ${url}` : ''}. Send the request there.`
      : 'This manager is starting, or its database is away. The request can be made again in a moment; if this lasts, see its log.'
  if (url) c.header('location', new URL(c.req.path, url).href)
  c.header('retry-after', url ? '1' : '2')
  // The API's errors have these two fields and no others: its clients may stop at more. See docs/api.md.
  if (!c.req.path.includes('/timeseries')) return c.json({ message, causes: [] }, 503)
  return c.json<ErrorBody>({ message, code: 'NOT_ACTIVE' }, 503)
}

/**
 * Guards pages and time series while there is nobody who could check a login: with `--auth local` this machine may go on
 * reading, everybody else is told to come back.
 */
export function gateWithoutLogins(deployment: Deployment): MiddlewareHandler {
  return async (c, next) => {
    const reads = !changesSomething(c.req.method, c.req.path)
    const open = deployment.auth === 'local' || c.req.path === '/metrics'
    if (reads && open && isLocal(c, addressOf(c))) return next()
    return refuseNotActive(c, deployment)
  }
}
