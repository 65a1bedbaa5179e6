import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore, type Store } from '../../src/metrics/index.js'
import { startTestEngine, type TestEngine } from '../engine/support.js'
import { CLUSTER, configure, startCluster, type TestCluster } from '../integration/cluster-engines.js'
import { columns, rowsOf, seriesOf, silent } from '../metrics/support.js'

const HOSTS = Array.from({ length: 30 }, (_, i) => `h${i}`)
const START = Math.floor(Date.now() / 86_400_000 - 2) * 86_400_000

let cluster: TestCluster
let third: TestEngine
let servers: TestEngine[]
const stores: Store[] = []

beforeAll(async () => {
  cluster = await startCluster(2)
  third = await startTestEngine({ listenTcp: true })
  servers = [...cluster.engines, third]
})
afterAll(async () => {
  await Promise.all(stores.map((store) => store.stop(500)))
  await cluster?.cleanUp()
  await third?.cleanUp()
})

async function open(server: TestEngine): Promise<Store> {
  const { url, username, password } = server.engine.connection
  const store = await openStore({
    connection: { url, username, password },
    cluster: CLUSTER,
    logger: silent,
    refreshMs: 300,
  })
  stores.push(store)
  return store
}

const put = (store: Store, time: number, value: number) =>
  store.writer.write(
    columns(...HOSTS.map((host): [number, number, number] => [seriesOf(store, 'load', host), time, value])),
  )

const perShard = (store: Store, value: number) =>
  rowsOf<{ shard: number; n: number }>(
    store,
    `SELECT _shard_num AS shard, count() AS n FROM samples FINAL WHERE metric >= 4194304 AND v = ${value} GROUP BY shard ORDER BY shard`,
  )

/** How the store's server spreads samples at the moment. */
const placeOf = async (store: Store): Promise<string> => {
  const [table] = await rowsOf<{ comment: string }>(
    store,
    `SELECT comment FROM system.tables WHERE database = 'bellwether_cluster' AND name = 'samples'`,
  ).catch(() => [])
  return table?.comment ?? ''
}

/** In the order of docs/operations.md: the new server's monitor first, with the shards of before; then it is added everywhere. */
test('a third shard takes its part of what is newer, and nothing of before is moved or lost', async () => {
  const [first, second] = await Promise.all(cluster.engines.map(open))
  await put(first!, START, 1)
  expect((await perShard(second!, 1)).map(({ shard }) => shard)).toEqual([1, 2])

  await configure([third], 2, cluster.engines)
  const added = await open(third)
  await put(added, START + 1, 2)
  expect((await perShard(added, 2)).map(({ shard }) => shard)).toEqual([1, 2])

  await configure(servers, 3)
  for (const store of [first!, second!, added])
    await expect.poll(() => placeOf(store), { timeout: 30_000 }).toMatch(/entity % 3, entity % 2/)
  const later = Date.now() + 3_600_000
  await put(second!, later, 3)
  const spread = await perShard(first!, 3)
  expect(spread.map(({ shard }) => shard)).toEqual([1, 2, 3])
  expect(spread.reduce((sum, { n }) => sum + n, 0)).toBe(30)
  // What is late, and what is sent again, goes where its time belongs.
  await put(added, START, 1)
  expect((await perShard(added, 1)).reduce((sum, { n }) => sum + n, 0)).toBe(30)
  expect((await perShard(added, 1)).map(({ shard }) => shard)).toEqual([1, 2])

  const again = await open(cluster.engines[0]!)
  expect(again.catalogue.entityCount).toBe(30)
}, 180_000)

test('a monitor whose server knows fewer shards refuses samples and says why', async () => {
  await configure([third], 2, cluster.engines)
  const store = stores[2]!
  await expect
    .poll(() => put(store, START, 4).then(() => 'stored', String), { timeout: 30_000 })
    .toMatch(/knows shards of weight 2 in all, but samples are spread over 3: bring its remote_servers up/)
}, 60_000)
