import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { shapeErrors } from './shape.js'
import { host, only, openQueryBed, pointsOf, type QueryBed, withLimits } from './support.js'

let bed: QueryBed
const NINE = Date.UTC(2026, 0, 31, 9)
const FEB_1 = Date.UTC(2026, 1, 1)
const DAY = 86_400_000
const iso = (ms: number) => new Date(ms).toISOString()
const level = (desiredRollup: string) => ({ desiredRollup, mustUseDesiredRollup: 'true' })

beforeAll(async () => {
  bed = await openQueryBed()
  await Promise.all([
    // The published example: 100 … 109 at 9:00 … 9:09.
    bed.put(
      'example',
      host('a'),
      Array.from({ length: 10 }, (_, i) => [NINE + i * 60_000, 100 + i] as const),
    ),
    bed.put(
      'flat',
      host('a'),
      Array.from({ length: 10 }, (_, i) => [NINE + i * 60_000, 5] as const),
    ),
    // One a minute over three days.
    bed.put(
      'daily',
      host('a'),
      Array.from({ length: 3 * 1440 }, (_, i) => [FEB_1 - DAY + i * 60_000, i % 1440] as const),
    ),
    bed.put(
      { name: 'total_ops', isCounter: true },
      host('a'),
      Array.from({ length: 180 }, (_, i) => [NINE + i * 60_000, i * 30] as const),
    ),
    ...[0, 1, 2, 3, 4].map((h) =>
      bed.put(
        'fleet',
        { category: 'HOST', name: `f${h}`, attributes: { hostname: `f${h}` } },
        Array.from({ length: 60 }, (_, i) => [NINE + i * 60_000, h * 100 + i] as const),
      ),
    ),
    // A member that was there for half of the time only.
    bed.put(
      'fleet',
      host('f5'),
      Array.from({ length: 30 }, (_, i) => [NINE + i * 60_000, 500 + i] as const),
    ),
  ])
}, 120_000)
afterAll(() => bed.cleanUp())

describe('rollups', () => {
  test('the published example of a bucket', async () => {
    const item = await bed.ask('select example', { from: NINE, to: NINE + 600_000 }, level('TEN_MINUTELY'))
    expect(shapeErrors({ items: [item] }, 'ApiTimeSeriesResponseList')).toEqual([])
    expect(item.timeSeries[0]?.metadata).toMatchObject({
      rollupUsed: 'TEN_MINUTELY',
      metricCollectionFrequencyMs: 600_000,
    })
    expect(item.timeSeries[0]?.data).toEqual([
      {
        timestamp: iso(NINE + 600_000),
        value: 104.5,
        type: 'SAMPLE',
        aggregateStatistics: {
          sampleTime: iso(NINE + 540_000),
          sampleValue: 109,
          count: 10,
          min: 100,
          minTime: iso(NINE),
          max: 109,
          maxTime: iso(NINE + 540_000),
          mean: 104.5,
          stdDev: expect.closeTo(3.02765, 5),
        },
      },
    ])
  })

  test('a constant series: deviation 0, and the first sample is both extremes', async () => {
    const item = await bed.ask('select flat', { from: NINE, to: NINE + 600_000 }, level('TEN_MINUTELY'))
    expect(item.timeSeries[0]?.data[0]?.aggregateStatistics).toMatchObject({
      stdDev: 0,
      minTime: iso(NINE),
      maxTime: iso(NINE),
    })
  })

  test('buckets are days of UTC, stamped with their end, and both ends of the window count', async () => {
    const item = await bed.ask('select daily', { from: FEB_1, to: FEB_1 + 2 * DAY }, level('DAILY'))
    expect(item.timeSeries[0]?.data.map((p) => [p.timestamp, p.aggregateStatistics?.count])).toEqual([
      [iso(FEB_1), 1440],
      [iso(FEB_1 + DAY), 1440],
      [iso(FEB_1 + 2 * DAY), 1440],
    ])
    const one = await bed.ask('select daily', { from: FEB_1 + 1, to: FEB_1 + DAY }, level('DAILY'))
    expect(one.timeSeries[0]?.data).toHaveLength(1)
    const week = await bed.ask('select daily', { from: FEB_1, to: FEB_1 + 14 * DAY }, level('WEEKLY'))
    // Weeks begin on Monday: the 2nd of February 2026 is one.
    expect(week.timeSeries[0]?.data.map((p) => [p.timestamp, p.aggregateStatistics?.count])).toEqual([
      [iso(FEB_1 + DAY), 2880],
      [iso(FEB_1 + 8 * DAY), 1440],
    ])
  })

  test('the server takes a coarser level for a long window, and says so', async () => {
    const used = async (query: string, days: number, more: Record<string, string> = {}) =>
      (await bed.ask(query, { from: FEB_1 - days * DAY, to: FEB_1 + DAY + 60_000 }, more)).timeSeries[0]
        ?.metadata.rollupUsed
    expect(await used('select daily', 0)).toBe('RAW')
    expect(await used('select daily', 5)).toBe('TEN_MINUTELY')
    expect(await used('select daily', 30)).toBe('HOURLY')
    expect(await used('select daily', 180)).toBe('SIX_HOURLY')
    expect(await used('select daily', 700)).toBe('DAILY')
    expect(await used('select daily', 3000)).toBe('WEEKLY')
    expect(await used('select daily', 0, { desiredRollup: 'HOURLY' })).toBe('HOURLY')
    expect(await used('select daily', 30, { desiredRollup: 'TEN_MINUTELY' })).toBe('HOURLY')
    expect(await used('select daily', 30, level('RAW'))).toBe('RAW')
    expect(await used('select max(daily)', 700)).toBe('RAW')
  })

  test.each(['last', 'min', 'max', 'avg', 'sum', 'count', 'stddev'])(
    '%s of a rollup is that of its samples',
    async (name) => {
      const window = { from: FEB_1 - DAY + 1, to: FEB_1 + DAY }
      const raw = await bed.ask(
        `select ${name}(daily)`,
        { from: FEB_1 - DAY, to: FEB_1 + DAY - 1 },
        level('RAW'),
      )
      const rolled = await bed.ask(`select ${name}(daily)`, window, level('HOURLY'))
      const [[time, value] = [0, 0]] = only(rolled, 0)
      expect([time, value]).toEqual([only(raw, 0)[0]?.[0], expect.closeTo(only(raw, 0)[0]?.[1] as number, 6)])
    },
  )

  test('functions work on the means of buckets, and integrals hold for their length', async () => {
    const window = { from: FEB_1, to: FEB_1 + 7_200_000 }
    expect(
      only(await bed.ask('select integral(daily)', window, level('HOURLY')), FEB_1).map(([, v]) => v),
    ).toEqual([1409.5 * 3600, 29.5 * 3600, 89.5 * 3600])
    expect(only(await bed.ask('select stats(daily, max)', window, level('HOURLY')), FEB_1)).toEqual([
      [0, 1439],
      [3600, 59],
      [7200, 119],
    ])
    expect(
      only(await bed.ask('select resample(daily, 7200, sum)', window, level('HOURLY')), FEB_1)[1],
    ).toEqual([7200, (119 * 120) / 2])
    expect(
      only(await bed.ask('select ops_rate', { from: NINE, to: NINE + 3 * 3_600_000 }, level('HOURLY')), NINE),
    ).toEqual([
      [7200, 0.5],
      [10800, 0.5],
    ])
  })

  test('the first bucket of a window is counted from the one before it', async () => {
    const window = { from: NINE + 3_600_000, to: NINE + 3 * 3_600_000 }
    for (const query of ['select ops_rate', 'select dt(total_ops)', 'select rate(total_ops)'])
      expect(
        only(await bed.ask(query, { ...window, from: NINE + 7_200_000 }, level('HOURLY')), NINE),
      ).toEqual([
        [7200, 0.5],
        [10800, 0.5],
      ])
    // The hour before nine has no samples.
    expect(only(await bed.ask('select ops_rate', window, level('HOURLY')), NINE)).toHaveLength(2)
    expect(
      only(await bed.ask('select ops_rate_across_hosts where category = CLUSTER', window), NINE).at(0),
    ).toEqual([3600, 0.5])
  })

  test('across entities: counts over all members, and how many there were on average', async () => {
    const item = await bed.ask(
      'select fleet_across_hosts',
      { from: NINE, to: NINE + 3_600_000 },
      level('HOURLY'),
    )
    const statistics = item.timeSeries[0]?.data[0]?.aggregateStatistics
    expect(statistics).toMatchObject({
      count: 330,
      min: 0,
      max: 529,
      sampleValue: 529,
      crossEntityMetadata: { minEntityName: 'f0', maxEntityName: 'f5', numEntities: 5.5 },
    })
    const values = [0, 1, 2, 3, 4]
      .flatMap((h) => Array.from({ length: 60 }, (_, i) => h * 100 + i))
      .concat(Array.from({ length: 30 }, (_, i) => 500 + i))
    const mean = values.reduce((a, b) => a + b) / values.length
    const deviation = Math.sqrt(values.reduce((a, v) => a + (v - mean) ** 2, 0) / (values.length - 1))
    expect(statistics?.mean).toBeCloseTo(mean, 9)
    expect(statistics?.stdDev).toBeCloseTo(deviation, 9)
  })

  test('totals are rolled up as totals, without the entities', async () => {
    const item = await bed.ask(
      'select total_fleet_across_hosts',
      { from: NINE, to: NINE + 3_600_000 },
      level('HOURLY'),
    )
    const statistics = item.timeSeries[0]?.data[0]?.aggregateStatistics
    const totals = Array.from({ length: 60 }, (_, i) => 1000 + 5 * i + (i < 30 ? 500 + i : 0))
    expect(statistics).toMatchObject({
      count: 60,
      min: Math.min(...totals),
      max: Math.max(...totals),
      sampleValue: totals.at(-1),
    })
    expect(statistics?.mean).toBeCloseTo(totals.reduce((a, b) => a + b) / 60, 9)
    expect(statistics).not.toHaveProperty('crossEntityMetadata')
  })

  test('days and hours of a time zone leave points out before anything is computed', async () => {
    const window = { from: FEB_1 - DAY, to: FEB_1 + 2 * DAY - 60_000 }
    // FEB_1 is a Sunday.
    const count = async (tail: string, timeZone = 'UTC') => {
      const points = pointsOf(
        await bed.ask(`select count(daily) where category = HOST ${tail}`, window, {
          ...level('RAW'),
          timeZone,
        }),
      )
      return points.a?.[0]?.[1]
    }
    expect(await count('')).toBe(3 * 1440)
    expect(await count('day in (7)')).toBe(1440)
    expect(await count('day in (6, 7) hour in [9:17]')).toBe(2 * 8 * 60)
    expect(await count('hour in [22:6]')).toBe(3 * 8 * 60)
    expect(await count('day in (7)', 'Asia/Tokyo')).toBe(1440)
    expect(await count('day in (2)', 'Asia/Tokyo')).toBe(9 * 60)
    expect(await count('hour in [0:9]', 'Asia/Tokyo')).toBe(3 * 9 * 60)
  })

  test('in pieces it is the same', async () => {
    const small = withLimits(bed, { chunkPoints: 10 })
    const query = 'select fleet, stats(fleet, std_dev)'
    const window = { from: NINE, to: NINE + 3_600_000 }
    expect(await small.ask(query, window, level('TEN_MINUTELY'))).toEqual(
      await bed.ask(query, window, level('TEN_MINUTELY')),
    )
    await small.api.stop()
  })
})
