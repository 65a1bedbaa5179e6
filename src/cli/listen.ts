import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'

/** How long a client may take for its headers, and for a whole request; slower ones are cut off (slow loris). */
const HEADERS_TIMEOUT_MS = 15_000
const REQUEST_TIMEOUT_MS = 120_000

/** What a Hono app is to a server. */
interface App {
  fetch: Parameters<typeof getRequestListener>[0]
}

export interface Listening {
  server: Server
  url: string
  /** Lets running requests end for a moment, then cuts every connection. */
  close(): Promise<void>
}

/** Answers a request by itself, or returns false and leaves it to the app. */
export type Direct = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean

/**
 * Serves a Hono app, and before it what is answered `direct`ly. Rejects with Node's error (EADDRINUSE, EACCES, …) when it
 * cannot listen.
 */
export async function listen(app: App, host: string, port: number, direct?: Direct): Promise<Listening> {
  const listener = getRequestListener(app.fetch)
  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: 60_000 },
    direct === undefined
      ? listener
      : (incoming, outgoing) => {
          if (!direct(incoming, outgoing)) void listener(incoming, outgoing)
        },
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return { server, url: `http://${shown}:${address.port}`, close: () => close(server) }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), 2_000)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
}
