import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { Connection, type ConnectionOptions } from './connection.js'

export interface FrontOptions extends ConnectionOptions {
  /** How long a new connection may be silent. */
  readonly headersTimeoutMs: number
  /** How often connections are looked at. */
  readonly sweepMs?: number
}

export interface Front {
  /** Ends connections: those without a request at once, others after the answer that is being made. */
  close(): void
  /** Cuts every connection that has not been handed over. */
  destroy(): void
}

const SWEEP_MS = 5_000

/**
 * Stands between a server's connections and node:http: plain requests for what is answered in microseconds go around it,
 * for it takes longer than they do. Everything else is node:http's, byte for byte, from the first such request of a
 * connection to its end. `event`: `connection`, or `secureConnection` of a server with TLS.
 */
export function attachFront(
  server: Server,
  event: 'connection' | 'secureConnection',
  options: FrontOptions,
): Front {
  const takers = server.listeners(event) as ((socket: Socket) => void)[]
  const connections = new Set<Connection>()
  server.removeAllListeners(event)
  server.on(event, (socket: Socket) => {
    const connection = new Connection(socket, options, (left) => {
      connections.delete(connection)
      left.off('close', onClose)
      for (const take of takers) take.call(server, left)
    })
    const onClose = () => connections.delete(connection)
    socket.on('close', onClose)
    connections.add(connection)
  })
  const timer = setInterval(() => {
    for (const each of connections) if (isStale(each, options)) each.socket.destroy()
  }, options.sweepMs ?? SWEEP_MS)
  timer.unref()
  return {
    close() {
      clearInterval(timer)
      for (const each of connections) each.close()
    },
    destroy() {
      for (const each of connections) each.socket.destroy()
    },
  }
}

/** Whether nobody has sent or taken anything for too long. */
function isStale(connection: Connection, { headersTimeoutMs, keepAliveSeconds }: FrontOptions): boolean {
  const { socket, isIdle, used, lastWaiting } = connection
  const now = performance.now()
  const waiting = socket.writableLength
  if (waiting !== lastWaiting) connection.lastActive = now
  connection.lastWaiting = waiting
  // An answer that is being made has a time limit of its own.
  if (!isIdle && waiting === 0) return false
  return now - connection.lastActive > (used ? keepAliveSeconds * 1000 : headersTimeoutMs)
}
