import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { host, only, openQueryBed, pointsOf, type QueryBed } from './support.js'

let bed: QueryBed
const T = Date.UTC(2026, 0, 5, 12)
const window = { from: T, to: T + 600_000 }

beforeAll(async () => {
  bed = await openQueryBed()
  const minute = (i: number) => T + i * 60_000
  await bed.put(
    { name: 'load_1' },
    host('a'),
    [3, 1, 4, 1, 5].map((v, i) => [minute(i), v]),
  )
  await bed.put(
    { name: 'load_1' },
    host('b'),
    [2, 7, 1, 8].map((v, i) => [minute(i), v]),
  )
  await bed.put({ name: 'total_x', isCounter: true, unitNumerators: ['bytes'] }, host('a'), [
    [minute(0), 60],
    [minute(1), 180],
    [minute(2), 30],
    [minute(3), 90],
  ])
  await bed.put(
    'zero',
    host('a'),
    [0, 2, 0, 4, 0].map((v, i) => [minute(i), v]),
  )
  await bed.put(
    'total_said_by_its_name',
    host('a'),
    [3, 8, 1, 8].map((v, i) => [minute(i), v]),
  )
  await bed.put('single', host('a'), [[minute(2), 9]])
  await bed.put(
    'late',
    host('a'),
    [10, 20, 30].map((v, i) => [minute(i) + 20_000, v]),
  )
}, 120_000)
afterAll(() => bed.cleanUp())

const ask = async (query: string) => only(await bed.ask(query, window), T)

describe('functions of one stream', () => {
  test('a plain metric has both ends of the window', async () => {
    const item = await bed.ask('select load_1 where hostname = a', { from: T + 60_000, to: T + 180_000 })
    expect(only(item, T)).toEqual([
      [60, 1],
      [120, 4],
      [180, 1],
    ])
  })
  test.each([
    [
      'dt(total_x)',
      [
        [60, 2],
        [120, -2.5],
        [180, 1],
      ],
    ],
    [
      'dt0(total_x)',
      [
        [60, 2],
        [180, 1],
      ],
    ],
    [
      'x_rate',
      [
        [60, 2],
        [180, 1],
      ],
    ],
    [
      'counter_delta(x_rate)',
      [
        [60, 120],
        [180, 60],
      ],
    ],
    [
      'counter_delta(total_x)',
      [
        [60, 120],
        [180, 60],
      ],
    ],
    [
      'counter_delta(total_said_by_its_name)',
      [
        [60, 5],
        [180, 7],
      ],
    ],
    [
      'increase(total_x)',
      [
        [60, 120],
        [120, 30],
        [180, 60],
      ],
    ],
    [
      'rate(total_x)',
      [
        [60, 2],
        [180, 1],
      ],
    ],
    [
      'integral(load_1)',
      [
        [0, 180],
        [60, 60],
        [120, 240],
        [180, 60],
        [240, 300],
      ],
    ],
    [
      'moving_avg(load_1, 120)',
      [
        [0, 3],
        [60, 2],
        [120, 2.5],
        [180, 2.5],
        [240, 3],
      ],
    ],
    ['last(load_1)', [[240, 5]]],
    ['min(load_1)', [[60, 1]]],
    ['max(load_1)', [[240, 5]]],
    ['avg(load_1)', [[240, 2.8]]],
    ['sum(load_1)', [[240, 14]]],
    ['count(load_1)', [[240, 5]]],
    ['percentile(load_1, 50)', [[240, 3]]],
    [
      'greatest(load_1, 2)',
      [
        [0, 3],
        [60, 2],
        [120, 4],
        [180, 2],
        [240, 5],
      ],
    ],
    [
      'least(load_1, avg(load_1))',
      [
        [0, 2.8],
        [60, 1],
        [120, 2.8],
        [180, 1],
        [240, 2.8],
      ],
    ],
    [
      'load_1 / last(load_1)',
      [
        [0, 0.6],
        [60, 0.2],
        [120, 0.8],
        [180, 0.2],
        [240, 1],
      ],
    ],
    ['(last(integral(load_1)) * 100 / 60) / last(load_1)', [[240, 100]]],
    ['last(load_1) / max(zero)', [[240, 1.25]]],
    [
      '-load_1 + 1',
      [
        [0, -2],
        [60, 0],
        [120, -3],
        [180, 0],
        [240, -4],
      ],
    ],
    [
      '2 * load_1 - load_1',
      [
        [0, 3],
        [60, 1],
        [120, 4],
        [180, 1],
        [240, 5],
      ],
    ],
    [
      'abs(0 - load_1)',
      [
        [0, 3],
        [60, 1],
        [120, 4],
        [180, 1],
        [240, 5],
      ],
    ],
    ['predict_linear(late, 60)', [[140, 40]]],
    ['timeshift(single, 60)', [[180, 9]]],
    [
      'load_1 - late',
      [
        [0, -7],
        [60, -19],
        [120, -26],
      ],
    ],
  ])('%s', async (expression, expected) => {
    const got = await ask(`select ${expression} where hostname = a`)
    expect(got.map(([t]) => t)).toEqual(expected.map(([t]) => t))
    for (const [i, [, value]] of got.entries()) expect(value).toBeCloseTo(expected[i]?.[1] as number, 9)
  })

  test('the rate of a counter of seconds is seconds per second, also in percent of the cores', async () => {
    const metric = { unitNumerators: ['seconds'], isCounter: true }
    await bed.put({ name: 'total_busy', ...metric }, host('a'), [
      [T, 10],
      [T + 60_000, 40],
      [T + 120_000, 70],
    ])
    const { timeSeries } = await bed.ask(
      'select busy_rate, dt0(total_busy), rate(total_busy), busy_rate * 100 / 2, integral(busy_rate) where hostname = a',
      window,
    )
    const units = timeSeries.map(({ metadata }) => [metadata.unitNumerators, metadata.unitDenominators])
    const perSecond = [['seconds'], ['seconds']]
    expect(units).toEqual([perSecond, perSecond, perSecond, perSecond, [['seconds'], []]])
  })
  test('a rate stored beside its counter: counter_delta and stats are of the counter, where all have it', async () => {
    const counter = { name: 'total_read', isCounter: true, unitNumerators: ['bytes'] }
    const rate = { name: 'read_rate', unitNumerators: ['bytes'], unitDenominators: ['seconds'] }
    await bed.put(counter, host('a'), [
      [T, 100],
      [T + 60_000, 160],
    ])
    await bed.put(rate, host('a'), [[T + 60_000, 0.9]])
    const both = 'select counter_delta(read_rate), stats(read_rate, counter) where hostname = a'
    const before = await bed.ask(both, window)
    expect(before.timeSeries.map(({ data }) => data.map(({ value }) => value))).toEqual([[60], [100, 160]])
    expect(before.timeSeries.map(({ metadata }) => metadata.unitDenominators)).toEqual([[], []])
    await bed.put(rate, host('b'), [
      [T, 2],
      [T + 60_000, 2],
    ])
    // Host b has the rate alone: the integral is all that is known of it.
    expect(await ask('select counter_delta(read_rate) where hostname = b')).toEqual([
      [0, 120],
      [60, 120],
    ])
  })
  test('division by zero leaves the point out', async () => {
    expect(await ask('select load_1 / zero where hostname = a')).toEqual([
      [60, 0.5],
      [180, 0.25],
    ])
  })

  test('functions that need two points give no stream for one', async () => {
    for (const name of ['dt', 'dt0', 'integral', 'increase'])
      expect((await bed.ask(`select ${name}(single) where hostname = a`, window)).timeSeries).toEqual([])
  })

  test('resample stamps whole buckets with their end', async () => {
    expect(await ask('select resample(load_1, 120, avg) where hostname = a')).toEqual([
      [120, 2],
      [240, 2.5],
      [360, 5],
    ])
    expect(await ask('select resample(load_1 * 1, 120, avg) where hostname = a')).toEqual([
      [120, 2],
      [240, 2.5],
      [360, 5],
    ])
    for (const by of ['min', 'max', 'sum', 'last', 'count'])
      expect(await ask(`select resample(load_1, 120, ${by}) where hostname = a`)).toEqual(
        await ask(`select resample(load_1 * 1, 120, ${by}) where hostname = a`),
      )
  })
})

describe('what lies before the window', () => {
  const later = { from: T + 120_000, to: T + 180_000 }
  const ask = async (query: string, window = later) => only(await bed.ask(query, window), T)
  test.each([
    [
      'dt(load_1)',
      [
        [120, 0.05],
        [180, -0.05],
      ],
    ],
    ['dt0(total_x)', [[180, 1]]],
    ['x_rate', [[180, 1]]],
    [
      'increase(total_x)',
      [
        [120, 30],
        [180, 60],
      ],
    ],
    [
      'integral(load_1)',
      [
        [120, 240],
        [180, 60],
      ],
    ],
    [
      'moving_avg(load_1, 120)',
      [
        [120, 2.5],
        [180, 2.5],
      ],
    ],
    [
      'rate(total_x, 120)',
      [
        [120, 1.25],
        [180, 0.75],
      ],
    ],
    [
      'dt(timeshift(load_1, 60))',
      [
        [120, -2 / 60],
        [180, 0.05],
      ],
    ],
    [
      'dt(resample(load_1, 60))',
      [
        [120, -2 / 60],
        [180, 0.05],
      ],
    ],
    [
      'dt(sum_by(load_1))',
      [
        [120, 0.05],
        [180, -0.05],
      ],
    ],
    // Scalars are of the window alone.
    [
      'integral(load_1 - min(load_1))',
      [
        [120, 180],
        [180, 0],
      ],
    ],
    [
      'dt(load_1) * count(load_1)',
      [
        [120, 0.1],
        [180, -0.1],
      ],
    ],
    ['last(dt(load_1)) + max(load_1)', [[180, 3.95]]],
  ])('%s begins with the first point of the window', async (query, wanted) => {
    const points = await ask(`select ${query} where hostname = a`)
    expect(points).toEqual(wanted.map(([t, v]) => [t, expect.closeTo(v as number, 9)]))
  })
  test('counts from the last point, however far before, up to a day', async () => {
    const hour = 3_600_000
    await bed.put('rare', host('r'), [
      [T - 24 * hour, 1],
      [T, 5],
      [T + hour, 41],
    ])
    const at = (from: number) => ({ from: T + from, to: T + hour })
    expect(await ask('select dt(rare)', window)).toEqual([[0, 4 / 86_400]])
    expect(await ask('select dt(rare) where hostname = r', at(hour - 1))).toEqual([[3600, 0.01]])
    const both = await bed.ask('select dt(rare), rare', at(1))
    expect(both.timeSeries.map(({ data }) => data.map(({ value }) => value))).toEqual([[0.01], [41]])
    expect(await ask('select increase(rare * 2)', at(1000))).toEqual([[3600, 72]])
    expect(await ask('select last(dt(moving_avg(rare, 60)))', at(hour))).toEqual([[3600, 0.01]])
    expect((await bed.ask('select dt(rare)', { from: T + 1 - 24 * hour, to: T - 1 })).timeSeries).toEqual([])
    await bed.put('rarer', host('r'), [
      [T - 24 * hour - 1, 1],
      [T, 5],
    ])
    expect((await bed.ask('select dt(rarer)', window)).timeSeries).toEqual([])
  })
  test('also of what many entities have together', async () => {
    const hour = 3_600_000
    const [first, second] = [host('t1', { rackId: 'far' }), host('t2', { rackId: 'far' })]
    await bed.put('together', first, [
      [T - 2 * hour, 1],
      [T + 60_000, 5],
    ])
    await bed.put('together', second, [
      [T - 2 * hour, 10],
      [T + 60_000, 20],
    ])
    // A member that was not there before the window, and one that is gone, are not counted from.
    await bed.put('together', host('t3', { rackId: 'gone' }), [[T - 2 * hour, 7]])
    const perSecond = expect.closeTo(14 / (121 * 60), 9)
    for (const query of [
      'dt(sum_by(together))',
      'dt(sum_by(together * 1, rackId))',
      'dt(total_together_across_hosts) where category = CLUSTER',
      '2 * dt(together_across_hosts) where category = CLUSTER',
      'last(dt(sum_by(moving_avg(together, 60))))',
    ])
      expect(await ask(`select ${query}`, window), query).toEqual([[60, perSecond]])
    const rolled = { desiredRollup: 'TEN_MINUTELY', mustUseDesiredRollup: 'true' }
    const { timeSeries } = await bed.ask('select dt(sum_by(together))', window, rolled)
    expect(timeSeries[0]?.data.map(({ value }) => value)).toEqual([expect.closeTo(14 / 7200, 9)])
    const best = await bed.ask('select dt(top(together, 1))', window)
    expect(best.timeSeries.map(({ metadata }) => metadata.entityName)).toEqual(['t2'])
    expect(only(best, T)).toEqual([[60, expect.closeTo(10 / (121 * 60), 9)]])
  })
  test('so does the rate of a counter, of one entity and across them, raw and rolled up', async () => {
    const hour = 3_600_000
    const counter = { name: 'total_rare_bytes', isCounter: true, unitNumerators: ['bytes'] }
    await bed.put(counter, host('r1'), [
      [T - 3 * hour, 1000],
      [T + 60_000, 1000 + 4 * 10_860],
    ])
    await bed.put(counter, host('r2'), [[T + 60_000, 7]])
    for (const query of [
      'rare_bytes_rate',
      'last(total_rare_bytes_rate)',
      'total_rare_bytes_rate_across_hosts',
    ])
      expect(await ask(`select ${query}`, window)).toEqual([[60, 4]])
    const rolled = { desiredRollup: 'TEN_MINUTELY', mustUseDesiredRollup: 'true' }
    const { timeSeries } = await bed.ask('select rare_bytes_rate', window, rolled)
    expect(timeSeries.map(({ data }) => data.map(({ value }) => value))).toEqual([[4]])
  })
  test('is read once, also where the samples themselves are wanted', async () => {
    const item = await bed.ask(
      'explain select load_1, dt(load_1), moving_avg(load_1, 60), zero where hostname = a',
      later,
    )
    expect(item.plan?.statements.length).toBeLessThanOrEqual(1)
    const both = await bed.ask('select load_1, dt(load_1) where hostname = a', later)
    expect(both.timeSeries.map(({ data }) => data.length)).toEqual([2, 2])
  })
})

describe('when', () => {
  test.each([
    [
      'when(load_1 > 3)',
      [
        [120, 4],
        [240, 5],
      ],
    ],
    [
      'when(load_1 >= 3, zero)',
      [
        [0, 0],
        [120, 0],
        [240, 0],
      ],
    ],
    [
      'when(load_1 != 1, zero * 2 + 1)',
      [
        [0, 1],
        [120, 1],
        [240, 1],
      ],
    ],
    ['when(total_x > 0.1 kb)', [[60, 180]]],
    [
      'when(late > 10, load_1)',
      [
        [60, 1],
        [120, 4],
      ],
    ],
    [
      'when(load_1 > 1, when(zero = 0, load_1))',
      [
        [0, 3],
        [120, 4],
        [240, 5],
      ],
    ],
    [
      'when(zero > 1, 1)',
      [
        [60, 1],
        [180, 1],
      ],
    ],
    ['sum(when(zero > 1, 1))', [[180, 2]]],
    [
      'when(last(zero) = 0, load_1)',
      [
        [0, 3],
        [60, 1],
        [120, 4],
        [180, 1],
        [240, 5],
      ],
    ],
    [
      'when(load_1 - avg(load_1) > 1, load_1)',
      [
        [120, 4],
        [240, 5],
      ],
    ],
    ['when(load_1 > 1 and late > 10)', [[120, 4]]],
    [
      'when(late > 10 or load_1 = 3, zero)',
      [
        [0, 0],
        [60, 2],
        [120, 0],
      ],
    ],
    ['when((load_1 > 4 or load_1 < 2) and total_x > 100 b and count(zero) > 4, load_1)', [[60, 1]]],
    ['sum(when(load_1 > 100 or last(load_1) = 5, count(zero)))', [[240, 25]]],
    ['when(load_1 > 4 or x_of_others > 1)', [[240, 5]]],
    [
      'max_by(when(load_1 > 3), hostname)',
      [
        [120, 4],
        [240, 5],
      ],
    ],
  ])('%s', async (query, wanted) => {
    expect(await ask(`select ${query} where hostname = a`)).toEqual(wanted)
  })
  test('beside OR a metric may be missing, as in WHERE; beside AND it may not', async () => {
    expect(await ask('select when(load_1 > 7 or late > 5) where hostname = b')).toEqual([[180, 8]])
    const both = await bed.ask('select when(load_1 > 7 and late > 5) where hostname = b', window)
    expect(both.timeSeries).toEqual([])
  })
  test('leaves a stream without such points out', async () => {
    expect((await bed.ask('select when(load_1 > 100)', window)).timeSeries).toEqual([])
    expect((await bed.ask('select when(last(zero) > 0, load_1)', window)).timeSeries).toEqual([])
  })
  test('has the unit of what it keeps, and compares in the unit of what it looks at', async () => {
    const { timeSeries } = await bed.ask('select when(load_1 > 3, total_x)', window)
    expect(timeSeries[0]?.metadata).toMatchObject({
      metricName: 'when(load_1 > 3, total_x)',
      unitNumerators: ['bytes'],
    })
    expect((await bed.refusal('select when(total_x > 5 s, load_1)')).body.problems?.[0]?.message).toContain(
      '“s” does not fit total_x',
    )
    expect((await bed.refusal('select when(3 > 2, 1)')).status).toBe(400)
  })
})

describe('functions over entities', () => {
  test('by attribute and over all', async () => {
    const all = await bed.ask('select max_by(load_1)', window)
    expect(pointsOf(all)).toEqual({ all: [3, 7, 4, 8, 5].map((v, i) => [T + i * 60_000, v]) })
    const by = await bed.ask('select sum_by(load_1, hostname) where category = HOST', window)
    expect(by.timeSeries.map((s) => s.metadata.attributes.hostname).sort()).toEqual(['a', 'b'])
    for (const { metadata, data } of by.timeSeries) {
      const again = await bed.ask(metadata.expression, window)
      expect(again.timeSeries.map((s) => s.data)).toEqual([data])
      expect(again.timeSeries[0]?.metadata.expression).toBe(metadata.expression)
    }
  })
  test('an attribute that no entity has is a warning with the nearest names', async () => {
    const { timeSeries, warnings } = await bed.ask('select sum_by(load_1, hostnam)', window)
    expect(timeSeries).toEqual([])
    expect(warnings).toEqual([
      expect.stringMatching(/^No entity has an attribute “hostnam”\. Did you mean “hostname”/),
    ])
  })
  test('scalars of many entities are one number, at the latest time', async () => {
    expect(
      only(
        await bed
          .ask('select sum_by(last(load_1)), max_by(count(load_1))', window)
          .then((item) => ({ ...item, timeSeries: item.timeSeries.slice(0, 1) })),
        T,
      ),
    ).toEqual([[240, 13]])
  })
  test('top keeps the streams with the largest means', async () => {
    expect(Object.keys(pointsOf(await bed.ask('select top(load_1, 1)', window)))).toEqual(['b'])
    expect(Object.keys(pointsOf(await bed.ask('select bottom(load_1, 1) * 2', window)))).toEqual(['a'])
  })
})

describe('conditions on streams', () => {
  test('drop entities, not points', async () => {
    const item = await bed.ask('select load_1 where last(load_1) > 6', window)
    expect(pointsOf(item)).toEqual({ b: [2, 7, 1, 8].map((v, i) => [T + i * 60_000, v]) })
    expect((await bed.ask('select zero where last(load_1) > 6', window)).timeSeries).toEqual([])
    const either = await bed.ask('select load_1 where hostname = a or last(load_1) > 6', window)
    expect(Object.keys(pointsOf(either)).sort()).toEqual(['a', 'b'])
  })
})
