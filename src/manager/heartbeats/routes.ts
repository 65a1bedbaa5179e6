import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HEARTBEAT_PATH, type HeartbeatRefusal, MAX_REQUEST_BYTES } from '../../wire/heartbeat.js'
import type { Core } from '../core.js'
import { BLOB_PATH, loadBlob } from '../processes/index.js'
import type { Receiver } from './receiver.js'
import type { Tokens } from './tokens.js'

/** What the routes need of an active manager. */
export interface AgentSide {
  readonly core: Core
  readonly receiver: Receiver
  readonly tokens: Tokens
}

export interface AgentRoutesOptions {
  /** Undefined while this manager is not the active one. */
  active: () => AgentSide | undefined
  /** Where the active one is, if that is known. */
  activeUrl?: () => string | undefined
}

const DAY_SECONDS = 86_400

/**
 * What agents ask: `POST /agent/heartbeat`, and `GET /agent/files/<digest>`, both with `Authorization: Bearer`. A manager that
 * is not active answers 503, with the place of the active one where it knows it.
 */
export function agentRoutes({ active, activeUrl }: AgentRoutesOptions): Hono {
  const app = new Hono()
  const refusal = (code: HeartbeatRefusal['code'], message: string): HeartbeatRefusal => ({ code, message })

  app.post(
    HEARTBEAT_PATH,
    bodyLimit({
      maxSize: MAX_REQUEST_BYTES,
      onError: (c) => c.json(refusal('BAD_REQUEST', `A beat has at most ${MAX_REQUEST_BYTES} bytes.`), 413),
    }),
    async (c) => {
      const side = active()
      if (!side) {
        const url = activeUrl?.()
        if (url) c.header('location', new URL(HEARTBEAT_PATH, url).href)
        c.header('retry-after', '1')
        return c.json(refusal('NOT_ACTIVE', 'This manager is not the active one.'), 503)
      }
      const body = await c.req.json().catch(() => undefined)
      if (body === undefined) return c.json(refusal('BAD_REQUEST', 'The beat is not JSON.'), 400)
      const reply = await side.receiver.receive(bearer(c.req.header('authorization')), body, c.req.raw.signal)
      if (reply.status === 401) c.header('www-authenticate', 'Bearer')
      if (reply.retryAfter !== undefined) c.header('retry-after', String(reply.retryAfter))
      return c.json(reply.body, reply.status)
    },
  )

  app.get(`${BLOB_PATH}/:digest{[0-9a-f]{64}}`, async (c) => {
    const side = active()
    if (!side) return c.json(refusal('NOT_ACTIVE', 'This manager is not the active one.'), 503)
    if (!(await side.tokens.check(bearer(c.req.header('authorization')))))
      return c.json(refusal('TOKEN', 'The token is not known, or has run out.'), 401)
    const contents = await loadBlob(side.core.db, c.req.param('digest'))
    if (!contents) return c.json(refusal('BAD_REQUEST', 'There is no such file.'), 404)
    return c.body(Buffer.from(contents), 200, {
      'content-type': 'application/octet-stream',
      'cache-control': `private, max-age=${DAY_SECONDS}, immutable`,
    })
  })
  return app
}

function bearer(header: string | undefined): string {
  return /^Bearer ([\x21-\x7e]{1,4000})$/i.exec(header ?? '')?.[1] ?? ''
}
