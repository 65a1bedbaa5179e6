import type { MiddlewareHandler } from 'hono'
import type { ErrorBody } from './timeseries.js'

const LOOPBACK = /^(localhost|[a-z0-9-]+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/

/**
 * Refuses requests that are addressed to a name which is not loopback's or in `allowed`. A service on loopback without a
 * login would otherwise be open to DNS rebinding: a page on the internet whose name is made to resolve to 127.0.0.1 could
 * read it through the operator's browser.
 */
export function loopbackHostOnly(allowed: readonly string[]): MiddlewareHandler {
  const isOurs = loopbackHosts(allowed)
  return async (c, next) => {
    const name = hostName(c.req.header('host'))
    if (isOurs(name)) return next()
    const message = `Requests to "${name.slice(0, 100)}" are not answered here: this port serves loopback only. Set allowedHosts to let a name pass.`
    return c.json<ErrorBody>({ message, code: 'WRONG_HOST' }, 421)
  }
}

/** Which names in the header `Host` (`hostName`) are loopback's or allowed. */
export function loopbackHosts(allowed: readonly string[]): (name: string) => boolean {
  const names = new Set(allowed.map((name) => name.toLowerCase()))
  return (name) => LOOPBACK.test(name) || names.has(name)
}

/** The name in a header `Host`, without its port. */
export const hostName = (header: string | undefined) => (header ?? '').toLowerCase().replace(/:\d+$/, '')

/** True for addresses that only this machine can reach. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || address.startsWith('127.')
}

/**
 * Refuses what a browser sends on behalf of a page from elsewhere: without it, any page an operator opens could write
 * samples to, or put load on, a service on loopback. Programs do not send `Sec-Fetch-Site`.
 */
export function noForeignPages(): MiddlewareHandler {
  return async (c, next) => {
    const followsLink = c.req.method === 'GET' && c.req.header('sec-fetch-mode') === 'navigate'
    if (c.req.header('sec-fetch-site') !== 'cross-site' || followsLink) return next()
    const message = 'Requests from pages of other sites are not answered here.'
    return c.json<ErrorBody>({ message, code: 'FOREIGN_PAGE' }, 403)
  }
}
