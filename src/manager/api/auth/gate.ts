import type { MiddlewareHandler } from 'hono'
import { errorAnswer } from '../http/error-answer.js'
import { asApiError, forbidden } from '../http/errors.js'
import { type Authentication, unauthorized } from './authentication.js'
import { addressOf, fromOwnPage, isLocal } from './origin.js'
import { allows, refusal } from './roles.js'

/**
 * `local`: whoever sits on this machine sees the web pages and reads time series without a login. `on`: nothing but the
 * state for load balancers, the version and the login page is open.
 */
export type AuthMode = 'local' | 'on'

interface GateOptions {
  authentication: Authentication
  mode: AuthMode
}

/** Guards what the API's tables do not: pages, and the time series that are passed on to the monitor. */
export function gate({ authentication, mode }: GateOptions): MiddlewareHandler {
  return async (c, next) => {
    const { method, path } = c.req
    const changes = changesSomething(method, path)
    try {
      if (changes && !fromOwnPage(c))
        throw forbidden('Requests from pages of other sites are not answered here.')
      if (!changes && mode === 'local' && isLocal(c, addressOf(c))) return await next()
      const principal = await authentication.identify(c)
      if (!principal) {
        const isPage = !path.startsWith('/api/') && path !== '/metrics' && method === 'GET'
        if (isPage && c.req.header('accept')?.includes('text/html')) {
          const { pathname, search } = new URL(c.req.url)
          return c.redirect(`/login?next=${encodeURIComponent(pathname + search)}`, 302)
        }
        throw unauthorized(c)
      }
      const needs = changes ? 'CONFIGURE' : 'READ'
      if (!allows(principal.role, needs)) throw forbidden(refusal(principal, needs))
    } catch (error) {
      const known = asApiError(error)
      if (!known) throw error
      return errorAnswer(known)
    }
    await next()
  }
}

const QUESTIONS = /^\/api\/v\d+\/(timeseries|health\/triggers\/(preview|validate))\/?$/

/** A query, or a trigger to be tried, may come as POST: it is long. Dashboards are the only things under `/timeseries` that can be changed. */
export function changesSomething(method: string, path: string): boolean {
  if (method === 'GET' || method === 'HEAD') return false
  return !(method === 'POST' && QUESTIONS.test(path))
}
