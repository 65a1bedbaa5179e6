import { createServer, type Server } from 'node:http'
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

/** Serves a Hono app. Rejects with Node's error (EADDRINUSE, EACCES, …) when it cannot listen. */
export async function listen(app: App, host: string, port: number): Promise<Listening> {
  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: 60_000 },
    getRequestListener(app.fetch),
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
