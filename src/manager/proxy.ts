import { readFileSync } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'
import { pipeline } from 'node:stream'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import type { Logger } from 'pino'
import { connectionProblem, tlsProblem } from '../wire/connection-problem.js'
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

/** What is between the client and this manager: whoever stands behind has no use for it. */
const FOR_US_ALONE = new Set(['authorization', 'cookie'])

export interface ProxyOptions {
  target: string
  name: string
  /** Sent on as `Authorization: Bearer`, in place of what the client has sent. */
  token?: string | undefined
  /** File with the certificates, PEM, that verify the target's. Default: those of the system. */
  caFile?: string | undefined
  logger: Logger
}

/**
 * Passes requests on to another role and streams the answer back. A client that goes away cancels the request behind it;
 * a target that is away becomes a 503 that says so.
 */
export function createProxy({ target, name, token, caFile, logger }: ProxyOptions) {
  const base = new URL(target)
  const { Agent, request } = base.protocol === 'https:' ? https : http
  const agent = new Agent({
    keepAlive: true,
    maxSockets: MAX_CONNECTIONS,
    scheduling: 'lifo',
    ...(caFile ? { ca: readFileSync(caFile) } : {}),
  })
  const own = token ? { authorization: `Bearer ${token}` } : {}
  const unavailable = (c: Context, reason: string) =>
    c.json<ErrorBody>(
      {
        message: `The ${name} at ${target} ${reason}`,
        code: `${name.toUpperCase()}_UNAVAILABLE`,
      },
      503,
      { 'retry-after': '5' },
    )

  const handle = (c: Context<Proxied>) => pass(c, c.env.incoming.url ?? '/')

  async function pass(c: Context<Proxied>, path: string): Promise<Response> {
    const { incoming, outgoing } = c.env
    let upstream: http.IncomingMessage
    const behind = request({
      agent,
      host: base.hostname,
      port: base.port,
      method: incoming.method,
      path: base.pathname.replace(/\/$/, '') + path,
      headers: { ...forwardable(incoming.headers, FOR_US_ALONE), ...own, host: base.host },
      timeout: TIMEOUT_MS,
    })
    behind.on('timeout', () => behind.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)))
    outgoing.once('close', () => behind.destroy())
    try {
      upstream = await new Promise<http.IncomingMessage>((resolve, reject) => {
        behind.once('response', resolve)
        behind.once('error', reject)
        pipeline(incoming, behind, (error) => error && reject(error))
      })
    } catch (error) {
      incoming.resume()
      if (outgoing.destroyed) return RESPONSE_ALREADY_SENT
      const context = { url: target, caOption: '--tls-ca' }
      const problem = tlsProblem(error, context)
      const reason = connectionProblem(error, context)
      logger.warn({ reason, target }, `the ${name} cannot be reached`)
      return unavailable(
        c,
        problem
          ? `cannot be trusted: ${problem}.`
          : `cannot be reached (${reason}). It may be starting; if this lasts, see its log.`,
      )
    }
    if (upstream.statusCode === 401) {
      // Between the two of us: a client would take it for its own login.
      upstream.resume()
      logger.error({ target }, `the ${name} does not take this manager's token`)
      return unavailable(c, "does not take this manager's token; give both the same (--monitor-token-file).")
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
    /** The target has the same path. */
    handle,
    /** It has another one; with the query. */
    pass,
    async stop() {
      agent.destroy()
    },
  }
}

function forwardable(
  headers: NodeJS.Dict<string | string[]>,
  without: ReadonlySet<string> = new Set(),
): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !HOP_BY_HOP.has(name) && !without.has(name)) kept[name] = value
  return kept
}
