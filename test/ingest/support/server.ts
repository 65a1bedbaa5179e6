import { request } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { listen } from '../../../src/cli/listen.js'
import { createIngest, type Ingest, type IngestLimits } from '../../../src/ingest/index.js'
import { openStore, type Store, type StoreOptions } from '../../../src/metrics/index.js'
import { ONLY_SAMPLES } from '../../../src/metrics/schema/tables.js'
import { sharedTestEngine, startTestEngine, type TestEngine } from '../../engine/support.js'

const logger = pino({ level: 'silent' })

export interface Row {
  metric: string
  entity: string
  time: number
  value: number
}

export interface TestIngest {
  url: string
  store: Store
  ingest: Ingest
  registry: Registry
  /** Everything stored, joined with its names, in the order of metric, entity, time. */
  rows(): Promise<Row[]>
  close(): Promise<void>
}

export interface TestBench {
  /** A server over a database of its own. */
  start(limits?: Partial<IngestLimits>, store?: Partial<StoreOptions>): Promise<TestIngest>
  /** Ends the engine, as if the machine of a remote one had gone. */
  stopEngine(): Promise<void>
  cleanUp(): Promise<void>
}

/** A real engine for a test file; `isOwn`: it may be stopped. Needs a built dist/. */
export async function startBench(isOwn = false): Promise<TestBench> {
  const engine: TestEngine = await (isOwn ? startTestEngine() : sharedTestEngine())
  const running: TestIngest[] = []
  let databases = 0
  return {
    async start(limits = {}, options = {}) {
      const { url, username, password } = engine.engine.connection
      const connection = { url, username, password, database: `ingest_${databases++}` }
      const store = await openStore({ connection, logger, refreshMs: 0, ...options })
      const registry = new Registry()
      const ingest = createIngest({ store, logger, registry, limits })
      const app = new Hono<{ Bindings: HttpBindings }>().route('/', ingest.app)
      const listening = await listen(app, '127.0.0.1', 0)
      const started: TestIngest = {
        url: listening.url,
        store,
        ingest,
        registry,
        rows: () => rowsOf(store),
        async close() {
          await ingest.stop()
          await listening.close()
          await store.stop()
        },
      }
      running.push(started)
      return started
    },
    stopEngine: () => engine.engine.stop(),
    async cleanUp() {
      await Promise.all(running.map((each) => each.close()))
      await engine.cleanUp()
    },
  }
}

async function rowsOf({ client, catalogue }: Store): Promise<Row[]> {
  const result = await client.query({
    query: `SELECT toFloat64(metric) AS metric, toFloat64(entity) AS entity, toUnixTimestamp64Milli(ts) AS time, v AS value
            FROM samples WHERE samples.${ONLY_SAMPLES}`,
    format: 'JSONCompactEachRow',
  })
  const metrics = new Map<number, string>()
  for (let k = 0; k < catalogue.metricCount; k++)
    metrics.set(catalogue.metricAt(k).id, catalogue.metricAt(k).name)
  const entities = new Map<number, string>()
  for (let k = 0; k < catalogue.entityCount; k++)
    entities.set(catalogue.entityAt(k).id, catalogue.entityAt(k).name)
  const rows = (await result.json()) as unknown as [number, number, string | number, number][]
  return rows
    .map(([metric, entity, time, value]) => ({
      metric: metrics.get(metric) ?? `?${metric}`,
      entity: entities.get(entity) ?? `?${entity}`,
      time: Number(time),
      value,
    }))
    .sort((a, b) => a.metric.localeCompare(b.metric) || a.entity.localeCompare(b.entity) || a.time - b.time)
}

/** For what was sent to a socket of this process: it is in the kernel, and has been read after a few turns of the event loop. */
export async function received(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

/** POST as bare as Node can: every header is the caller's, the body may be pieces with pauses between them. */
export function post(
  url: string,
  body: string | Uint8Array | AsyncIterable<Uint8Array>,
  headers: Record<string, string> = {},
  method = 'POST',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      )
    })
    sent.on('error', reject)
    if (typeof body === 'string' || body instanceof Uint8Array) sent.end(body)
    else
      void (async () => {
        for await (const chunk of body) sent.write(chunk)
        sent.end()
      })()
  })
}
