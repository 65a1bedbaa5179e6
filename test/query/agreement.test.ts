import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { QueryLimits } from '../../src/query/index.js'
import { parseScript, type SelectItem } from '../../src/query/syntax/index.js'
import { type Data, evaluate, needs, type Point } from './naive.js'
import { host, openQueryBed, type QueryBed, withLimits } from './support.js'

/**
 * Random queries over random data: the product, over the real store, against loops over lists. So many a way of the three;
 * from memory fewer, and in `npm run test:long` many more, of another seed.
 */
const LONG = process.env.BELLWETHER_TEST_CASES
const CASES = Number(LONG ?? (process.env.BELLWETHER_TEST_HOT ? 250 : 450))
const SEED = 20260106 + Number(LONG ?? 0)
// Every kind of gap that `makeData` makes from a number is among the first twelve.
const ENTITIES = 12
const METRICS = ['gauge', 'jittered', 'counter', 'sparse', 'other_period', 'lonely', 'close']
const T = Date.UTC(2026, 0, 6)
const LENGTH = 3_600_000

let bed: QueryBed
const data: Data[] = []

/** A small generator of its own, so that the data is the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 0) / 2 ** 32
  }
}

function makeData(seed: number): Data {
  const random = randomFrom(seed)
  const series = (period: number, jitter: number, missing: number, next: (i: number) => number): Point[] => {
    const points: Point[] = []
    for (let t = T; t < T + LENGTH; t += period)
      if (random() >= missing) points.push([t + Math.floor(random() * jitter), next(points.length)])
    return points
  }
  let count = 0
  const result: Data = {
    gauge: series(60_000, 0, 0.1, () =>
      random() < 0.02
        ? Number.NaN
        : random() < 0.02
          ? Number.NEGATIVE_INFINITY
          : Math.round(random() * 200 - 100) / 4,
    ),
    jittered: series(60_000, 900, 0, () => random() * 1000),
    counter: series(60_000, 0, 0.05, () => (count = random() < 0.05 ? 0 : count + Math.floor(random() * 50))),
    sparse: series(60_000, 0, 0.8, () => Math.floor(random() * 3)),
    other_period: series(300_000, 5_000, 0, () => random() * 10),
    lonely: [[T + Math.floor(random() * LENGTH), 7]],
    // So close that in memory buckets are made of bins; of two thirds of an hour less, for each sample costs time here.
    close: series(10_000, 0, seed % 2 === 0 ? 0 : 0.02, () => Math.round(random() * 8000) / 8).filter(
      ([t]) => t >= T + 1_200_000 && t < T + 2_400_000,
    ),
  }
  // A gap in the middle, and entities that lack a metric.
  if (seed % 3 === 0)
    result.gauge = (result.gauge ?? []).filter(([t]) => t < T + 900_000 || t > T + 2_400_000)
  if (seed % 4 === 0) delete result.sparse
  return result
}

beforeAll(async () => {
  bed = await openQueryBed({ streams: 1000 })
  const writes: Promise<void>[] = []
  for (let e = 0; e < ENTITIES; e++) {
    const own = makeData(e + 1)
    data.push(own)
    // In two halves that overlap: samples come twice, and later ones first.
    for (const [metric, points] of Object.entries(own)) {
      const middle = Math.floor(points.length / 2)
      writes.push(bed.put(metric, host(`h${e}`), points.slice(Math.max(0, middle - 3))))
      writes.push(bed.put(metric, host(`h${e}`), points.slice(0, middle)))
    }
  }
  await Promise.all(writes)
}, 120_000)
afterAll(() => bed.cleanUp())

const metric = fc.constantFrom(...METRICS)
const number = fc.constantFrom('0', '1', '2.5', '100')
const condition = fc
  .tuple(metric, fc.constantFrom('<', '<=', '!=', '>'), fc.constantFrom('0', '7', '10.7', '50.3'))
  .map((parts) => parts.join(' '))
const { stream, scalar } = fc.letrec<{ stream: string; scalar: string }>((tie) => ({
  stream: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    metric,
    fc
      .tuple(fc.constantFrom('dt', 'dt0', 'integral', 'increase', 'abs', 'floor', 'sqrt'), tie('stream'))
      .map(([f, s]) => `${f}(${s})`),
    fc.tuple(tie('stream'), fc.constantFrom('60', '90.5', '600')).map(([s, n]) => `moving_avg(${s}, ${n})`),
    fc
      .tuple(
        tie('stream'),
        fc.constantFrom('60', '300', '420', '900'),
        fc.constantFrom('avg', 'min', 'max', 'sum', 'last', 'count'),
      )
      .map(([s, n, by]) => `resample(${s}, ${n}, ${by})`),
    fc.tuple(tie('stream'), fc.constantFrom('60', '600', '-120')).map(([s, n]) => `timeshift(${s}, ${n})`),
    fc
      .tuple(fc.constantFrom('greatest', 'least'), tie('stream'), tie('scalar'))
      .map(([f, s, x]) => `${f}(${s}, ${x})`),
    fc
      .tuple(tie('stream'), fc.constantFrom('+', '-', '*', '/'), fc.oneof(tie('stream'), tie('scalar')))
      .map(([a, o, b]) => `(${a} ${o} ${b})`),
    fc
      .tuple(
        fc.oneof(
          tie('stream'),
          tie('scalar').filter((s) => /[a-z]/.test(s)),
        ),
        fc.constantFrom('<', '<=', '>=', '>'),
        fc.constantFrom('-2.51', '0.013', '10.7', '50.3'),
        fc.oneof(tie('stream'), tie('scalar')),
      )
      .map(([a, o, n, b]) => `when(${a} ${o} ${n}, ${b})`),
    fc
      .tuple(metric, fc.constantFrom('<=', '=', '!=', '>='), fc.constantFrom('0', '1', '7'))
      .map(([a, o, n]) => `when(${a} ${o} ${n})`),
    fc
      .tuple(
        condition,
        condition,
        condition,
        fc.constantFrom('AND', 'OR'),
        fc.constantFrom('AND', 'OR'),
        fc.oneof(tie('stream'), tie('scalar')),
      )
      .map(([a, b, c, one, other, kept]) => `when(${a} ${one} (${b} ${other} ${c}), ${kept})`),
    fc
      .tuple(tie('scalar'), fc.constantFrom('+', '-', '*', '/'), tie('stream'))
      .map(([a, o, b]) => `(${a} ${o} ${b})`),
  ),
  scalar: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    number,
    fc
      .tuple(fc.constantFrom('last', 'min', 'max', 'avg', 'sum', 'count', 'stddev'), tie('stream'))
      .map(([f, s]) => `${f}(${s})`),
    fc
      .tuple(tie('scalar'), fc.constantFrom('+', '-', '*', '/'), tie('scalar'))
      .map(([a, o, b]) => `(${a} ${o} ${b})`),
  ),
}))
const time = fc.integer({ min: -10, max: 70 }).map((minutes) => T + minutes * 60_000)
const query = fc.record({
  expression: fc.oneof(
    { weight: 3, arbitrary: stream },
    { weight: 1, arbitrary: scalar.filter((s) => /[a-z]/.test(s)) },
  ),
  ends: fc
    .tuple(time, time, fc.constantFrom(0, 1, 12_345))
    .map(([a, b, odd]) => [Math.min(a, b), Math.max(a, b) + odd] as const),
  who: fc.oneof(fc.constant(undefined), fc.integer({ min: 0, max: ENTITIES - 1 })),
})

function expected(
  expression: string,
  from: number,
  to: number,
  who: number | undefined,
): Map<string, Point[]> {
  const [statement] = parseScript(`select ${expression}`).script?.statements ?? []
  const [item] = (statement?.select ?? []) as unknown as readonly [SelectItem]
  const metrics = [...needs(item.expression)]
  const result = new Map<string, Point[]>()
  data.forEach((own, e) => {
    if ((who !== undefined && who !== e) || metrics.some((name) => own[name] === undefined)) return
    const value = evaluate(item.expression, { data: own, from, to, core: from })
    const points = typeof value === 'number' ? ([[to, value]] as Point[]) : value.points
    if (points.length > 0) result.set(`h${e}`, points)
  })
  return result
}

const close = (a: number, b: number) => Math.abs(a - b) <= 1e-7 * Math.max(1, Math.abs(a), Math.abs(b))

/** The same query in three ways: samples read, aggregated by the store, and in many small pieces. */
const WAYS: Record<string, Partial<QueryLimits>> = {
  'samples read': { fewSamples: 1e9 },
  'aggregated by the store': { fewSamples: 0 },
  'in small pieces': { fewSamples: 0, chunkPoints: 1500 },
}

describe('agreement with a naive evaluator', () => {
  test.each(Object.keys(WAYS))(
    'random queries over random data, %s',
    async (way) => {
      const own = withLimits(bed, { ...WAYS[way], streams: 1000 })
      let withPoints = 0
      await fc.assert(
        fc.asyncProperty(query, async ({ expression, ends: [from, to], who }) => {
          const where = who === undefined ? '' : ` where hostname = h${who}`
          const item = await own.ask(
            `select ${expression}${where}`,
            { from, to },
            { mustUseDesiredRollup: 'true' },
          )
          const wanted = expected(expression, from, to, who)
          if (wanted.size > 0) withPoints++
          expect(item.timeSeries.map((s) => s.metadata.attributes.hostname).sort()).toEqual(
            [...wanted.keys()].sort(),
          )
          for (const { metadata, data: points } of item.timeSeries) {
            const want = wanted.get(metadata.attributes.hostname as string) as Point[]
            expect(points.map((p) => Date.parse(p.timestamp))).toEqual(want.map(([t]) => t))
            for (const [i, { value }] of points.entries())
              if (!close(value, (want[i] as Point)[1]))
                throw new Error(`${value} instead of ${(want[i] as Point)[1]}`)
          }
        }),
        { seed: SEED + way.length, numRuns: CASES },
      )
      expect(withPoints).toBeGreaterThan(CASES / 2.5)
      await own.api.stop()
    },
    LONG ? 3_600_000 : 120_000,
  )

  test('what the store folds over entities is what is folded here', async () => {
    const store = withLimits(bed, { fewSamples: 0, streams: 1000 })
    const here = withLimits(bed, { fewSamples: 1e9, streams: 1000 })
    const wheres = ['', ' where hostname rlike "h1.*"', ' where hostname rlike "h[0-9]"']
    for (const [i, by] of ['avg', 'min', 'max', 'sum'].entries())
      for (const [j, step] of [60, 300, 420].entries())
        for (const [k, metric] of METRICS.entries()) {
          // Each metric meets each of them in turn.
          const where = wheres[(2 * i + j + k) % wheres.length]
          const query = `select ${by}_by(resample(${metric}, ${step}, ${by})), ${by}_by(resample(gauge, ${step}, ${by})) * 2${where}`
          const [one, other] = await Promise.all(
            [store, here].map((bed) => bed.ask(query, { from: T + 1, to: T + LENGTH })),
          )
          expect(one?.timeSeries.length).toBe(2)
          const points = (item: typeof one) => item!.timeSeries.flatMap(({ data }) => data)
          const [ours, theirs] = [points(one), points(other)]
          expect(ours.map((p) => p.timestamp)).toEqual(theirs.map((p) => p.timestamp))
          for (const [i, { value }] of ours.entries())
            if (!close(value, theirs[i]!.value)) throw new Error(`${query}: ${value}, ${theirs[i]!.value}`)
        }
    await store.api.stop()
    await here.api.stop()
  }, 120_000)
})
