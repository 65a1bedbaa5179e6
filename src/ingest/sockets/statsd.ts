import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { parseStatsd } from '../formats/statsd.js'
import { createStatsdWindow } from '../formats/statsd-window.js'
import type { IngestLimits } from '../limits.js'
import { type DeliverOptions, deliver } from './deliver.js'
import type { Listener } from './graphite.js'

const NOTHING = new Uint8Array(0)
const RECEIVE_BUFFER = 4 * 1024 * 1024

/**
 * Listens for StatsD over UDP, and stores every `statsdSeconds` what the lines add up to. UDP has no back-pressure: while the
 * store does not take a window, the next one grows, by its bounds. Rejects with Node's error when it cannot listen.
 */
export async function listenStatsd(
  host: string,
  port: number,
  limits: IngestLimits,
  options: DeliverOptions,
): Promise<Listener> {
  const { meters, logger } = options
  const window = createStatsdWindow(limits)
  const abort = new AbortController()
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', recvBufferSize: RECEIVE_BUFFER })
  socket.on('message', (packet) => {
    for (const line of packet.toString().split('\n')) {
      const text = line.trim()
      if (text === '') continue
      const parsed = parseStatsd(text)
      const problem = typeof parsed === 'object' ? window.add(parsed) : parsed
      if (problem !== undefined) meters.refused('statsd', 'syntax', 1)
    }
  })
  socket.bind(port, host)
  await once(socket, 'listening')
  socket.on('error', (error) => logger.warn({ err: error }, 'ingest: the statsd socket has failed'))

  let delivering: Promise<void> | undefined
  const flush = (): Promise<void> => {
    delivering ??= deliver(
      { protocol: 'statsd', sender: 'statsd', body: NOTHING, decode: taken(window.flush()) },
      options,
      abort.signal,
    ).finally(() => {
      delivering = undefined
    })
    return delivering
  }
  const timer = setInterval(() => void flush(), limits.statsdSeconds * 1000)
  let stopped: Promise<void> | undefined
  return {
    address: socket.address(),
    stop() {
      stopped ??= (async () => {
        clearInterval(timer)
        socket.close()
        const giveUp = setTimeout(() => abort.abort(), STOP_MS)
        await delivering
        await flush()
        clearTimeout(giveUp)
      })()
      return stopped
    },
  }
}

const STOP_MS = 5_000

const taken =
  <C>(store: (context: C) => void) =>
  (_: Uint8Array, context: C) =>
    store(context)
