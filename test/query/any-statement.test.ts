import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ArgumentKind, FUNCTIONS, type FunctionSignature } from '../../src/query/syntax/index.js'
import type { TimeSeriesResponse } from '../../src/wire/timeseries.js'
import { host, openQueryBed, type QueryBed } from './support.js'

/** Every function in every other, with arguments that may be wrong: an answer within its window, or a refusal with a place. */
let bed: QueryBed
const T = Date.UTC(2026, 0, 7)

beforeAll(async () => {
  bed = await openQueryBed()
  const minutes = (value: (i: number) => number) =>
    Array.from({ length: 90 }, (_, i) => [T - 1_800_000 + i * 60_000, value(i)] as const)
  for (const name of ['a', 'b']) {
    const entity = host(name, { rackId: '/r', le: name === 'a' ? '1' : '+Inf' })
    await bed.put(
      { name: 'gauge', unitNumerators: ['bytes'] },
      entity,
      minutes((i) => Math.sin(i) * 9),
    )
    await bed.put(
      { name: 'total_x', isCounter: true },
      entity,
      minutes((i) => (i % 50) * 3),
    )
    await bed.put('rare', entity, [
      [T - 60_000, 1],
      [T + 600_000, 2],
    ])
  }
}, 120_000)
afterAll(() => bed.cleanUp())

test('every statement of the corpus is answered, with streams where its metrics are there', async () => {
  const lines = readFileSync(new URL('./fixtures/tsquery-corpus.txt', import.meta.url), 'utf8').split('\n')
  const statements = lines.flatMap(
    (line) => /^(select\b.*?)\s+# \[(?!unverified)\w+\]$/i.exec(line)?.[1] ?? [],
  )
  expect(statements.length).toBeGreaterThan(140)
  const names = ['HOSTNAME', 'HOSTID', 'SERVICENAME', 'ROLENAME', 'CLUSTERID']
  const variables = Object.fromEntries(names.map((name) => [name, 'a']))
  const counts = { gauge: 0, others: 0 }
  // The second time about metrics that there are.
  for (const text of statements)
    for (const query of [
      text,
      text.replace(/\b(load_\d+|cpu_percent|mem_rss|fd_open|jvm_\w+)\b/g, 'gauge'),
    ]) {
      const body = JSON.stringify({ query, variables, from: String(T), to: String(T + 600_000) })
      const response = await bed.api.app.request('/api/v45/timeseries', { method: 'POST', body })
      const answer = (await response.json()) as TimeSeriesResponse
      expect([query, response.status]).toEqual([query, 200])
      for (const { timeSeries } of answer.items)
        counts[query === text ? 'others' : 'gauge'] += timeSeries.length
    }
  expect(counts.gauge).toBeGreaterThan(counts.others)
}, 60_000)

const METRICS = [
  'gauge',
  'total_x',
  'x_rate',
  'rare',
  'gauge_across_hosts',
  'total_x_rate_across_hosts',
  'none',
]
const ARGUMENTS: Partial<Record<ArgumentKind, readonly string[]>> = {
  number: ['0', '0.5', '2', '99', '-1', '1e300'],
  seconds: ['60', '5m', '0.1', '-300', '1w', '1e9'],
  fact: ['numCores', 'nothing'],
  statistic: ['max', 'counter', 'total', 'std_dev', 'nothing'],
  role: ['datanode', 'running'],
  attribute: ['hostname', 'rackId', 'nothing'],
  resampling: ['avg', 'last', 'count', 'nothing'],
}

const { expression } = fc.letrec<{ expression: string; condition: string; argument: string }>((tie) => {
  const argument = (kind: ArgumentKind): fc.Arbitrary<string> => {
    if (kind === 'condition') return tie('condition')
    const words = ARGUMENTS[kind]
    return words === undefined ? tie('expression') : fc.constantFrom(...words)
  }
  const call = ({ spelling, arguments: kinds, required }: FunctionSignature) =>
    fc
      .tuple(fc.tuple(...kinds.map(argument)), fc.integer({ min: required, max: kinds.length }))
      .map(([args, count]) => `${spelling}(${args.slice(0, count).join(', ')})`)
  return {
    condition: fc
      .tuple(
        tie('expression'),
        fc.constantFrom('>', '<=', '!='),
        fc.constantFrom('0', '-1', '5', '1 kb', '3 s'),
      )
      .map((parts) => parts.join(' ')),
    argument: tie('expression'),
    expression: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 3, arbitrary: fc.constantFrom(...METRICS) },
      { weight: 1, arbitrary: fc.constantFrom('1', '0') },
      { weight: 8, arbitrary: fc.oneof(...[...FUNCTIONS.values()].map(call)) },
      {
        weight: 2,
        arbitrary: fc
          .tuple(tie('expression'), fc.constantFrom('+', '-', '*', '/'), tie('expression'))
          .map(([a, operator, b]) => `(${a} ${operator} ${b})`),
      },
    ),
  }
})

test('an answer within its window, or a refusal with a place', async () => {
  let answered = 0
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(expression, expression),
      fc.constantFrom('', ' where last(gauge) > 0', ' where category = CLUSTER', ' hour in [0:1]'),
      fc.constantFrom('RAW', 'TEN_MINUTELY', 'HOURLY'),
      fc.constantFrom(0, 1, 90_000, 3_600_000),
      async (items, where, desiredRollup, length) => {
        const response = await bed.get({
          query: `select ${items.join(', ')}${where}`,
          from: String(T),
          to: String(T + length),
          timeZone: 'UTC',
          desiredRollup,
          mustUseDesiredRollup: 'true',
        })
        const body = (await response.json()) as TimeSeriesResponse & { problems: { offset: number }[] }
        if (response.status === 400) {
          expect(body.problems.length).toBeGreaterThan(0)
          return
        }
        expect(response.status).toBe(200)
        for (const { data } of body.items.flatMap((item) => item.timeSeries)) {
          answered++
          expect(data.length).toBeGreaterThan(0)
          const times = data.map(({ timestamp }) => Date.parse(timestamp))
          expect(times).toEqual([...new Set(times)].sort((a, b) => a - b))
          for (const { value } of data) expect(Number.isFinite(value)).toBe(true)
          if (!/predict_linear|timeshift/.test(items.join())) {
            // The last sample of a rollup's bucket may be before the window.
            if (desiredRollup === 'RAW') expect(times[0]).toBeGreaterThanOrEqual(T)
            expect(times.at(-1)).toBeLessThanOrEqual(T + length)
          }
        }
      },
    ),
    { seed: 19, numRuns: 300 },
  )
  expect(answered).toBeGreaterThan(100)
}, 120_000)
