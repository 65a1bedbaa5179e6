import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import { compress } from 'hono/compress'
import { secureHeaders } from 'hono/secure-headers'

const YEAR_SECONDS = 365 * 86_400

/**
 * Serves the built web pages. Files under `assets/` carry a hash in their name and may be cached for ever; the page itself
 * is asked for each time. Every other path answers with the page, which reads its state from the URL.
 */
export function webPages(root: string): Hono {
  const app = new Hono()
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
      // Set by whoever ends TLS; on plain loopback it would only do harm.
      strictTransportSecurity: false,
    }),
  )
  app.use(compress())
  app.use('/assets/*', async (c, next) => {
    await next()
    if (c.res.ok) c.header('cache-control', `public, max-age=${YEAR_SECONDS}, immutable`)
  })
  app.use(serveStatic({ root }))
  app.get('/assets/*', (c) => c.text('There is no such file; reload the page.\n', 404))
  app.get('*', serveStatic({ root, path: 'index.html' }))
  app.get('*', (c) =>
    c.text(
      existsSync(join(root, 'index.html'))
        ? 'Not found\n'
        : 'The web pages are not built; run "npm run build".\n',
      404,
    ),
  )
  return app
}
