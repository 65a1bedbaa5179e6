import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createGraphiteDecoder } from '../formats/graphite.js'
import type { IngestLimits } from '../limits.js'
import { type DeliverOptions, deliver } from './deliver.js'
import { serveLines } from './lines.js'

export interface Listener {
  address: AddressInfo
  /** Stops listening, and resolves when what was received is stored. May be called twice. */
  stop(): Promise<void>
}

/** How long a stop waits for the store to take what was received. */
const STOP_MS = 5_000

/**
 * Listens for Graphite plaintext over TCP. There are no answers: back-pressure is that the connection is not read while
 * the store has not taken what came before. Rejects with Node's error when it cannot listen.
 */
export async function listenGraphite(
  host: string,
  port: number,
  limits: IngestLimits,
  options: DeliverOptions,
): Promise<Listener> {
  const decode = createGraphiteDecoder(limits)
  const abort = new AbortController()
  const connections = new Map<Socket, Promise<void>>()
  const server = createServer((socket) => {
    const sender = socket.remoteAddress?.replace(/^::ffff:/, '') ?? 'unknown'
    const store = (body: Uint8Array) =>
      deliver({ protocol: 'graphite', sender, body, decode }, options, abort.signal)
    const done = serveLines(socket, store, limits, options.admission, sender)
      .catch((error: unknown) => options.logger.error({ err: error }, 'ingest: a graphite connection failed'))
      .finally(() => connections.delete(socket))
    connections.set(socket, done)
  })
  server.maxConnections = limits.connections
  server.listen(port, host)
  await once(server, 'listening')
  let stopped: Promise<void> | undefined
  return {
    address: server.address() as AddressInfo,
    stop() {
      stopped ??= (async () => {
        server.close()
        const running = [...connections.values()]
        for (const socket of connections.keys()) socket.destroySoon()
        const timer = setTimeout(() => abort.abort(), STOP_MS)
        await Promise.all(running)
        clearTimeout(timer)
      })()
      return stopped
    },
  }
}
