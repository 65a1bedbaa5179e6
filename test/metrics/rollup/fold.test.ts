import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LEVELS, type Store, stampOf } from '../../../src/metrics/index.js'
import { type Bench, seriesOf, startBench } from '../support.js'
import { DAY, differences, HOUR, MINUTE, manual, NOON, readLevel, writer } from './support.js'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(() => bench?.cleanUp())

const open = (database: string) => bench.open(database, { tuning: { commitMs: 1 } })

/** A repeatable source of numbers in [0, 1). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function counterOf(store: Store, name: string, host: string): number {
  const { catalogue } = store
  return catalogue.addSeries(
    catalogue.addMetric({ name, isCounter: true }),
    catalogue.addEntity({ category: 'HOST', name: host, attributes: {} }),
  )
}

/** So many times in nine days; `npm run test:long` has more. */
const PLACES = Number(process.env.BELLWETHER_TEST_ROLLUP_PLACES ?? 45)

describe('every level agrees with plain loops over the samples', () => {
  it('random data: gaps, disorder, duplicates, single samples, negative and huge values, counters with resets', async () => {
    const store = await open('random')
    const written = writer(store)
    const next = random(7)
    const shapes: ((i: number) => number)[] = [
      () => next() * 100 - 50,
      () => Math.round(next() * 3),
      () => 42,
      () => (next() - 0.5) * 1e150,
      () => 1e12 + next() * 1e-2,
      () => next() * 1e-9,
    ]
    const series = [
      ...shapes.map((shape, i) => ({ id: seriesOf(store, `gauge${i}`, 'h1'), shape })),
      ...shapes.map((shape, i) => ({ id: seriesOf(store, `gauge${i}`, 'h2'), shape })),
      { id: counterOf(store, 'ops', 'h1'), shape: (i: number) => (i % 97) * 10 },
      { id: counterOf(store, 'ops', 'h2'), shape: (i: number) => i },
    ]
    const clock = { now: NOON + 20 * DAY }
    const rollups = manual(store, clock)
    for (let batch = 0; batch < 6; batch++) {
      const rows: [number, number, number][] = []
      for (const { id, shape } of series)
        for (let i = 0; i < 1.1 * PLACES; i++) {
          // Now and then a time that is taken already: the newer value holds.
          const step = Math.round(13_400 / PLACES)
          const time = NOON + Math.floor(next() * PLACES) * step * MINUTE + Math.floor(next() * 3)
          rows.push([id, time, shape(Math.floor((time - NOON) / MINUTE))])
        }
      await written.write(...rows)
      if (batch % 3 === 1) await rollups.pass()
    }
    await rollups.pass()
    expect(await differences(store, written)).toEqual([])
    for (const { name } of LEVELS) expect(rollups.unfolded(name, NOON, NOON + 18 * DAY)).toEqual([])
    await rollups.stop()
  })

  it('the documented example: 100 to 109 at 9:00 to 9:09', async () => {
    const store = await open('documented')
    const series = seriesOf(store, 'x', 'h')
    const nine = Date.UTC(2026, 0, 31, 9)
    const written = writer(store)
    await written.write(
      ...Array.from({ length: 10 }, (_, i): [number, number, number] => [series, nine + i * MINUTE, 100 + i]),
    )
    const rollups = manual(store, { now: nine + 11 * MINUTE })
    await rollups.pass()
    const [[bucket] = []] = [...(await readLevel(store, LEVELS[0]!)).values()]
    expect(bucket).toMatchObject({
      stamp: nine + 10 * MINUTE,
      count: 10,
      min: 100,
      minTime: nine,
      max: 109,
      maxTime: nine + 9 * MINUTE,
      mean: 104.5,
      sampleTime: nine + 9 * MINUTE,
      sampleValue: 109,
    })
    expect(Math.sqrt(bucket!.squares / 9)).toBeCloseTo(3.02765, 5)
    // The hour is not over.
    expect((await readLevel(store, LEVELS[1]!)).size).toBe(0)
    await rollups.stop()
  })

  it('buckets hold [start, end), are stamped with their end, and weeks begin on Monday in UTC', () => {
    const [ten, hour, six, day, week] = LEVELS
    expect(stampOf(ten!, Date.UTC(2026, 1, 1, 8, 20, 32))).toBe(Date.UTC(2026, 1, 1, 8, 30))
    expect(stampOf(ten!, Date.UTC(2026, 1, 1, 8, 30))).toBe(Date.UTC(2026, 1, 1, 8, 40))
    expect(stampOf(hour!, Date.UTC(2026, 1, 1, 8, 59, 59, 999))).toBe(Date.UTC(2026, 1, 1, 9))
    expect(stampOf(six!, Date.UTC(2026, 1, 1, 6))).toBe(Date.UTC(2026, 1, 1, 12))
    expect(stampOf(day!, Date.UTC(2026, 0, 31, 12))).toBe(Date.UTC(2026, 1, 1))
    expect(stampOf(week!, NOON)).toBe(Date.UTC(2026, 4, 18)) // from Sunday noon to Monday
    expect(new Date(stampOf(week!, NOON)).getUTCDay()).toBe(1)
  })

  it('large values with a small spread keep their standard deviation through all levels', async () => {
    const store = await open('digits')
    const series = seriesOf(store, 'x', 'h')
    const start = NOON - 5 * DAY
    const written = writer(store)
    const rows = Array.from({ length: 2_000 }, (_, i): [number, number, number] => [
      series,
      start + i * 3 * MINUTE,
      1e12 + (i % 2) * 0.25,
    ])
    await written.write(...rows)
    const rollups = manual(store, { now: NOON + 30 * DAY })
    await rollups.pass()
    for (const level of LEVELS) {
      const [buckets] = [...(await readLevel(store, level)).values()]
      for (const { squares, count } of buckets!)
        if (count % 2 === 0) expect(Math.sqrt(squares / count)).toBeCloseTo(0.125, 9)
    }
    await rollups.stop()
  })

  it('values that are no numbers are left out', async () => {
    const store = await open('not_numbers')
    const series = seriesOf(store, 'x', 'h')
    const written = writer(store)
    await written.write(
      [series, NOON, Number.NaN],
      [series, NOON + 1, 5],
      [series, NOON + 2, Number.POSITIVE_INFINITY],
      [series, NOON + HOUR, Number.NaN],
    )
    const rollups = manual(store, { now: NOON + 8 * DAY })
    await rollups.pass()
    expect(await differences(store, written)).toEqual([])
    await rollups.stop()
  })
})

describe('late samples', () => {
  it('are folded in days later, in every level, and only their buckets again', async () => {
    const store = await open('late')
    const a = seriesOf(store, 'x', 'a')
    const b = seriesOf(store, 'x', 'b')
    const written = writer(store)
    const clock = { now: NOON + 9 * DAY }
    const rollups = manual(store, clock)
    for (let hour = 0; hour < 48; hour++)
      await written.write([a, NOON + hour * HOUR, hour], [b, NOON + hour * HOUR + MINUTE, -hour])
    await rollups.pass()
    const before = await countFolds(store)
    await written.write([a, NOON + 3 * HOUR + 90_000, 1_000])
    await rollups.pass()
    expect(await differences(store, written)).toEqual([])
    expect((await countFolds(store)) - before).toBe(5)
    // Nothing new: nothing is folded.
    await rollups.pass()
    expect((await countFolds(store)) - before).toBe(5)
    await rollups.stop()
  })

  it('for a bucket that is open are folded when it is closed, once', async () => {
    const store = await open('open')
    const series = seriesOf(store, 'x', 'h')
    const written = writer(store)
    const clock = { now: NOON + 5 * MINUTE }
    const rollups = manual(store, clock)
    await written.write([series, NOON, 1])
    await rollups.pass()
    expect(rollups.unfolded('TEN_MINUTELY', NOON, NOON + HOUR)).toEqual([
      [NOON + 10 * MINUTE, NOON + 10 * MINUTE],
    ])
    expect(rollups.unfolded('HOURLY', NOON, NOON + HOUR)).toEqual([[NOON + HOUR, NOON + HOUR]])
    clock.now = NOON + 10 * MINUTE + 59_000
    await rollups.pass()
    expect(await countFolds(store)).toBe(0)
    expect(rollups.lag('TEN_MINUTELY')).toBe(0)
    clock.now = NOON + 11 * MINUTE
    await rollups.pass()
    expect(await countFolds(store)).toBe(1)
    expect(rollups.unfolded('TEN_MINUTELY', NOON, NOON + HOUR)).toEqual([])
    clock.now = NOON + HOUR + MINUTE
    await rollups.pass()
    expect(rollups.unfolded('HOURLY', NOON, NOON + HOUR)).toEqual([])
    expect(await differences(store, written, clock.now)).toEqual([])
    await rollups.stop()
  })
})

describe('several monitors on one database', () => {
  it('that fold the same at once, with samples coming, agree with plain loops', async () => {
    const store = await open('several')
    const clock = { now: NOON + 9 * DAY }
    const written = writer(store)
    const series = [1, 2, 3].map((i) => seriesOf(store, 'x', `h${i}`))
    const next = random(3)
    // A lease of no time: each takes itself for the only one.
    const monitors = [1, 2].map(() => manual(store, clock, { leaseMs: 0 }))
    for (let round = 0; round < 5; round++) {
      const write = written.write(
        ...Array.from({ length: 60 }, (): [number, number, number] => [
          series[Math.floor(next() * 3)]!,
          NOON + Math.floor(next() * DAY),
          next(),
        ]),
      )
      await Promise.all([write, ...monitors.map((each) => each.pass())])
    }
    await Promise.all(monitors.map((each) => each.pass()))
    expect(await differences(store, written)).toEqual([])
    await Promise.all(monitors.map((each) => each.stop()))
  })

  it('agree on one that folds; when it leaves another takes over', async () => {
    const store = await open('leader')
    const clock = { now: NOON + HOUR }
    const series = seriesOf(store, 'x', 'h')
    const written = writer(store)
    const monitors = [1, 2, 3].map(() => manual(store, clock))
    for (let i = 0; i < 2; i++) for (const each of monitors) await each.pass()
    const [leader, ...more] = monitors.filter((each) => each.isLeader)
    expect(more).toEqual([])
    const others = monitors.filter((each) => each !== leader)
    await written.write([series, NOON, 1])
    for (const each of others) await each.pass()
    expect(await countFolds(store)).toBe(0)
    expect(others[0]!.unfolded('TEN_MINUTELY', NOON, NOON + HOUR)).toHaveLength(1)
    await leader!.stop()
    for (const each of [...others, ...others]) await each.pass()
    expect(others.filter((each) => each.isLeader)).toHaveLength(1)
    expect(await differences(store, written, clock.now - MINUTE)).toEqual([])
    // What another has folded is noticed.
    for (const each of others) expect(each.unfolded('TEN_MINUTELY', NOON, NOON + HOUR)).toEqual([])
    await Promise.all(others.map((each) => each.stop()))
  })
})

/** How many buckets were folded, each time counted. */
async function countFolds(store: Store): Promise<number> {
  const result = await store.client.query({
    query: 'SELECT level, stamp, version FROM rollup_folds FINAL',
    format: 'JSONEachRow',
  })
  for (const row of await result.json()) folds.add(`${store.database} ${JSON.stringify(row)}`)
  return [...folds].filter((fold) => fold.startsWith(`${store.database} `)).length
}
const folds = new Set<string>()
