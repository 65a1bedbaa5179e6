import { createHash, timingSafeEqual } from 'node:crypto'
import { type Context, Hono } from 'hono'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { ALERT_LIMITS, type AlertReceipt, readAlertEvents } from '../../wire/alert.js'
import { loopbackHostOnly, noForeignPages } from '../../wire/host-check.js'
import { MAX_SILENCES, type Publisher } from '../publisher.js'
import { AlertSettingsError } from '../settings/index.js'
import { BodyError, readJson } from './body.js'
import { readSilence } from './silence.js'

export interface AlertApiOptions {
  publisher: Publisher
  registry: Registry
  /** Reads the settings anew and uses them; throws `AlertSettingsError`, and then nothing has changed. */
  reload(): void
  /** Asked for as a bearer token; empty: none is. */
  token: string
  /** Names besides loopback's by which the port may be addressed; undefined: any. */
  allowedHosts: readonly string[] | undefined
  logger: Logger
}

const SILENCE_BYTES = 256 * 1024

interface ErrorBody {
  message: string
  code: string
  problems?: string[]
}

const problem = (c: Context, status: 400 | 401 | 404 | 409 | 413 | 500 | 503, body: ErrorBody) =>
  c.json(body, status)

/** The publisher's HTTP interface: docs/alerts.md describes it. */
export function createAlertApi(options: AlertApiOptions): Hono {
  const { publisher, registry, reload, token, allowedHosts, logger } = options
  const app = new Hono()
  if (allowedHosts) app.use(loopbackHostOnly(allowedHosts))
  app.use(noForeignPages())
  app.get('/health/live', (c) => c.text('live\n'))
  app.get('/health/ready', (c) => {
    const { diskError } = publisher.status().outbox
    return diskError ? c.text(`the outbox cannot be written: ${diskError}\n`, 503) : c.text('ready\n')
  })
  app.get('/metrics', async (c) =>
    c.body(await registry.metrics(), 200, { 'content-type': registry.contentType }),
  )
  if (token !== '')
    app.use(async (c, next) => {
      if (isSame(c.req.header('authorization') ?? '', `Bearer ${token}`)) return next()
      c.header('www-authenticate', 'Bearer')
      return problem(c, 401, {
        message: 'A bearer token is needed here: the alertToken of the publisher.',
        code: 'NO_TOKEN',
      })
    })
  app.post('/alerts', async (c) => {
    const body = await readJson(c, ALERT_LIMITS.bodyBytes)
    let read: ReturnType<typeof readAlertEvents>
    try {
      read = readAlertEvents(body)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return problem(c, 413, { message: error.message, code: 'TOO_MANY' })
    }
    const { events, refused } = read
    try {
      const receipt: AlertReceipt = { ...(await publisher.take(events)), refused }
      if (refused.length > 0)
        logger.warn({ refused: refused.slice(0, 5) }, 'alerts were refused as malformed')
      return c.json(receipt, events.length === 0 && refused.length > 0 ? 400 : 200)
    } catch (error) {
      return diskFails(c, error)
    }
  })

  app.get('/status', (c) => c.json(publisher.status()))
  app.get('/receivers', (c) => c.json({ items: publisher.status().receivers }))
  app.post('/receivers/:name/test', async (c) => {
    const result = await publisher.test(c.req.param('name'))
    if (!result)
      return problem(c, 404, {
        message: `There is no receiver ${JSON.stringify(c.req.param('name').slice(0, 100))}.`,
        code: 'NO_RECEIVER',
      })
    return c.json({ ok: result.failures.length === 0, ...result }, result.failures.length === 0 ? 200 : 502)
  })

  app.get('/silences', (c) => {
    const now = Date.now()
    const items = publisher
      .silences()
      .map((silence) => ({ ...silence, active: silence.from <= now && now < silence.until }))
    return c.json({ items })
  })
  app.post('/silences', async (c) => {
    const body = await readJson(c, SILENCE_BYTES)
    const { silence, problems } = readSilence(body, Date.now())
    if (problems.length > 0)
      return problem(c, 400, { message: problems.join('; '), code: 'BAD_SILENCE', problems })
    const known = publisher.silences()
    if (known.length >= MAX_SILENCES && !known.some(({ id }) => id === silence.id))
      return problem(c, 409, { message: `There are ${MAX_SILENCES} silences; end some.`, code: 'TOO_MANY' })
    try {
      await publisher.silence(silence)
    } catch (error) {
      return diskFails(c, error)
    }
    logger.info({ silence }, 'a silence was set')
    return c.json(silence, 201)
  })
  app.delete('/silences/:id', async (c) => {
    const id = c.req.param('id')
    try {
      if (await publisher.endSilence(id)) logger.info({ id: id.slice(0, 100) }, 'a silence was ended')
      else return problem(c, 404, { message: 'There is no silence of that id.', code: 'NO_SILENCE' })
    } catch (error) {
      return diskFails(c, error)
    }
    return c.json({ ended: id })
  })

  app.post('/settings/reload', (c) => {
    try {
      reload()
    } catch (error) {
      if (!(error instanceof AlertSettingsError)) throw error
      const { message, problems } = error
      return problem(c, 400, { message, code: 'BAD_SETTINGS', problems })
    }
    return c.json({ receivers: publisher.status().receivers.map(({ name }) => name) })
  })

  app.notFound((c) =>
    problem(c, 404, {
      message: `There is no ${c.req.method} ${c.req.path.slice(0, 200)} here.`,
      code: 'NOT_FOUND',
    }),
  )
  app.onError((error, c) => {
    if (error instanceof BodyError) {
      // A body that was not read to its end must not be taken for the next request.
      if (error.status === 413) c.header('connection', 'close')
      return problem(c, error.status, {
        message: error.message,
        code: error.status === 413 ? 'TOO_LARGE' : 'NOT_JSON',
      })
    }
    logger.error({ err: error, path: c.req.path }, 'request failed')
    return problem(c, 500, {
      message: 'The publisher failed on this request; its log says why.',
      code: 'INTERNAL',
    })
  })
  return app
}

function diskFails(c: Context, error: unknown) {
  c.header('retry-after', '5')
  const reason = error instanceof Error ? error.message : String(error)
  return problem(c, 503, {
    message: `The outbox cannot be written: ${reason}. Send it again.`,
    code: 'OUTBOX_FAILS',
  })
}

/** In constant time. */
function isSame(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}
