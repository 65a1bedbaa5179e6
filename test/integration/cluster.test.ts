import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listen } from '../../src/cli/listen.js'
import { createIngest } from '../../src/ingest/index.js'
import { openStore, type Rollups, type Store, startRollups } from '../../src/metrics/index.js'
import { createQueryApi } from '../../src/query/index.js'
import type { TimeSeriesResponse } from '../../src/wire/timeseries.js'
import { type Answer, post } from '../ingest/support/server.js'
import { columns, rowsOf, seriesOf, silent } from '../metrics/support.js'
import { CLUSTER, keepDown, startCluster, type TestCluster } from './cluster-engines.js'

interface Monitor {
  url: string
  store: Store
  rollups: Rollups
  write(lines: string): Promise<Answer>
  stop(): Promise<void>
}

const HOSTS = Array.from({ length: 20 }, (_, i) => `h${i}`)
/** Two days ago, at midnight: days that are over. */
const START = Math.floor(Date.now() / 86_400_000 - 2) * 86_400_000

let cluster: TestCluster
let monitors: Monitor[]

beforeAll(async () => {
  cluster = await startCluster(2)
  // Without a Keeper each shard gets its tables from a monitor of its own: each waits for the other.
  monitors = await Promise.all(cluster.engines.map((_, shard) => startMonitor(shard)))
}, 120_000)

afterAll(async () => {
  await Promise.all((monitors ?? []).map((each) => each.stop()))
  await cluster?.cleanUp()
})

async function startMonitor(shard: number): Promise<Monitor> {
  const { url, username, password } = cluster.engines[shard]!.engine.connection
  const store = await openStore({
    connection: { url, username, password },
    cluster: CLUSTER,
    logger: silent,
    refreshMs: 0,
    tuning: { retryMs: 300, downMs: 100 },
  })
  const rollups = startRollups({ store, logger: silent, tuning: { everyMs: 0 } })
  const ingest = createIngest({ store, logger: silent })
  const query = createQueryApi({ store, rollups, logger: silent })
  const app = new Hono<{ Bindings: HttpBindings }>().route('/', ingest.app).route('/', query.app)
  const listening = await listen(app, '127.0.0.1', 0)
  return {
    url: listening.url,
    store,
    rollups,
    write: (lines) => post(`${listening.url}/write?precision=ms`, lines),
    async stop() {
      await ingest.stop()
      await query.stop()
      await rollups.stop()
      await listening.close()
      await store.stop(500)
    },
  }
}

/** A line a host; the value tells the host and the round. */
const lines = (metric: string, round: number) =>
  HOSTS.map((host, i) => `${metric},host=${host} value=${100 * round + i} ${START + round * 60_000}`).join(
    '\n',
  )

async function values(
  monitor: Monitor,
  query: string,
  more: Record<string, string> = {},
): Promise<number[][]> {
  const parameters = new URLSearchParams({
    query,
    from: new Date(START - 60_000).toISOString(),
    to: new Date(START + 86_400_000).toISOString(),
    desiredRollup: 'RAW',
    mustUseDesiredRollup: 'true',
    ...more,
  })
  const response = await fetch(`${monitor.url}/api/v45/timeseries?${parameters}`)
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  const { items } = (await response.json()) as TimeSeriesResponse
  return items.flatMap(({ timeSeries }) => timeSeries.map(({ data }) => data.map(({ value }) => value)))
}

const stored = async (metric: string): Promise<number[]> => {
  const id = monitors[0]!.store.catalogue.findMetric(metric)!.id
  return Promise.all(
    monitors.map(async ({ store }) =>
      Number(
        (
          await rowsOf<{ n: string }>(
            store,
            `SELECT count() AS n FROM bellwether.samples WHERE metric = ${id}`,
          )
        )[0]!.n,
      ),
    ),
  )
}

describe('a database of one server', () => {
  test('grows: what it has stays where it is, and newer samples are spread', async () => {
    const connections = cluster.engines.map(({ engine: { connection } }) => ({
      url: connection.url,
      username: connection.username,
      password: connection.password,
      database: 'grows',
    }))
    const open = (shard: number, name?: string) =>
      openStore({
        connection: connections[shard]!,
        logger: silent,
        refreshMs: 0,
        ...(name !== undefined && { cluster: name }),
      })
    const put = (store: Store, time: number, value: number) =>
      store.writer.write(
        columns(
          ...HOSTS.map((host): [number, number, number] => [seriesOf(store, 'load', host), time, value]),
        ),
      )
    const perShard = (store: Store, table: string, where: string) =>
      rowsOf<{ shard: number; n: number }>(
        store,
        `SELECT _shard_num AS shard, count() AS n FROM ${table} WHERE metric >= 4194304 AND ${where} GROUP BY shard ORDER BY shard`,
      )

    const alone = await open(0)
    await put(alone, START, 1)
    await alone.stop()

    const stores = await Promise.all([open(0, CLUSTER), open(1, CLUSTER)])
    const [one, two] = stores as [Store, Store]
    try {
      expect(one.catalogue.entityCount).toBe(20)
      expect(two.catalogue.findEntity('HOST', 'h3')).toBeDefined()
      // Late, from before the change: where its time belongs, so that a resent sample meets the first one.
      await put(two, START, 2)
      await put(two, START + 1, 2)
      expect(await perShard(one, 'samples FINAL', 'v > 0')).toEqual([{ shard: 1, n: 40 }])
      const later = Date.now() + 3_600_000
      await put(one, later, 3)
      const spread = await perShard(two, 'samples', 'v = 3')
      expect(spread.map(({ shard }) => shard)).toEqual([1, 2])
      expect(spread.reduce((sum, { n }) => sum + n, 0)).toBe(20)
    } finally {
      await Promise.all(stores.map((store) => store.stop()))
    }
  })

  test('of a shard that has no tables the error says what to do', async () => {
    const { url, username, password } = cluster.engines[0]!.engine.connection
    const opening = openStore({
      connection: { url, username, password, database: 'lonely' },
      cluster: CLUSTER,
      connectTimeoutMs: 200,
      logger: silent,
    })
    await expect(opening).rejects.toThrow(/shard 2 .* has no tables .* needs a monitor of its own/)
    await expect(
      openStore({ connection: { url, username, password }, cluster: 'nowhere', logger: silent }),
    ).rejects.toThrow(/does not know a cluster named nowhere.*remote_servers/)
  })
})

describe('two shards, a monitor on each', () => {
  test('what either took in is spread over both, and either answers for all of it', async () => {
    expect((await monitors[0]!.write(lines('spread', 0))).status).toBe(204)
    expect((await monitors[1]!.write(lines('spread', 1))).status).toBe(204)
    await monitors[0]!.store.refresh()
    const counts = await stored('spread')
    expect(counts[0]! + counts[1]!).toBe(40)
    expect(Math.min(...counts)).toBeGreaterThan(4)
    for (const monitor of monitors) {
      await monitor.store.refresh()
      const streams = await values(monitor, 'SELECT spread')
      expect(streams.map((each) => each[0]!).sort((a, b) => a - b)).toEqual(HOSTS.map((_, i) => i))
      expect(streams.flat().reduce((sum, value) => sum + value, 0)).toBe(20 * 100 + 2 * 190)
    }
  })

  test('a batch that is sent again is not stored again', async () => {
    expect((await monitors[0]!.write(lines('resent', 0))).status).toBe(204)
    expect((await monitors[0]!.write(lines('resent', 0))).status).toBe(204)
    const counts = await stored('resent')
    expect(counts[0]! + counts[1]!).toBe(20)
  })

  test('a sample that two monitors were sent is one', async () => {
    expect((await monitors[0]!.write(lines('twice', 0))).status).toBe(204)
    expect((await monitors[1]!.write(lines('twice', 0))).status).toBe(204)
    await monitors[0]!.store.refresh()
    expect((await values(monitors[0]!, 'SELECT twice')).flat()).toHaveLength(20)
  })

  test('rollups are made of both, as on one server', async () => {
    for (let round = 0; round < 30; round++) {
      const answer = await monitors[round % 2]!.write(lines('rolled', round))
      expect(answer.status).toBe(204)
    }
    for (const { store } of monitors) await store.refresh()
    for (const { rollups } of monitors) await rollups.pass()
    for (const monitor of monitors) {
      expect(monitor.rollups.unfolded('HOURLY', START, START + 3_600_000)).toEqual([])
      const id = monitor.store.catalogue.findMetric('rolled')!.id
      const rows = await rowsOf<Record<string, string | number>>(
        monitor.store,
        `SELECT count() AS buckets, sum(count) AS n, min(min) AS lo, max(max) AS hi, round(avg(last + diff / count), 6) AS mean
        FROM rollup_hourly FINAL WHERE metric = ${id}`,
      )
      expect(rows).toEqual([{ buckets: 20, n: 600, lo: 0, hi: 2919, mean: 1459.5 }])
      const finest = await rowsOf<Record<string, string | number>>(
        monitor.store,
        `SELECT count() AS buckets, sum(count) AS n FROM rollup_ten_minutely FINAL WHERE metric = ${id}`,
      )
      expect(finest).toEqual([{ buckets: 60, n: 600 }])
    }
  })

  test('what is too old is dropped on each shard, after it is rolled up', async () => {
    const old = START - 60 * 86_400_000
    const sent = HOSTS.map((host, i) => `bygone,host=${host} value=${i} ${old}`).join('\n')
    expect((await monitors[0]!.write(sent)).status).toBe(204)
    expect(Math.min(...(await stored('bygone')))).toBeGreaterThan(2)
    for (const { store } of monitors) await store.refresh()
    for (const { rollups } of monitors) await rollups.pass()
    for (const { rollups } of monitors) await rollups.pass()
    expect(await stored('bygone')).toEqual([0, 0])
    const { store } = monitors[1]!
    const id = store.catalogue.findMetric('bygone')!.id
    const rows = await rowsOf(store, `SELECT sum(count) AS n FROM rollup_hourly FINAL WHERE metric = ${id}`)
    expect(rows).toEqual([{ n: 20 }])
  })

  test('a shard that is killed: 503 and nothing half acknowledged; queries say so; when it is back all goes on', async () => {
    const [first] = monitors as [Monitor, Monitor]
    expect((await first.write(lines('fault', 0))).status).toBe(204)
    const back = await keepDown(cluster.engines[1]!)
    const refused = await first.write(lines('fault', 1))
    expect(refused.status).toBe(503)
    expect(refused.headers['retry-after']).toBeDefined()
    expect(refused.text).toMatch(/a server of the metrics cluster does not answer/)
    // It is started again and again, and killed within milliseconds; a query may meet it in between.
    await expect
      .poll(() => values(first, 'SELECT fault').then(() => 'answered', String), { timeout: 60_000 })
      .toMatch(/^Error: 503/)
    await back()
    // The sender does as it was told: it sends the batch again until it is taken.
    let again: Answer
    const deadline = Date.now() + 60_000
    do again = await first.write(lines('fault', 1))
    while (again.status === 503 && Date.now() < deadline)
    expect(again.status).toBe(204)
    expect((await first.write(lines('fault', 2))).status).toBe(204)
    const streams = await values(first, 'SELECT fault')
    expect(streams).toHaveLength(20)
    for (const stream of streams) expect(stream).toHaveLength(3)
  }, 120_000)
})
