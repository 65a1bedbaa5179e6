import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createGraphiteDecoder } from '../formats/graphite.js'
import type { IngestLimits } from '../limits.js'
import { type DeliverOptions, deliver } from './deliver.js'

export interface Listener {
  address: AddressInfo
  /** Stops listening, and resolves when what was received is stored. May be called twice. */
  stop(): Promise<void>
}

const NEWLINE = 10
/** Lines of one connection that wait for the store; then the connection is read no further, and the sender waits. */
const MOST_WAITING = 1 << 20
/** Lines are gathered for this long, so that a sender of single lines does not make one batch of each. */
const GATHER_MS = 200

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
    const done = serve(
      socket,
      (sender, body) => deliver({ protocol: 'graphite', sender, body, decode }, options, abort.signal),
      limits,
    )
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

/** How long a stop waits for the store to take what was received. */
const STOP_MS = 5_000

async function serve(
  socket: Socket,
  store: (sender: string, body: Uint8Array) => Promise<void>,
  limits: IngestLimits,
): Promise<void> {
  const sender = socket.remoteAddress?.replace(/^::ffff:/, '') ?? 'unknown'
  socket.setTimeout(limits.idleSeconds * 1000, () => socket.destroy())
  socket.on('error', () => undefined)
  let waiting: Buffer[] = []
  let size = 0
  let ended = false
  let wake: () => void = () => undefined
  socket.on('data', (chunk) => {
    waiting.push(chunk)
    size += chunk.length
    if (size >= MOST_WAITING) socket.pause()
    wake()
  })
  socket.on('close', () => {
    ended = true
    wake()
  })
  let rest: Buffer = Buffer.alloc(0)
  while (!ended || size > 0) {
    if (size === 0)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    if (!ended && size < MOST_WAITING) await gather()
    const bytes = Buffer.concat([rest, ...waiting])
    waiting = []
    size = 0
    if (!ended) socket.resume()
    const complete = ended ? bytes.length : bytes.lastIndexOf(NEWLINE) + 1
    rest = bytes.subarray(complete)
    if (complete > 0) await store(sender, bytes.subarray(0, complete))
    // A line without an end would otherwise grow for ever.
    if (rest.length > limits.labelSetBytes + 100) {
      socket.destroy()
      await store(sender, rest)
      rest = Buffer.alloc(0)
    }
  }

  function gather(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, GATHER_MS)
      wake = () => {
        if (!ended && size < MOST_WAITING) return
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
