/** Ingest: takes what senders send, over every protocol, to the metrics store. See docs/ingest.md. */
import type { AddressInfo } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import type { BaseLogger } from 'pino'
import { Registry } from 'prom-client'
import type { Cardinality, Catalogue, StoreLimits, Writer } from '../metrics/index.js'
import { createAdmission } from './admission.js'
import { createBufferPool } from './buffers.js'
import { cardinalityRoute } from './http/cardinality.js'
import { createHandler } from './http/handler.js'
import {
  INFLUX_VERSION,
  influxHealth,
  influxProtocols,
  influxQuery,
  influxQueryLimit,
} from './http/influx.js'
import { ambariLiveNodes, ambariProtocol, collectdProtocol } from './http/json-posts.js'
import { nativeProtocol } from './http/native.js'
import { otlpProtocol } from './http/otlp.js'
import { prometheusProtocol } from './http/prometheus.js'
import { type IngestLimits, ingestLimits } from './limits.js'
import { createMeters } from './meters.js'
import { createReceiver } from './receiver.js'
import { createSenders, type SenderFigures } from './senders.js'
import { type Listener, listenGraphite } from './sockets/graphite.js'
import { listenStatsd } from './sockets/statsd.js'
import { createWork } from './work.js'

export { DEFAULT_LIMITS, type IngestLimits, ingestLimits } from './limits.js'
export type { SenderFigures } from './senders.js'

export interface IngestOptions {
  store: {
    catalogue: Catalogue
    writer: Writer
    cardinality(top?: number): Promise<Cardinality>
    readonly limits: Readonly<StoreLimits>
    stats(): { readonly failure: string }
  }
  logger: BaseLogger
  /** Where ingest's own metrics (`bellwether_ingest_…`) are registered. Default: a registry of its own. */
  registry?: Registry
  /** What is not named keeps its default, `DEFAULT_LIMITS`. */
  limits?: Partial<IngestLimits>
}

export interface Ingest {
  /** Routes to mount at `/`; needs the bindings of @hono/node-server (the raw request). */
  app: Hono<{ Bindings: HttpBindings }>
  /** What each sender has sent since the start. */
  senders(): SenderFigures[]
  /** Listens for Graphite plaintext over TCP. Rejects with Node's error (EADDRINUSE, EACCES, …) when it cannot. */
  listenGraphite(host: string, port: number): Promise<AddressInfo>
  /** Listens for StatsD over UDP. Rejects like `listenGraphite`. */
  listenStatsd(host: string, port: number): Promise<AddressInfo>
  /** Refuses new requests with 503 and resolves when those under way are answered. May be called twice. */
  stop(): Promise<void>
}

/**
 * Ingest over HTTP, and over plain sockets when asked to listen. The routes and what they answer are in docs/ingest.md.
 *
 *     const ingest = createIngest({ store, logger, registry })
 *     app.route('/', ingest.app)
 *
 * Throws RangeError for a limit that is not a positive number.
 */
export function createIngest(options: IngestOptions): Ingest {
  const { store, logger, registry = new Registry() } = options
  const limits = ingestLimits(options.limits)
  const admission = createAdmission(limits.inFlightBytes)
  const meters = createMeters(registry, () => admission.bytes)
  const senders = createSenders(limits.senders)
  const receive = createReceiver({ store, logger, limits, admission, meters, senders })
  const work = createWork()
  const buffers = createBufferPool()
  const handlerOptions = { receive, admission, buffers, limits, meters, logger, work }

  const app = new Hono<{ Bindings: HttpBindings }>()
  const listeners: Listener[] = []
  const keep = async (started: Promise<Listener>): Promise<AddressInfo> => {
    const listener = await started
    listeners.push(listener)
    return listener.address
  }
  const influx = influxProtocols(limits)
  app.all('/ingest/native', createHandler(nativeProtocol(limits), handlerOptions))
  app.all('/write', createHandler(influx.v1, handlerOptions))
  app.all('/api/v2/write', createHandler(influx.v2, handlerOptions))
  app.all('/api/v1/write', createHandler(prometheusProtocol(limits), handlerOptions))
  app.all('/v1/metrics', createHandler(otlpProtocol(limits), handlerOptions))
  app.all('/ws/v1/timeline/metrics', createHandler(ambariProtocol(limits), handlerOptions))
  app.get('/ws/v1/timeline/metrics/livenodes', ambariLiveNodes)
  app.all('/collectd', createHandler(collectdProtocol(limits), handlerOptions))
  app.get('/ping', (c) =>
    c.body(null, 204, { 'x-influxdb-version': INFLUX_VERSION, 'x-influxdb-build': 'OSS' }),
  )
  app.get(
    '/health',
    influxHealth(() => store.stats().failure),
  )
  app.on(['GET', 'POST'], '/query', influxQueryLimit, influxQuery)
  app.get('/api/:version{v[0-9]+}/timeseries/cardinality', cardinalityRoute(store, meters, senders))

  return {
    app,
    senders: () => senders.list(),
    listenGraphite: (host, port) => keep(listenGraphite(host, port, limits, handlerOptions)),
    listenStatsd: (host, port) => keep(listenStatsd(host, port, limits, handlerOptions)),
    async stop() {
      await Promise.all([work.stop(), ...listeners.map((listener) => listener.stop())])
    },
  }
}
