import { createHash, createHmac } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import type { ErrorBody } from './timeseries.js'

/** Who may use the monitor's port. */
export interface PortTokens {
  /** Good for everything: queries, settings, metrics. The manager has one. */
  full: readonly string[]
  /** Good for sending metrics. Those derived from `full` are taken as well. */
  senders: readonly string[]
}

/**
 * The token that agents send metrics with, from one that is good for everything: manager and monitor come to the same without
 * another setting, and no host can read with it.
 */
export function sendersToken(full: string): string {
  return `bws_${createHmac('sha256', full).update('bellwether senders').digest('base64url')}`
}

/** A token that is good for reading /metrics, made in the same way: for whoever collects the monitor's own figures. */
export function metricsToken(full: string): string {
  return `bwp_${createHmac('sha256', full).update('bellwether metrics').digest('base64url')}`
}

/** Of all that is below /health, the manager's model among it, only this; and what clients of InfluxDB ask before they show a token. */
const OPEN = new Set(['/health/live', '/health/ready', '/health', '/ping'])

/**
 * Lets requests pass that carry a token: as `Authorization: Bearer` or `Token` (InfluxDB 2), as the password of Basic, or as
 * the parameter `p` (InfluxDB 1). The state for load balancers is open. `sending`: the paths on which metrics come in.
 */
export function requireToken(tokens: PortTokens, sending: ReadonlySet<string>): MiddlewareHandler {
  const full = digests(tokens.full)
  const readers = digests(tokens.full.map(metricsToken))
  const senders = digests([...tokens.senders, ...tokens.full.map(sendersToken)])
  return async (c, next) => {
    const { path } = c.req
    if (OPEN.has(path)) return next()
    const given = tokenOf(c.req.header('authorization')) ?? c.req.query('p')
    if (given !== undefined) {
      const digest = digestOf(given)
      if (full.has(digest)) return next()
      if (readers.has(digest)) {
        if (path === '/metrics' && c.req.method === 'GET') return next()
        return c.json<ErrorBody>({ message: 'This token is for reading /metrics.', code: 'FORBIDDEN' }, 403)
      }
      if (senders.has(digest)) {
        if (sending.has(path)) return next()
        const message = 'This token is for sending metrics; queries and settings go through the manager.'
        return c.json<ErrorBody>({ message, code: 'FORBIDDEN' }, 403)
      }
    }
    const message = `${given === undefined ? 'A token is needed here' : 'This token is not known here'}: one of the monitor's, as Authorization: Bearer, or as the password of Basic.`
    c.header('www-authenticate', 'Bearer, Basic realm="Bellwether monitor"')
    return c.json<ErrorBody>({ message, code: 'TOKEN' }, 401)
  }
}

/** Whether a header `Authorization` carries a token that is good for everything. */
export function mayDoAll(tokens: PortTokens): (authorization: string | undefined) => boolean {
  const full = digests(tokens.full)
  return (authorization) => {
    const given = tokenOf(authorization)
    return given !== undefined && full.has(digestOf(given))
  }
}

function tokenOf(header: string | undefined): string | undefined {
  const match = /^(Bearer|Token|Basic)\s+(\S+)\s*$/i.exec(header ?? '')
  if (!match) return undefined
  if (match[1]!.toLowerCase() !== 'basic') return match[2]
  const login = Buffer.from(match[2]!, 'base64').toString('utf8')
  return login.slice(login.indexOf(':') + 1)
}

/** Looked up by digest, so that the time it takes says nothing about a token. */
const digests = (tokens: readonly string[]) => new Set(tokens.map(digestOf))
const digestOf = (token: string) => createHash('sha256').update(token).digest('base64')
