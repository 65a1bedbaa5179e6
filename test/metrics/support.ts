import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { type BaseLogger, pino } from 'pino'
import {
  type Connection,
  ONLY_SAMPLES,
  openStore,
  type SampleColumns,
  type Store,
  type StoreOptions,
} from '../../src/metrics/index.js'
import { sharedTestEngine, startTestEngine, TEMPLATE, type TestEngine } from '../engine/support.js'

export const silent: BaseLogger = pino({ level: 'silent' })

/** An engine, and stores in databases of their own on it. With options, even empty ones, it is the test's own: to stop and to kill. */
export interface Bench {
  engine: TestEngine
  /** Opens a store on the named database; the periodic refresh is off. It is stopped at the end. */
  open(database: string, options?: Partial<StoreOptions>): Promise<Store>
  connection(database: string): Connection
  cleanUp(): Promise<void>
}

export async function startBench(options?: Parameters<typeof startTestEngine>[0]): Promise<Bench> {
  const isShared = !options && process.env.BELLWETHER_TEST_ENGINE === 'shared'
  const engine = options ? await startTestEngine(options) : await sharedTestEngine()
  const stores: Store[] = []
  const copied = new Map<string, Promise<void>>()
  const connection = (database: string): Connection => {
    const { url, username, password } = engine.engine.connection
    return { url, username, password, database }
  }
  return {
    engine,
    connection,
    async open(database, more) {
      if (isShared) {
        // Two that are opened at the same time find it made once.
        if (!copied.has(database)) copied.set(database, copySchema(connection(database)))
        await copied.get(database)
      }
      const store = await openStore({
        connection: connection(database),
        logger: silent,
        refreshMs: 0,
        seenMs: 0,
        ...more,
      })
      stores.push(store)
      return store
    },
    async cleanUp() {
      await Promise.all(stores.map((store) => store.stop(500)))
      await engine.cleanUp()
    },
  }
}

/** The names of the tables, once they are there. */
let template: Promise<string[]> | undefined

/** Makes a database that is not there yet as a copy of an empty one: the statements of all migrations take thrice as long. */
async function copySchema({ database = '', ...server }: Connection): Promise<void> {
  const client = createClient({ ...server, log: { level: ClickHouseLogLevel.OFF } })
  const ask = async (query: string) => {
    const result = await client.query({ query, query_params: { database }, format: 'JSONEachRow' })
    return (await result.json<{ name: string }>()).map(({ name }) => name)
  }
  try {
    // `sharedTestEngine` ends with the worker, and leaves this one alone when a file ends.
    template ??= openStore({
      connection: { ...server, database: TEMPLATE },
      logger: silent,
      refreshMs: 0,
      seenMs: 0,
    })
      .then((store) => store.stop())
      .then(() => ask(`SELECT name FROM system.tables WHERE database = '${TEMPLATE}'`))
    const tables = await template
    if (!/^\w+$/.test(database)) return
    if ((await ask('SELECT name FROM system.databases WHERE name = {database: String}')).length > 0) return
    await client.command({ query: `CREATE DATABASE ${database}` })
    await Promise.all(
      tables.map((name) =>
        client.command({ query: `CREATE TABLE ${database}.${name} AS ${TEMPLATE}.${name}` }),
      ),
    )
    await client.command({
      query: `INSERT INTO ${database}.migrations (version, name) SELECT version, name FROM ${TEMPLATE}.migrations`,
    })
  } finally {
    await client.close()
  }
}

/** Columns from rows of series, time and value. */
export function columns(...rows: [series: number, time: number, value: number][]): SampleColumns {
  return {
    length: rows.length,
    series: Uint32Array.from(rows, (row) => row[0]),
    time: Float64Array.from(rows, (row) => row[1]),
    value: Float64Array.from(rows, (row) => row[2]),
  }
}

/** Registers one series. */
export function seriesOf(store: Store, metric: string, host: string, sender?: string): number {
  const { catalogue } = store
  return catalogue.addSeries(
    catalogue.addMetric({ name: metric }),
    catalogue.addEntity({ category: 'HOST', name: host, attributes: {} }),
    sender,
  )
}

export async function rowsOf<T>(store: Store, query: string): Promise<T[]> {
  return (await store.client.query({ query, format: 'JSONEachRow' })).json<T>()
}

/** Samples as they are stored, duplicates not collapsed. */
export async function countSamples(store: Store): Promise<number> {
  const [row] = await rowsOf<{ n: string }>(store, `SELECT count() AS n FROM samples WHERE ${ONLY_SAMPLES}`)
  return Number(row?.n)
}
