import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { ErrorBody } from '../../wire/timeseries.js'
import type { PublisherConnection } from './post.js'

const SILENCE_BYTES = 256 * 1024

/**
 * The publisher's own interface, for managers, which know the monitor but not the publisher: below `/alerting`, `GET status`,
 * `GET` and `POST silences`, `DELETE silences/ID`, `POST receivers/NAME/test`. Answers are the publisher's; 503 while it is away.
 */
export function publisherRoutes(connection: PublisherConnection): Hono {
  const app = new Hono().basePath('/alerting')

  const pass = async (c: Context, path: string, body?: string) => {
    try {
      const method = c.req.method as 'GET' | 'POST' | 'DELETE'
      const { status, text } = await connection.ask(method, path, c.req.raw.signal, body)
      // Between the two of us: who asks has another login.
      if (status === 401) return away(c, 'it does not take the token of the monitor (BELLWETHER_ALERT_TOKEN)')
      return c.body(text, status as ContentfulStatusCode, { 'content-type': 'application/json' })
    } catch (error) {
      return away(c, error instanceof Error ? error.message : String(error))
    }
  }

  app.get('/status', (c) => pass(c, 'status'))
  app.get('/silences', (c) => pass(c, 'silences'))
  app.post('/silences', bodyLimit({ maxSize: SILENCE_BYTES }), async (c) =>
    pass(c, 'silences', await c.req.text()),
  )
  app.delete('/silences/:id', (c) => pass(c, `silences/${encodeURIComponent(c.req.param('id'))}`))
  app.post('/receivers/:name/test', (c) =>
    pass(c, `receivers/${encodeURIComponent(c.req.param('name'))}/test`, ''),
  )
  return app
}

function away(c: Context, reason: string) {
  const message = `The alert publisher does not answer: ${reason.slice(0, 300)}.`
  return c.json<ErrorBody>({ message, code: 'PUBLISHER_UNAVAILABLE' }, 503, { 'retry-after': '5' })
}
