import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { BaseLogger } from 'pino'
import type { Admission } from '../admission.js'
import type { BufferPool } from '../buffers.js'
import type { DecodeContext, Rest } from '../decode.js'
import type { IngestLimits } from '../limits.js'
import type { Meters } from '../meters.js'
import type { Receipt, Receive } from '../receiver.js'
import type { Work } from '../work.js'
import { readBody } from './body.js'
import { HttpError, httpErrorOf } from './http-error.js'

export type IngestContext = Context<{ Bindings: HttpBindings }>

/** What a protocol over HTTP adds to receiving a batch: how a request is read, and how it is answered. */
export interface HttpProtocol {
  name: string
  /** Content encodings taken; the first is that of a request that names none. */
  encodings: readonly string[]
  /** Throws `HttpError` (415, 400) for a request that this protocol cannot read, before its body is. */
  accept(c: IngestContext): Accepted
  /** The answer after the store has acknowledged what was taken. */
  answer(c: IngestContext, receipt: Receipt): Response
  /** The answer when nothing was stored. */
  fail(c: IngestContext, status: number, message: string): Response
}

export interface Accepted {
  /** What else decides how the body is read. */
  parameters: string
  decode(body: Uint8Array, context: DecodeContext): Rest
}

export interface HandlerOptions {
  receive: Receive
  admission: Admission
  buffers: BufferPool
  limits: IngestLimits
  meters: Meters
  logger: BaseLogger
  /** Requests under way, and whether new ones are still taken. */
  work: Work
}

const SENDER_LENGTH = 200

const addressOf = (c: IngestContext): string =>
  c.env.incoming.socket.remoteAddress?.replace(/^::ffff:/, '') || 'unknown'

/** The sender: what it says of itself in `X-Bellwether-Sender`, or its address. */
export function senderOf(c: IngestContext): string {
  const given = c.req.header('x-bellwether-sender')?.replace(/\p{Cc}/gu, '')
  return (given || addressOf(c)).slice(0, SENDER_LENGTH)
}

/** A handler for every method of a route: receives batches by POST, and answers each failure in the protocol's form. */
export function createHandler(protocol: HttpProtocol, options: HandlerOptions) {
  const { receive, admission, buffers, limits, meters, logger, work } = options
  return async (c: IngestContext): Promise<Response> => {
    const start = performance.now()
    const lease = admission.open(addressOf(c))
    let response: Response
    work.begin()
    try {
      if (work.stopping) throw new HttpError(503, 'the monitor is stopping', { retryAfterSeconds: 5 })
      if (c.req.method !== 'POST') throw new HttpError(405, `send batches by POST, not ${c.req.method}`)
      const accepted = protocol.accept(c)
      // Nothing here holds on to the body, so that it can go while its samples wait for the store.
      const receipt = await receive({
        protocol: protocol.name,
        sender: senderOf(c),
        lease,
        ...accepted,
        ...(await readBody(c.env.incoming, protocol.encodings, limits, lease, buffers)),
      })
      response = protocol.answer(c, receipt)
    } catch (thrown) {
      response = failure(c, thrown)
    } finally {
      lease.release()
      work.end()
    }
    meters.request(protocol.name, String(response.status), (performance.now() - start) / 1000)
    return response
  }

  function failure(c: IngestContext, thrown: unknown): Response {
    const error = httpErrorOf(thrown)
    if (error === undefined)
      logger.error({ err: thrown, protocol: protocol.name }, 'ingest: a request failed')
    const status = error?.status ?? 500
    const message = error?.message ?? 'internal error; the log of the monitor says more'
    const response = protocol.fail(c, status, message)
    if (error?.retryAfterSeconds)
      response.headers.set('retry-after', String(Math.ceil(error.retryAfterSeconds)))
    if (status === 405) response.headers.set('allow', 'POST')
    // A body that was not read to its end must not be taken for the next request.
    if (status === 408 || status === 413) response.headers.set('connection', 'close')
    return response
  }
}

/** The media type of a request, lower case, without parameters; empty when none is given. */
export function mediaType(c: IngestContext): string {
  return (c.req.header('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase()
}
