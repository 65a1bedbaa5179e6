import { afterAll, beforeAll, expect, it } from 'vitest'
import { LEVELS } from '../../../src/metrics/index.js'
import { createQueryApi } from '../../../src/query/index.js'
import { chooseRollup } from '../../../src/query/plan/rollup-choice.js'
import type { TimeSeriesResponse } from '../../../src/wire/timeseries.js'
import { type Bench, seriesOf, silent, startBench } from '../support.js'
import { DAY, HOUR, MINUTE, manual, NOON, writer } from './support.js'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(() => bench?.cleanUp())

/** Numbers without their last digits: sums in another order differ there. */
const rounded = (_: string, value: unknown) =>
  typeof value === 'number' ? Number(value.toPrecision(12)) : value

it('queries of rollups answer the same from the rollups, and from the samples where there is none yet', async () => {
  const store = await bench.open('query', { tuning: { commitMs: 1 } })
  const written = writer(store)
  const series = [1, 2, 3].map((i) => seriesOf(store, 'x', `h${i}`))
  const start = NOON - 9 * DAY
  const now = NOON + 25 * MINUTE
  const rows = series.flatMap((id) =>
    Array.from({ length: 1_500 }, (_, i): [number, number, number] => [
      id,
      start + i * 9 * MINUTE + id,
      Math.round(Math.sin(i * id) * 1000) / 10,
    ]),
  )
  await written.write(...rows.filter(([, time]) => time < now))
  // The clock of the rollups is behind: the newest buckets are not folded.
  const rollups = manual(store, { now: NOON - 3 * HOUR })
  await rollups.pass()
  expect(rollups.unfolded('HOURLY', NOON - DAY, NOON)).toEqual([[NOON - 3 * HOUR, NOON]])
  const ask = async (api: ReturnType<typeof createQueryApi>, level: string) => {
    const query = new URLSearchParams({
      query: 'select x where category = HOST',
      from: new Date(start - DAY).toISOString(),
      to: new Date(now).toISOString(),
      desiredRollup: level,
      mustUseDesiredRollup: 'true',
    })
    const response = await api.app.request(`/api/v45/timeseries?${query}`)
    const text = await response.text()
    expect(response.status, text).toBe(200)
    return JSON.parse(text, rounded) as TimeSeriesResponse
  }
  const plain = createQueryApi({ store, logger: silent })
  const fromRollups = createQueryApi({ store, rollups, logger: silent })
  for (const { name } of LEVELS) {
    const wanted = await ask(plain, name)
    expect(wanted.items[0]?.timeSeries[0]?.data.length).toBeGreaterThan(0)
    expect(await ask(fromRollups, name)).toEqual(wanted)
  }
  // It is the rollups that answer: a change of them shows.
  await store.client.command({
    query: 'ALTER TABLE rollup_daily UPDATE diff = diff + 500, max = 1e6 WHERE 1 SETTINGS mutations_sync = 1',
  })
  expect(await ask(fromRollups, 'DAILY')).not.toEqual(await ask(plain, 'DAILY'))
  await Promise.all([plain.stop(), fromRollups.stop(), rollups.stop()])
})

it('rates of counters over coarse buckets are right across resets, from rollups and from samples', async () => {
  const store = await bench.open('counters', { tuning: { commitMs: 1 } })
  const { catalogue } = store
  const series = catalogue.addSeries(
    catalogue.addMetric({ name: 'ops', isCounter: true }),
    catalogue.addEntity({ category: 'HOST', name: 'h', attributes: {} }),
  )
  // One a second, read each minute; every 100 minutes it starts again at 0.
  const start = NOON - 5 * DAY
  const written = writer(store)
  await written.write(
    ...Array.from({ length: 5 * 1440 }, (_, i): [number, number, number] => [
      series,
      start + i * MINUTE,
      (i % 100) * 60,
    ]),
  )
  const rollups = manual(store, { now: NOON + DAY })
  await rollups.pass()
  for (const api of [
    createQueryApi({ store, logger: silent }),
    createQueryApi({ store, rollups, logger: silent }),
  ]) {
    for (const level of ['HOURLY', 'DAILY']) {
      const query = new URLSearchParams({
        query: 'select ops_rate',
        from: new Date(start).toISOString(),
        to: new Date(NOON).toISOString(),
        desiredRollup: level,
        mustUseDesiredRollup: 'true',
      })
      const response = await api.app.request(`/api/v45/timeseries?${query}`)
      const answer = (await response.json()) as TimeSeriesResponse
      const values = answer.items[0]?.timeSeries[0]?.data.map(({ value }) => value) ?? []
      expect(values.length).toBeGreaterThan(3)
      // Of each reset one interval of the hundred is not known.
      for (const value of values) {
        expect(value).toBeLessThanOrEqual(1)
        expect(value).toBeGreaterThan(0.96)
      }
    }
    await api.stop()
  }
  await rollups.stop()
})

it('a window whose samples are dropped is answered from the finest level that has it', () => {
  const kept: Record<string, number> = {
    RAW: NOON - 30 * DAY,
    TEN_MINUTELY: NOON - 90 * DAY,
    HOURLY: NOON - 90 * DAY,
  }
  const choose = (daysAgo: number, mustUse = false) =>
    chooseRollup(
      { desired: 'RAW', mustUse },
      { from: NOON - daysAgo * DAY, to: NOON - daysAgo * DAY + HOUR },
      [],
      (level) => kept[level] ?? 0,
    )
  expect(choose(20)).toBe('RAW')
  expect(choose(31)).toBe('TEN_MINUTELY')
  expect(choose(91)).toBe('SIX_HOURLY')
  expect(choose(31, true)).toBe('RAW')
  for (const level of ['SIX_HOURLY', 'DAILY', 'WEEKLY']) kept[level] = NOON - 100 * DAY
  expect(choose(200)).toBe('SIX_HOURLY')
})
