import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Logger } from 'pino'
import { attachFront, type Front, type FrontOptions } from './front/index.js'
import { readTls, type TlsFiles, watchTls } from './tls.js'

/** How long a client may take for its headers, and for a whole request; slower ones are cut off (slow loris). */
const HEADERS_TIMEOUT_MS = 15_000
const REQUEST_TIMEOUT_MS = 120_000
const KEEP_ALIVE_MS = 60_000
/**
 * More connections are turned away: each takes a file descriptor, and the engine's must not lack one. One address gets half of
 * them, so that who opens many keeps nobody else out.
 */
export const CONNECTION_LIMITS = { all: 10_000, ofAddress: 5_000 }

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

const timeouts = {
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
}

/** What is answered without the app. */
export interface Direct {
  /** Answers a request by itself, or returns false and leaves it to the app. */
  request(incoming: IncomingMessage, outgoing: ServerResponse): boolean
  /** Answers plain requests without node:http as well; as `request` does. */
  readonly front?: Pick<FrontOptions, 'admits' | 'answer'>
}

/**
 * Serves a Hono app, and before it what is answered `direct`ly, over TLS where there are files for it; renewed ones are
 * used for new connections. Rejects with Node's error (EADDRINUSE, EACCES, …) when it cannot listen.
 */
export async function listen(
  app: App,
  host: string,
  port: number,
  tls?: { files: TlsFiles; logger: Logger },
  direct?: Direct,
  limits = CONNECTION_LIMITS,
): Promise<Listening> {
  const answer = getRequestListener(app.fetch)
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (direct?.request(incoming, outgoing) !== true) void answer(incoming, outgoing)
  }
  let server: Server
  let unwatch = () => {}
  if (tls) {
    const secure = createSecureServer({ ...timeouts, ...readTls(tls.files) }, listener)
    unwatch = watchTls(tls.files, tls.logger, (renewed) => secure.setSecureContext(renewed))
    server = secure
  } else server = createServer(timeouts, listener)
  // Before anything else listens for connections: what does need not hear of one again when it is handed over.
  const front =
    direct?.front &&
    attachFront(server, tls ? 'secureConnection' : 'connection', {
      ...direct.front,
      headersTimeoutMs: HEADERS_TIMEOUT_MS,
      keepAliveSeconds: KEEP_ALIVE_MS / 1000,
    })
  server.maxConnections = limits.all
  limitAddresses(server, limits.ofAddress)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return {
    server,
    url: `${tls ? 'https' : 'http'}://${shown}:${address.port}`,
    close() {
      unwatch()
      return close(server, front)
    },
  }
}

function limitAddresses(server: Server, most: number): void {
  const open = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? ''
    const count = (open.get(address) ?? 0) + 1
    open.set(address, count)
    socket.once('close', () => {
      const left = open.get(address)! - 1
      if (left > 0) open.set(address, left)
      else open.delete(address)
    })
    if (count > most) socket.destroy()
  })
}

function close(server: Server, front: Front | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.closeAllConnections()
      front?.destroy()
    }, 2_000)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
    front?.close()
  })
}
