import { Agent, type IncomingMessage, request } from 'node:http'
import { pipeline } from 'node:stream'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import type { Logger } from 'pino'
import type { ErrorBody } from '../wire/timeseries.js'

export interface Proxied {
  Bindings: HttpBindings
}

/** Headers that belong to one connection and not to the message (RFC 9110 §7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Longer than any query may take: the monitor bounds those itself. */
const TIMEOUT_MS = 120_000
const MAX_CONNECTIONS = 256

/**
 * Passes requests on to another role and streams the answer back. A client that goes away cancels the request behind it;
 * a target that is away becomes a 503 that says so.
 */
export function createProxy({ target, name, logger }: { target: string; name: string; logger: Logger }) {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_CONNECTIONS, scheduling: 'lifo' })
  const base = new URL(target)

  async function handle(c: Context<Proxied>): Promise<Response> {
    const { incoming, outgoing } = c.env
    let upstream: IncomingMessage
    const behind = request({
      agent,
      host: base.hostname,
      port: base.port,
      method: incoming.method,
      path: base.pathname.replace(/\/$/, '') + (incoming.url ?? '/'),
      headers: { ...forwardable(incoming.headers), host: base.host },
      timeout: TIMEOUT_MS,
    })
    behind.on('timeout', () => behind.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)))
    outgoing.once('close', () => behind.destroy())
    try {
      upstream = await new Promise<IncomingMessage>((resolve, reject) => {
        behind.once('response', resolve)
        behind.once('error', reject)
        pipeline(incoming, behind, (error) => error && reject(error))
      })
    } catch (error) {
      incoming.resume()
      if (outgoing.destroyed) return RESPONSE_ALREADY_SENT
      logger.warn({ err: error, target }, `the ${name} cannot be reached`)
      return c.json<ErrorBody>(
        {
          message: `The ${name} at ${target} cannot be reached (${(error as Error).message}). It may be starting; if this lasts, see its log.`,
          code: `${name.toUpperCase()}_UNAVAILABLE`,
        },
        503,
        { 'retry-after': '5' },
      )
    }
    outgoing.writeHead(upstream.statusCode ?? 502, {
      ...forwardable(upstream.headers),
      'x-content-type-options': 'nosniff',
    })
    pipeline(upstream, outgoing, (error) => {
      if (error && !outgoing.destroyed) logger.warn({ err: error }, `the ${name} ended its answer early`)
    })
    return RESPONSE_ALREADY_SENT
  }

  return {
    handle,
    async stop() {
      agent.destroy()
    },
  }
}

function forwardable(headers: NodeJS.Dict<string | string[]>): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !HOP_BY_HOP.has(name)) kept[name] = value
  return kept
}
