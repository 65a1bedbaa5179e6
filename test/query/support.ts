import { Writable } from 'node:stream'
import { type BaseLogger, pino } from 'pino'
import { type Catalogue, openStore, type Store } from '../../src/metrics/index.js'
import { webOutlet } from '../../src/query/api/outlet.js'
import { createQueryApi, type QueryApi, type QueryLimits, type Reply } from '../../src/query/index.js'
import type { EntityDefinition, MetricDefinition } from '../../src/wire/native-batch.js'
import type { ErrorBody, TimeSeriesResponse, TimeSeriesResponseItem } from '../../src/wire/timeseries.js'
import { sharedTestEngine, type TestEngine } from '../engine/support.js'

export const quiet = pino({ level: 'silent' }) as BaseLogger

/** A logger that keeps what it is told, to look for what must not be in it. */
export function keepingLogger(): { logger: BaseLogger; text: () => string } {
  const lines: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  return { logger: pino({ level: 'debug' }, stream) as BaseLogger, text: () => lines.join('') }
}

export interface QueryBed {
  engine: TestEngine
  store: Store
  catalogue: Catalogue
  api: QueryApi
  /** Stores samples of one series, given as [milliseconds, value]. */
  put(
    metric: string | MetricDefinition,
    entity: EntityDefinition,
    samples: readonly (readonly [number, number])[],
  ): Promise<void>
  get(parameters: Record<string, string>): Promise<Response>
  /** The answer of one statement; fails the test on any other status than 200. */
  ask(
    query: string,
    window: { from: number; to: number },
    more?: Record<string, string>,
  ): Promise<TimeSeriesResponseItem>
  refusal(query: string): Promise<{ status: number; body: ErrorBody }>
  cleanUp(): Promise<void>
}

const isHot = () => process.env.BELLWETHER_TEST_HOT === '1'

/** Asks `direct`; `atOnce`: whether the answer was there when it returned. */
export async function directly(
  api: QueryApi,
  target: string,
): Promise<{ response: Response; atOnce: boolean }> {
  let atOnce = false
  const response = await new Promise<Response>((resolve) => {
    let returned = false
    const reply: Reply = {
      isGone: false,
      whole(status, headers, body) {
        atOnce = !returned
        resolve(new Response(body?.slice(), { status, headers }))
      },
      outlet(gone) {
        const { outlet, response } = webOutlet(gone)
        response.then(resolve, () => undefined)
        return outlet
      },
    }
    if (!api.direct(target, reply)) throw new Error(`not answered directly: ${target}`)
    returned = true
  })
  return { response, atOnce }
}

/** A real engine, a real store, and the API on them. */
export async function openQueryBed(limits: Partial<QueryLimits> = {}): Promise<QueryBed> {
  const engine = await sharedTestEngine()
  const store = await openStore({
    connection: engine.engine.connection,
    logger: quiet,
    refreshMs: 0,
    // `hot.test.ts` runs the same tests with every read that can be from memory.
    ...(isHot() && {
      hot: { bytes: 64 * 1024 * 1024, touches: 1, wait: true },
    }),
  })
  const api = createQueryApi({ store, logger: quiet, limits })
  return bedOn(engine, store, api)
}

/** Another API on the same store, with other limits. */
export function withLimits(bed: QueryBed, limits: Partial<QueryLimits>): QueryBed {
  return bedOn(bed.engine, bed.store, createQueryApi({ store: bed.store, logger: quiet, limits }))
}

function bedOn(engine: TestEngine, store: Store, api: QueryApi): QueryBed {
  const { catalogue } = store
  const get = async (parameters: Record<string, string>): Promise<Response> => {
    const target = `/api/v45/timeseries?${new URLSearchParams(parameters)}`
    // From memory, around the app: what is there is answered without the rest of the way as well.
    return isHot() ? (await directly(api, target)).response : api.app.request(target)
  }
  return {
    engine,
    store,
    catalogue,
    api,
    async put(metric, entity, samples) {
      const m = catalogue.addMetric(typeof metric === 'string' ? { name: metric } : metric)
      const series = catalogue.addSeries(m, catalogue.addEntity(entity))
      await store.writer.write({
        length: samples.length,
        series: new Uint32Array(samples.length).fill(series),
        time: Float64Array.from(samples, ([time]) => time),
        value: Float64Array.from(samples, ([, value]) => value),
      })
    },
    get,
    async ask(query, { from, to }, more = {}) {
      const response = await get({
        query,
        from: new Date(from).toISOString(),
        to: new Date(to).toISOString(),
        ...more,
      })
      const text = await response.text()
      if (response.status !== 200) throw new Error(`${response.status}: ${text}`)
      const { items } = JSON.parse(text) as TimeSeriesResponse
      return items[0] as TimeSeriesResponseItem
    },
    async refusal(query) {
      const response = await get({ query })
      return { status: response.status, body: (await response.json()) as ErrorBody }
    },
    async cleanUp() {
      await api.stop()
      await store.stop()
      await engine.cleanUp()
    },
  }
}

export const host = (name: string, attributes: Record<string, string> = {}): EntityDefinition => ({
  category: 'HOST',
  name,
  attributes: { hostname: name, ...attributes },
})

/** `[milliseconds, value]` of each point of each stream, by the stream's entity. */
export function pointsOf(item: TimeSeriesResponseItem): Record<string, [number, number][]> {
  const result: Record<string, [number, number][]> = {}
  for (const { metadata, data } of item.timeSeries) {
    const key = metadata.attributes.entityName ?? metadata.entityName
    result[key] = data.map(({ timestamp, value }) => [Date.parse(timestamp), value])
  }
  return result
}

/** The points of the only stream, as [seconds after `origin`, value]. */
export function only(item: TimeSeriesResponseItem, origin: number): [number, number][] {
  if (item.timeSeries.length !== 1)
    throw new Error(`${item.timeSeries.length} streams: ${JSON.stringify(item)}`)
  return (item.timeSeries[0]?.data ?? []).map(({ timestamp, value }) => [
    (Date.parse(timestamp) - origin) / 1000,
    value,
  ])
}
