import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRetentionApi, LEVELS, type RetentionAnswer, type Store } from '../../../src/metrics/index.js'
import { readRetained } from '../../../src/metrics/retention/partitions.js'
import { DAY, differences, HOUR, MINUTE, manual, NOON, readLevel, writer } from '../rollup/support.js'
import { type Bench, columns, rowsOf, seriesOf, silent, startBench } from '../support.js'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(() => bench?.cleanUp())

const open = (database: string) => bench.open(database, { tuning: { commitMs: 1 } })
const idle = { lag: () => 0, isLeader: true, retention: { dropped: [], time: undefined, floors: {} } }

async function put(store: Store, change: unknown): Promise<Response> {
  const app = createRetentionApi({ store, rollups: idle, logger: silent })
  return app.request('/api/v45/timeseries/retention', { method: 'PUT', body: JSON.stringify(change) })
}

/** The store, whose disk says that it is nearly full: the one of the machine may have nine tenths free, or not. */
function onSmallDisk(store: Store): Store {
  const exec: Store['client']['exec'] = (given) =>
    store.client.exec({
      ...given,
      query: given.query.replace(
        'FROM system.disks',
        'FROM (SELECT * REPLACE (1 AS unreserved_space, 1000000000000000 AS total_space) FROM system.disks)',
      ),
    })
  const client = Object.create(store.client, { exec: { value: exec } })
  return Object.create(store, { client: { value: client } })
}

async function daysOf(store: Store): Promise<string[]> {
  const rows = await rowsOf<{ day: string }>(
    store,
    'SELECT DISTINCT toString(toDate(ts)) AS day FROM samples WHERE metric > 4000000 ORDER BY day',
  )
  return rows.map(({ day }) => day)
}

describe('retention', () => {
  it('by time drops old samples while others are written, and only what is rolled up', async () => {
    const store = await open('by_time')
    const series = seriesOf(store, 'x', 'h')
    const written = writer(store)
    const clock = { now: NOON }
    for (let day = 0; day < 5; day++)
      await written.write([series, NOON + day * DAY, day], [series, NOON + day * DAY + 1, 9])
    expect((await put(store, { levels: { RAW: { keepSeconds: 2 * 86_400 } } })).status).toBe(200)
    clock.now = NOON + 4 * DAY + HOUR
    const rollups = manual(store, clock)
    let stopped = false
    let sent = 0
    const sender = (async () => {
      for (; !stopped; sent++) await store.writer.write(columns([series, NOON + 4 * DAY + 2 + sent, 1]))
    })()
    await rollups.pass()
    stopped = true
    await sender
    expect(sent).toBeGreaterThan(0)
    expect(await daysOf(store)).toEqual(['2026-05-19', '2026-05-20', '2026-05-21'])
    // What was dropped is in the rollups.
    const [ten] = LEVELS
    const [buckets] = [...(await readLevel(store, ten!)).values()]
    expect(buckets?.slice(0, 2).map(({ stamp, count }) => [stamp, count])).toEqual([
      [NOON + 10 * MINUTE, 2],
      [NOON + DAY + 10 * MINUTE, 2],
    ])
    expect(rollups.retention.dropped.map(({ level, reason, from }) => `${level} ${reason} ${from}`)).toEqual([
      'RAW time 2026-05-18T00:00:00.000Z',
      'RAW time 2026-05-17T00:00:00.000Z',
    ])
    await rollups.stop()
  })

  it('of a level waits until the coarser one has it', async () => {
    const store = await open('waits')
    const series = seriesOf(store, 'x', 'h')
    const written = writer(store)
    const clock = { now: NOON + 4 * DAY }
    await written.write([series, NOON, 1])
    await put(store, { levels: { RAW: { keepSeconds: 86_400 } } })
    await rowsOf(store, 'SELECT 1')
    const rollups = manual(store, clock)
    // Folding fails.
    await store.client.command({ query: 'RENAME TABLE rollup_ten_minutely TO hidden' })
    await expect(rollups.pass()).rejects.toThrow(/rollup_ten_minutely/)
    expect(await daysOf(store)).toEqual(['2026-05-17'])
    await store.client.command({ query: 'RENAME TABLE hidden TO rollup_ten_minutely' })
    await rollups.pass()
    await rollups.pass()
    expect(await daysOf(store)).toEqual([])
    clock.now += 7 * DAY
    await rollups.pass()
    expect(await differences(store, written)).toEqual([])
    await rollups.stop()
  })

  it('a late sample for a time whose samples are dropped does not replace what was folded', async () => {
    const store = await open('floor')
    const series = seriesOf(store, 'x', 'h')
    const written = writer(store)
    const clock = { now: NOON + 8 * DAY }
    await written.write([series, NOON, 1], [series, NOON + 1, 3])
    await put(store, { levels: { RAW: { keepSeconds: 86_400 } } })
    const rollups = manual(store, clock)
    await rollups.pass()
    expect(await daysOf(store)).toEqual([])
    // More inserts than the bucket was folded from, and one for a bucket that there was not.
    for (let i = 0; i < 3; i++) await store.writer.write(columns([series, NOON + 10 + i, 7]))
    await written.write([series, NOON + HOUR, 5])
    for (let i = 0; i < 2; i++) await rollups.pass()
    expect(await differences(store, written)).toEqual([])
    await rollups.stop()
  })

  it('by size drops the oldest partitions of the level that is too large, and keeps the newest', async () => {
    const store = await open('by_size')
    // What is measured here must be as large when it is looked at.
    await store.client.command({ query: 'SYSTEM STOP MERGES samples' })
    const series = Array.from({ length: 2_000 }, (_, i) => seriesOf(store, 'x', `h${i}`))
    const written = writer(store)
    const clock = { now: NOON + 3 * DAY + HOUR }
    for (let day = 0; day < 4; day++)
      for (let i = 0; i < 30; i++)
        await store.writer.write(
          columns(
            ...series.map((s): [number, number, number] => [s, NOON + day * DAY + i * 30_000, Math.random()]),
          ),
        )
    expect(written.samples.size).toBe(0)
    const retained = await readRetained(store.client)
    const raw = retained.filter(({ level }) => level === 'RAW').map(({ bytes }) => bytes)
    expect(raw).toHaveLength(4)
    const budget = Math.max(1024 ** 2, Math.round(raw[2]! + raw[3]! * 1.2))
    expect((await put(store, { levels: { RAW: { maxBytes: budget } } })).status).toBe(200)
    const rollups = manual(store, clock)
    await rollups.pass()
    const left = (await readRetained(store.client)).filter(({ level }) => level === 'RAW')
    expect(left.length).toBeLessThan(4)
    expect(left.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(budget)
    expect(left.at(-1)?.to).toBe(Date.UTC(2026, 4, 21))
    expect(rollups.retention.dropped.every(({ reason, level }) => reason === 'size' && level === 'RAW')).toBe(
      true,
    )
    await rollups.stop()
  })

  it('for want of disk drops old samples, and never young ones', async () => {
    const store = await open('by_disk')
    const series = seriesOf(store, 'x', 'h')
    for (let day = 0; day < 7; day++) await store.writer.write(columns([series, NOON + day * DAY, day]))
    // What may go, goes.
    await put(store, { minFreeShare: 0.9 })
    const rollups = manual(onSmallDisk(store), { now: NOON + 6 * DAY })
    await rollups.pass()
    expect(await daysOf(store)).toEqual(['2026-05-20', '2026-05-21', '2026-05-22', '2026-05-23'])
    await rollups.stop()
  })

  it('a clock that jumps ahead by years, and a restart then, drop nothing', async () => {
    const store = await open('clock')
    const series = seriesOf(store, 'x', 'h')
    const written = writer(store)
    const clock = { now: NOON + HOUR }
    await written.write([series, NOON - 20 * DAY, 1], [series, NOON, 2])
    const before = manual(store, clock)
    await before.pass()
    clock.now = NOON + 3 * 366 * DAY
    await before.pass()
    await written.write([series, clock.now - HOUR, 3])
    await before.pass()
    await before.stop()
    const after = manual(store, clock)
    await after.pass()
    await after.pass()
    expect((await daysOf(store)).length).toBe(3)
    expect(after.retention.dropped).toEqual([])
    expect(after.retention.time).toBeLessThan(NOON + 2 * HOUR)
    // Folding goes on meanwhile: what was folded before its end is folded again when more comes.
    clock.now += 8 * DAY
    await written.write([series, NOON + 1, 9], [series, NOON - 20 * DAY + 1, 4])
    await after.pass()
    expect(await differences(store, written)).toEqual([])
    await after.stop()
  })
})

it('rollups and retention report their own metrics', async () => {
  const store = await open('self_metrics')
  const series = seriesOf(store, 'x', 'h')
  await writer(store).write([series, NOON - 40 * DAY, 1], [series, NOON, 1])
  const registry = new Registry()
  const clock = { now: NOON + 5 * MINUTE }
  const rollups = manual(store, clock, {}, registry)
  const value = async (name: string) =>
    Number(new RegExp(`^bellwether_${name} (\\S+)`, 'm').exec(await registry.metrics())?.[1])
  await rollups.pass()
  await rollups.pass()
  expect(await value('rollup_rows_total{level="WEEKLY"}')).toBe(1)
  expect(await value('rollup_fold_seconds_total{level="HOURLY"}')).toBeGreaterThan(0)
  expect(await value('rollup_leader')).toBe(1)
  expect(await value('retention_dropped_bytes_total{level="RAW",reason="time"}')).toBeGreaterThan(0)
  expect(await value('rollup_lag_seconds{level="TEN_MINUTELY"}')).toBe(0)
  // A bucket that is closed and waits: folding fails.
  clock.now = NOON + 20 * MINUTE
  await store.client.command({ query: 'RENAME TABLE rollup_ten_minutely TO hidden' })
  await expect(rollups.pass()).rejects.toThrow()
  expect(await value('rollup_lag_seconds{level="TEN_MINUTELY"}')).toBe(600)
  await rollups.stop()
})

describe('the API', () => {
  it('tells the state of every level, and what a PUT changed is known to all monitors', async () => {
    const store = await open('api')
    const series = seriesOf(store, 'x', 'h')
    const written = writer(store)
    await written.write([series, NOON, 1])
    const rollups = manual(store, { now: NOON + 2 * HOUR })
    await rollups.pass()
    const app = createRetentionApi({ store, rollups, logger: silent })
    const response = await put(store, { levels: { WEEKLY: { keepSeconds: null, maxBytes: 5_000_000 } } })
    expect(response.status).toBe(200)
    const got = await app.request('/api/v45/timeseries/retention')
    const state = (await got.json()) as RetentionAnswer
    expect(state.levels.map(({ level }) => level)).toEqual(['RAW', ...LEVELS.map(({ name }) => name)])
    const [raw, ten, hour, six] = state.levels
    expect(raw).toMatchObject({
      keepSeconds: 30 * 86_400,
      oldest: new Date(NOON).toISOString(),
      lagSeconds: null,
    })
    expect(ten).toMatchObject({ rows: 1, newest: new Date(NOON + 10 * MINUTE).toISOString(), lagSeconds: 0 })
    expect(hour?.lastFold?.stamp).toBe(new Date(NOON + HOUR).toISOString())
    expect(six).toMatchObject({ rows: 0, oldest: null, lastFold: null })
    expect(state.levels.at(-1)).toMatchObject({ keepSeconds: null, maxBytes: 5_000_000 })
    expect(state).toMatchObject({ leader: true, minFreeShare: 0.1 })
    expect(state.disk.totalBytes).toBeGreaterThan(state.disk.freeBytes)
    await rollups.stop()
  })

  it('refuses what cannot be with words, and changes nothing', async () => {
    const store = await open('api_errors')
    const app = createRetentionApi({ store, rollups: idle, logger: silent })
    const path = '/api/v45/timeseries/retention'
    for (const [body, status, text] of [
      ['{', 400, /JSON object/],
      ['{"levels":{"RAW":{"keepSeconds":5}}}', 400, /from 86400/],
      [`{"levels":"${'x'.repeat(20_000)}"}`, 413, /larger than/],
    ] as const) {
      const response = await app.request(path, { method: 'PUT', body })
      expect(response.status).toBe(status)
      expect(((await response.json()) as { message: string }).message).toMatch(text)
    }
    expect((await app.request('/api/vx/timeseries/retention')).status).toBe(404)
    expect(await rowsOf(store, 'SELECT * FROM retention')).toEqual([])
  })
})
