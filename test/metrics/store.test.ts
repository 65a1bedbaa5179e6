import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  batchKey,
  CatalogueCollisionError,
  CatalogueLimitError,
  ONLY_SAMPLES,
  openStore,
  SchemaVersionError,
  type Store,
  StoreUnavailableError,
  startRollups,
} from '../../src/metrics/index.js'
import { migrate, schemaVersion } from '../../src/metrics/schema/migrate.js'
import { MIGRATIONS } from '../../src/metrics/schema/migrations.js'
import { until } from '../engine/support.js'
import { type Bench, columns, countSamples, rowsOf, seriesOf, silent, startBench } from './support.js'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 4, 17, 12)

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(() => bench.cleanUp())

describe('after a restart', () => {
  it('catalogue and samples are found again', async () => {
    const store = await bench.open('restart')
    const metric = store.catalogue.addMetric({
      name: 'Cpu_Percent',
      displayName: 'CPU',
      description: 'Share of the time',
      unitNumerators: ['percent'],
      unitDenominators: ['seconds'],
      isCounter: true,
      aliases: ['Cpu'],
      weightingMetricName: 'cpu_count',
    })
    const entity = store.catalogue.addEntity({
      category: 'host',
      name: 'Näme 1',
      identity: 'uuid-1',
      displayName: 'The host',
      attributes: { rackId: '/"a"\n', __proto__x: 'x' },
    })
    const series = store.catalogue.addSeries(metric, entity, 'agent 1')
    await store.writer.write(columns([series, NOW, 1.5], [series, NOW + 1, Number.NaN]))
    const before = { metric: store.catalogue.metricAt(metric), entity: store.catalogue.entityAt(entity) }
    await store.stop()

    const again = await bench.open('restart')
    expect(again.catalogue.findMetric('CPU')).toEqual(before.metric)
    expect(again.catalogue.findMetric('cpu_percent')).toEqual(before.metric)
    expect(again.catalogue.findEntity('HOST', 'Näme 1')).toEqual(before.entity)
    expect(again.catalogue.seriesCount).toBe(1)
    expect(again.catalogue.entitiesOf(0)).toEqual([0])
    expect(again.catalogue.metricsOf(0)).toEqual([0])
    expect(again.catalogue.lastSeen(0)).toBe(NOW + 1)
    expect((await again.cardinality()).topSenders).toEqual([{ sender: 'agent 1', series: 1 }])
    expect(await rowsOf(again, `SELECT ts, v FROM samples WHERE ${ONLY_SAMPLES} ORDER BY ts`)).toEqual([
      { ts: '2026-05-17 12:00:00.000', v: 1.5 },
      { ts: '2026-05-17 12:00:00.001', v: null },
    ])
  })

  it('a batch that is sent again is not stored again', async () => {
    const store = await bench.open('resend')
    const key = batchKey(Buffer.from('the body'))
    const batch = columns([seriesOf(store, 'm', 'h'), NOW, 1])
    expect(await store.writer.write(batch, key)).toEqual({ stored: 1, duplicate: false })
    expect(await store.writer.write(batch, key)).toEqual({ stored: 0, duplicate: true })
    await store.stop()
    const again = await bench.open('resend')
    expect(await again.writer.write(batch, key)).toEqual({ stored: 0, duplicate: true })
    expect(await again.writer.write(batch, key + 1)).toEqual({ stored: 1, duplicate: false })
  })

  it('an entity keeps its identity and both its names after it was renamed', async () => {
    const store = await bench.open('rename')
    const { catalogue } = store
    const first = {
      category: 'HOST',
      name: 'old',
      displayName: 'Old',
      identity: 'id',
      attributes: { a: '1' },
    }
    const index = catalogue.addEntity(first)
    await store.writer.write(
      columns([catalogue.addSeries(catalogue.addMetric({ name: 'm' }), index), NOW, 1]),
    )
    const renamed = Date.now()
    expect(catalogue.addEntity({ ...first, name: 'new', displayName: 'New', attributes: { b: '2' } })).toBe(
      index,
    )
    await store.stop()

    const again = await bench.open('rename')
    const entity = again.catalogue.findEntity('HOST', 'old')!
    expect(entity).toMatchObject({ name: 'new', displayName: 'New', attributes: { a: '1', b: '2' } })
    expect(again.catalogue.findEntity('HOST', 'new')).toEqual(entity)
    expect(entity.names.map(({ name }) => name)).toEqual(['old', 'new'])
    expect(entity.formerDisplayNames).toEqual(['Old'])
    expect(again.catalogue.formerlyShownAs('host', 'OLD')).toEqual([entity])
    expect(entity.names[0]!.since).toBe(entity.since)
    expect(entity.names[1]!.since).toBeGreaterThanOrEqual(renamed)
  })

  it('text that is not quite text harms nobody', async () => {
    const half = '\ud800'
    const nasty = ['', '\0', half, '\'\\`"', '{x: UInt8}', '\u2028\n\t', '🐑'.repeat(50)]
    const store = await bench.open('nasty')
    const register = (to: typeof store) =>
      nasty.map((text) => {
        const name = `x${text}`
        const metric = to.catalogue.addMetric({
          name,
          description: text,
          unitNumerators: nasty,
          aliases: [`alias ${text}`],
        })
        const entity = to.catalogue.addEntity({
          category: name,
          name,
          displayName: text,
          attributes: { [text]: text },
        })
        return to.catalogue.addSeries(metric, entity, text)
      })
    const series = register(store)
    await store.writer.write(columns(...series.map((s): [number, number, number] => [s, NOW, s])))
    const before = nasty.map((_, i) => [store.catalogue.metricAt(i).name, store.catalogue.entityAt(i)])
    await store.stop()
    const again = await bench.open('nasty')
    register(again)
    expect(again.catalogue.seriesCount).toBe(nasty.length)
    const after = before.map(([name, entity]) => [
      again.catalogue.findMetric(name as string)?.name,
      again.catalogue.findEntity(
        (entity as { category: string }).category,
        (entity as { name: string }).name,
      ),
    ])
    expect(after.map(([name]) => name)).toEqual(before.map(([name]) => name))
    for (const [, entity] of after) expect(entity).toBeDefined()
  })

  it('what was registered without a sample is kept too', async () => {
    const store = await bench.open('unsampled')
    seriesOf(store, 'm', 'h')
    await store.stop()
    expect((await bench.open('unsampled')).catalogue.seriesCount).toBe(1)
  })
})

describe('a write', () => {
  it('with late samples of many days is stored in one go, and once', async () => {
    const store = await bench.open('late')
    const series = seriesOf(store, 'm', 'h')
    const batch = columns(
      // ClickHouse takes 100 partitions in an insert, unless it is told.
      ...Array.from({ length: 130 }, (_, i) => [series, NOW - i * DAY, i] as const).map(
        ([s, t, v]) => [s, t, v] as [number, number, number],
      ),
    )
    expect(await store.writer.write(batch, 77)).toEqual({ stored: 130, duplicate: false })
    expect(await store.writer.write(batch, 77)).toEqual({ stored: 0, duplicate: true })
    await store.stop()
    const again = await bench.open('late')
    expect(await again.writer.write(batch, 77)).toEqual({ stored: 0, duplicate: true })
    expect(await countSamples(again)).toBe(130)
  })

  it('stores only the days of a batch that were not stored before', async () => {
    const store = await bench.open('partly')
    const series = seriesOf(store, 'm', 'h')
    await store.writer.write(columns([series, NOW, 1]), 5)
    expect(await store.writer.write(columns([series, NOW, 1], [series, NOW - DAY, 2]), 5)).toEqual({
      stored: 1,
      duplicate: false,
    })
    expect(await countSamples(store)).toBe(2)
  })

  it('with a key that is in flight waits for the first and is a duplicate', async () => {
    const store = await bench.open('twice')
    const batch = columns([seriesOf(store, 'm', 'h'), NOW, 1])
    const outcomes = await Promise.all([1, 2, 3].map(() => store.writer.write(batch, 9)))
    expect(outcomes.filter(({ duplicate }) => !duplicate)).toEqual([{ stored: 1, duplicate: false }])
    expect(await countSamples(store)).toBe(1)
  })

  it('of nothing resolves at once', async () => {
    const store = await bench.open('empty')
    expect(await store.writer.write(columns(), 9)).toEqual({ stored: 0, duplicate: false })
  })

  it('with a time that cannot be stored is refused without harm to others', async () => {
    const store = await bench.open('times')
    const series = seriesOf(store, 'm', 'h')
    for (const time of [Number.NaN, Number.POSITIVE_INFINITY, -1, 1e15])
      await expect(store.writer.write(columns([series, NOW, 1], [series, time, 2]))).rejects.toThrow(
        RangeError,
      )
    await store.writer.write(columns([series, 0, 1], [series, Date.UTC(2200, 0), 2], [series, NOW + 0.75, 3]))
    expect(
      await rowsOf(store, 'SELECT toString(ts) AS t FROM samples WHERE metric > 4000000 ORDER BY ts'),
    ).toEqual([
      { t: '1970-01-01 00:00:00.000' },
      { t: '2026-05-17 12:00:00.000' },
      { t: '2200-01-01 00:00:00.000' },
    ])
  })

  it('many of them become few inserts, larger than a chunk', async () => {
    const store = await bench.open('group')
    const series = seriesOf(store, 'm', 'h')
    const batches = Array.from({ length: 300 }, (_, b) =>
      columns(
        ...Array.from({ length: 333 }, (_, i): [number, number, number] => [series, NOW + b * 333 + i, b]),
      ),
    )
    await store.writer.write(columns([series, NOW - 1, 0]))
    await Promise.all(batches.map((batch, i) => store.writer.write(batch, i + 1)))
    const [row] = await rowsOf<{ n: number; different: number }>(
      store,
      `SELECT count() AS n, uniqExact(ts) AS different FROM samples WHERE ${ONLY_SAMPLES}`,
    )
    expect(row).toEqual({ n: 99901, different: 99901 })
    const parts = await rowsOf<{ n: string }>(
      store,
      "SELECT max(max_block_number) AS n FROM system.parts WHERE database = 'group' AND table = 'samples'",
    )
    expect(Number(parts[0]!.n)).toBeLessThanOrEqual(5)
  })

  it('is refused after a stop, and the stop may come twice', async () => {
    const store = await bench.open('stopped')
    const series = seriesOf(store, 'm', 'h')
    const last = store.writer.write(columns([series, NOW, 1]))
    await Promise.all([store.stop(), store.stop()])
    expect(await last).toEqual({ stored: 1, duplicate: false })
    await expect(store.writer.write(columns([series, NOW, 1]))).rejects.toThrow(StoreUnavailableError)
  })
})

describe('two stores on one engine', () => {
  it('see what the other one adds', async () => {
    const a = await bench.open('shared')
    const b = await bench.open('shared')
    seriesOf(b, 'other', 'h0')
    const series = seriesOf(a, 'm', 'h1', 'sender a')
    a.catalogue.addEntity({ category: 'HOST', name: 'h2', identity: 'two', attributes: {} })
    await a.writer.write(columns([series, NOW, 1]))
    a.catalogue.addEntity({ category: 'HOST', name: 'renamed', identity: 'two', attributes: { x: 'y' } })
    await a.writer.write(columns([series, NOW + 1, 1]))
    await b.refresh()
    const metric = b.catalogue.findMetric('m')!
    const entity = b.catalogue.findEntity('HOST', 'h1')!
    expect(b.catalogue.entitiesOf(metric.index)).toEqual([entity.index])
    expect(b.catalogue.findEntity('HOST', 'h2')).toMatchObject({ name: 'renamed', attributes: { x: 'y' } })
    const { version } = b.catalogue
    await b.refresh()
    expect(b.catalogue.version).toBe(version)
    // Both know the series by the same durable ids, whatever their indexes.
    await b.writer.write(columns([seriesOf(b, 'm', 'h1'), NOW + 2, 1]))
    expect(
      await rowsOf(a, `SELECT uniqExact(metric, entity) AS series FROM samples WHERE ${ONLY_SAMPLES}`),
    ).toEqual([{ series: 1 }])
  })
})

describe('by themselves, after a while, stores', () => {
  it('exchange what was registered, and write down when entities were seen', async () => {
    const a = await bench.open('periodic', { refreshMs: 20, seenMs: 20 })
    const b = await bench.open('periodic', { refreshMs: 20 })
    const series = seriesOf(a, 'm', 'h')
    await expect.poll(() => b.catalogue.seriesCount, { timeout: 60_000 }).toBe(1)
    await a.writer.write(columns([series, NOW, 1]))
    await expect.poll(() => b.catalogue.lastSeen(0), { timeout: 60_000 }).toBe(NOW)
  })
})

describe('limits', () => {
  it('are named by the error, with their setting, and do not touch what is known', async () => {
    const store = await bench.open('limits', {
      limits: { metrics: 2, entities: 2, series: 3, seriesPerSender: 2 },
    })
    const a = seriesOf(store, 'm1', 'h1', 'x')
    seriesOf(store, 'm2', 'h1', 'x')
    expect(() => seriesOf(store, 'm1', 'h2', 'x')).toThrow(/2 series of sender "x".*--max-series-per-sender/)
    seriesOf(store, 'm1', 'h2', 'y')
    expect(() => seriesOf(store, 'm2', 'h2', 'y')).toThrow(/3 series is reached.*--max-series$/)
    expect(() => seriesOf(store, 'm3', 'h1')).toThrow(/2 metrics.*--max-metrics/)
    expect(() => seriesOf(store, 'm1', 'h3')).toThrow(CatalogueLimitError)
    expect(seriesOf(store, 'm1', 'h1')).toBe(a)
    expect(await store.writer.write(columns([a, NOW, 1]))).toEqual({ stored: 1, duplicate: false })
  })

  it('a sender at its limit of series brings no new entities and metrics; what is known, and other senders, go on', async () => {
    const { catalogue } = await bench.open('sender_limits', { limits: { seriesPerSender: 1 } })
    const host = (name: string) => ({ category: 'HOST', name, attributes: {} })
    const known = catalogue.addEntity(host('h1'), 'greedy')
    catalogue.addSeries(catalogue.addMetric({ name: 'm' }, 'greedy'), known, 'greedy')
    expect(() => catalogue.addEntity(host('h2'), 'greedy')).toThrow(
      /1 series of sender "greedy".*--max-series-per-sender/,
    )
    expect(() => catalogue.addMetric({ name: 'n' }, 'greedy')).toThrow(/--max-series-per-sender/)
    expect(catalogue.addEntity(host('h1'), 'greedy')).toBe(known)
    expect([catalogue.entityCount, catalogue.metricCount]).toEqual([1, 1])
    expect(catalogue.addEntity(host('h2'), 'modest')).not.toBe(known)
  })

  it('a name whose id is taken is refused alone', async () => {
    const weak = (text: string) =>
      text.includes('twin') ? 4711e6 : 1e9 + text.length * 1000 + text.charCodeAt(text.length - 1)
    const store = await bench.open('collision', { hash: weak })
    const { catalogue } = store
    catalogue.addMetric({ name: 'twin_a' })
    expect(() => catalogue.addMetric({ name: 'twin_b' })).toThrow(CatalogueCollisionError)
    catalogue.addEntity({ category: 'HOST', name: 'my twin', attributes: {} })
    expect(() => catalogue.addEntity({ category: 'DISK', name: 'twin', attributes: {} })).toThrow(
      /DISK twin.*same id as.*HOST my twin/,
    )
    expect(catalogue.metricCount).toBe(1)
    expect(catalogue.entityCount).toBe(1)
    expect(catalogue.addMetric({ name: 'twin_a' })).toBe(0)
    await store.writer.write(columns([seriesOf(store, 'ok', 'fine'), NOW, 1]))
  })
})

describe('the schema', () => {
  it('is brought up from every earlier version, and again without harm', async () => {
    const client = (await bench.open('migrations')).client
    expect(await schemaVersion(client)).toBe(MIGRATIONS.at(-1)!.version)
    await migrate(client, silent)
    const next = {
      version: MIGRATIONS.at(-1)!.version + 1,
      name: 'next',
      statements: ['ALTER TABLE metrics ADD COLUMN IF NOT EXISTS extra String'],
    }
    await migrate(client, silent, [...MIGRATIONS, next])
    expect(await schemaVersion(client)).toBe(next.version)
    // A monitor that died between the statement and its record.
    await client.command({ query: 'TRUNCATE TABLE migrations' })
    await migrate(client, silent, [...MIGRATIONS, next])
    expect(await schemaVersion(client)).toBe(next.version)
  })

  it('of a newer program is left alone, with an error that says so', async () => {
    const store = await bench.open('newer')
    await store.client.insert({
      table: 'migrations',
      values: [{ version: 999, name: 'of the future' }],
      format: 'JSONEachRow',
    })
    await store.stop()
    await expect(bench.open('newer')).rejects.toThrow(SchemaVersionError)
    await expect(bench.open('newer')).rejects.toThrow(/schema 999.*newer version/)
  })
})

describe('opening', () => {
  it('says what is wrong when nobody answers', async () => {
    const opening = openStore({
      connection: { url: 'http://127.0.0.1:9' },
      logger: silent,
      connectTimeoutMs: 100,
    })
    await expect(opening).rejects.toThrow(/127\.0\.0\.1:9.*does not answer/)
  })

  it('says what is wrong when the password is, without waiting', async () => {
    const opening = openStore({
      connection: { ...bench.connection('x'), password: 'wrong' },
      logger: silent,
      connectTimeoutMs: 60_000,
    })
    await expect(opening).rejects.toThrow(/user name or password/)
  })

  it('ends when it is aborted', async () => {
    const abort = new AbortController()
    const opening = openStore({
      connection: { url: 'http://127.0.0.1:9' },
      logger: silent,
      signal: abort.signal,
    })
    abort.abort(new Error('enough'))
    await expect(opening).rejects.toThrow('enough')
  })

  it('refuses a database name that is not a name', async () => {
    await expect(bench.open('a; DROP')).rejects.toThrow(/database's name/)
  })
})

it('samples are compressed lightly when they are stored, and well once they are merged', async () => {
  const store = await bench.open('compression')
  const series = seriesOf(store, 'm', 'h')
  const codecs = async () => {
    const result = await store.client.query({
      query: `SELECT DISTINCT default_compression_codec AS codec FROM system.parts WHERE database = currentDatabase() AND table = 'samples' AND active`,
      format: 'JSONEachRow',
    })
    return (await result.json<{ codec: string }>()).map(({ codec }) => codec)
  }
  await store.writer.write(columns([series, NOW, 1], [series, NOW + 1, 2]))
  expect(await codecs()).toEqual(['LZ4'])
  await store.writer.write(columns([series, NOW + 2, 3]))
  await store.client.command({ query: 'OPTIMIZE TABLE samples FINAL' })
  expect(await codecs()).toEqual(['ZSTD(1)'])
  expect(await countSamples(store)).toBe(3)
})

it('reports its own metrics', async () => {
  const registry = new Registry()
  const store = await bench.open('own', { registry })
  const series = seriesOf(store, 'm', 'h')
  await store.writer.write(columns([series, NOW, 1], [series, NOW + 1, 1]), 3)
  await store.writer.write(columns([series, NOW, 1], [series, NOW + 1, 1]), 3)
  const text = await registry.metrics()
  expect(text).toMatch(/^bellwether_store_samples_total 2$/m)
  expect(text).toMatch(/^bellwether_store_duplicate_batches_total 1$/m)
  expect(text).toMatch(/^bellwether_store_commit_seconds_count 1$/m)
  expect(text).toMatch(/^bellwether_store_series 1$/m)
  expect(text).toMatch(/^bellwether_store_buffer_bytes 0$/m)
})

it('a batch that another monitor has stored is known, some seconds later', async () => {
  const [one, two] = await Promise.all([
    bench.open('shared_marks', { refreshMs: 50 }),
    bench.open('shared_marks', { refreshMs: 50 }),
  ])
  // Who is there is what the leaders' table says.
  const rollups = [one, two].map((store) => startRollups({ store, logger: silent, tuning: { everyMs: 0 } }))
  for (const each of rollups) await each.pass()
  const now = Date.now()
  const write = (store: Store) =>
    store.writer.write(columns([seriesOf(store, 'm', 'h'), now, 1]), batchKey(Buffer.from('sent to both')))
  expect(await write(one)).toEqual({ stored: 1, duplicate: false })
  const before = two.stats().rememberedBatches
  await until('the other one has heard of it', () => two.stats().rememberedBatches > before)
  expect(await write(two)).toEqual({ stored: 0, duplicate: true })
  expect(await countSamples(two)).toBe(1)
  for (const each of rollups) await each.stop()
})
