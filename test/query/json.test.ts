import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonBytes } from '../../src/query/api/json-bytes.js'
import { JsonSink } from '../../src/query/api/json-sink.js'
import { JsonStamps } from '../../src/query/api/json-stamps.js'
import type { StreamOwner } from '../../src/query/run/sink.js'
import { expressionText, type StreamTemplate } from '../../src/wire/timeseries-columns.js'
import { codePoint } from '../code-points.js'

const written = (value: number) => {
  const out = new JsonBytes()
  out.number(value)
  return Buffer.from(out.take()).toString()
}

/** Doubles of all kinds: any bits, decimals of few digits and their neighbours, averages, sizes at the bounds of forms. */
const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
const decimal = fc
  .tuple(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), fc.integer({ min: 0, max: 9 }))
  .map(([n, places]) => n / 10 ** places)
const average = fc
  .tuple(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 360 }))
  .map(([n, d]) => n / d)
const edge = fc.constantFrom(
  0,
  -0,
  0.001,
  -0.001,
  0.0005,
  1e-6,
  1e-7,
  5e-324,
  1e21,
  1e20,
  123456789012.345,
  999999999999.999,
  1e12,
  1e12 + 0.001,
  999999999999999,
  1e15,
  2 ** 53,
  -(2 ** 53),
  0.1 + 0.2,
  1.005,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
)
const neighbour = decimal.map((v) => v * (1 + Number.EPSILON))
const double = fc.oneof(finite, decimal, average, edge, neighbour)

describe('JSON as bytes', () => {
  test('numbers are written as JSON.stringify writes them', () => {
    fc.assert(
      fc.property(double, (value) => {
        expect(written(value)).toBe(JSON.stringify(value))
        // The second time from what is remembered.
        expect(written(value)).toBe(JSON.stringify(value))
      }),
      { numRuns: 5_000, seed: 11 },
    )
  })

  test('any streams are byte for byte what JSON.stringify makes of them, however they are taken', () => {
    const text = fc.oneof(
      fc.string({ unit: codePoint, maxLength: 12 }),
      fc.constantFrom('host', 'a"b\\', 'ä€😀', ''),
    )
    const owner = fc.record({ n: fc.integer({ min: 0, max: 3 }), displayName: text, extra: text })
    const time = fc.integer({ min: 0, max: 9_223_372_036 }).map((n) => n * 1000 + (n % 7))
    const points = fc.array(fc.tuple(time, double), { minLength: 1, maxLength: 30 })
    const stream = fc.record({ owner, points, shared: fc.boolean(), taken: fc.boolean() })
    fc.assert(
      fc.property(
        fc.array(stream, { maxLength: 12 }),
        fc.option(text, { nil: undefined }),
        fc.array(text, { maxLength: 2 }),
        (streams, alias, warnings) => {
          const sink = new JsonSink(() => ({ name: '', displayName: '' }), 45)
          const template: StreamTemplate = {
            metricName: 'cpu "x"',
            ...(alias !== undefined && { alias }),
            unitNumerators: ['percent'],
            unitDenominators: [],
            rollupUsed: 'RAW',
            expression: ['SELECT x WHERE entityName = ', { quoted: 'entityName' }],
          }
          const head = {
            timeSeriesQuery: 'select "x"',
            startTime: '2026-01-01T00:00:00.000Z',
            endTime: '2026-01-02T00:00:00.000Z',
          }
          const pieces: Buffer[] = []
          // Where times are shared, a later stream has those of the first.
          const cluster = { clusterName: 'c', clusterDisplayName: 'c' }
          const grid = streams[0]?.points.map(([t]) => t) ?? []
          sink.beginStatement(head, (entity) => entity % 2 === 0)
          sink.beginItem(template)
          const timeSeries = streams.map(
            ({ owner: { n, displayName, extra }, points: own, shared, taken }) => {
              const from: StreamOwner = {
                index: n,
                category: 'HOST',
                name: `n${n}`,
                displayName,
                attributes: { extra, ...cluster },
              }
              const times = own.map(([t], i) => (shared ? (grid[i] ?? t) : t))
              sink.addStream(from, 60_000, {
                times: Float64Array.of(0, ...times),
                values: Float64Array.of(0, ...own.map(([, v]) => v)),
                start: 1,
                end: own.length + 1,
              })
              if (taken) pieces.push(Buffer.from(sink.take()))
              const attributes = {
                extra,
                ...cluster,
                active: n % 2 === 0 ? 'true' : 'false',
                category: 'HOST',
                entityName: `n${n}`,
              }
              return {
                metadata: {
                  metricName: template.metricName,
                  entityName: displayName,
                  startTime: head.startTime,
                  endTime: head.endTime,
                  attributes,
                  unitNumerators: template.unitNumerators,
                  unitDenominators: template.unitDenominators,
                  expression: expressionText(template.expression, attributes),
                  ...(alias !== undefined && { alias }),
                  metricCollectionFrequencyMs: 60_000,
                  rollupUsed: 'RAW',
                },
                data: own.map(([, value], i) => ({
                  timestamp: new Date(times[i] as number).toISOString(),
                  value,
                  type: 'SAMPLE',
                })),
              }
            },
          )
          sink.endStatement(warnings, { marks: [] })
          sink.end()
          pieces.push(Buffer.from(sink.take()))
          const items = [{ timeSeries, warnings, timeSeriesQuery: head.timeSeriesQuery }]
          expect(Buffer.concat(pieces).toString()).toBe(Buffer.from(JSON.stringify({ items })).toString())
        },
      ),
      { numRuns: 150, seed: 12 },
    )
  })

  test('times of any year, of answers one after another and at once', () => {
    const edges = [
      0,
      1,
      86_399_999,
      86_400_000,
      Date.UTC(2026, 1, 28, 23, 59, 59, 999),
      Date.UTC(9999, 11, 31, 23, 59, 59, 999),
      Date.UTC(10_000, 0, 1),
      Date.UTC(12_345, 0, 1),
    ]
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(...edges), fc.integer({ min: 0, max: 4e12 })), { maxLength: 8 }),
        (times) => {
          const stamps = new JsonStamps()
          const text = (bytes: Uint8Array) =>
            /"timestamp":"(.*)","value":$/.exec(Buffer.from(bytes).toString())?.[1]
          for (const round of [times, [...times].reverse()])
            for (const [place, time] of round.entries()) {
              expect(text(stamps.between(place, time))).toBe(new Date(time).toISOString())
              if (place === 0) expect(text(stamps.first(time))).toBe(new Date(time).toISOString())
            }
        },
      ),
      { numRuns: 500, seed: 3 },
    )
  })
  test('streams longer than the stamps that are kept', () => {
    const sink = new JsonSink(() => ({ name: '', displayName: '' }), 45)
    const n = 10_000
    const template: StreamTemplate = {
      metricName: 'm',
      unitNumerators: [],
      unitDenominators: [],
      rollupUsed: 'RAW',
      expression: [],
    }
    sink.beginStatement({ timeSeriesQuery: '', startTime: '', endTime: '' }, () => true)
    sink.beginItem(template)
    const owner = { category: '', name: '', displayName: '', attributes: {} }
    for (const shift of [0, 1]) {
      const times = Float64Array.from({ length: n }, (_, i) => 1_700_000_000_000 + i * 1000 + shift)
      sink.addStream(owner, 0, { times, values: times, start: 0, end: n })
    }
    sink.endStatement([], { marks: [] })
    sink.end()
    const { items } = JSON.parse(Buffer.from(sink.take()).toString()) as {
      items: { timeSeries: { data: { timestamp: string; value: number }[] }[] }[]
    }
    expect(items[0]?.timeSeries.map(({ data }) => data.length)).toEqual([n, n])
    for (const { data } of items[0]?.timeSeries ?? [])
      expect(data.every(({ timestamp, value }) => Date.parse(timestamp) === value)).toBe(true)
  })
})
