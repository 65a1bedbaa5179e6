import type { Attributes } from '@opentelemetry/api'
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createOtlpJsonDecoder } from '../../src/ingest/formats/otlp-json.js'
import { millisecondsOf, unitsOf } from '../../src/ingest/formats/otlp-point.js'
import { createOtlpProtobufDecoder } from '../../src/ingest/formats/otlp-protobuf.js'
import { createOtlpSamples } from '../../src/ingest/formats/otlp-samples.js'
import { DEFAULT_LIMITS } from '../../src/ingest/limits.js'
import { contextFor, NOW } from './support/decode.js'
import { keyValue, otlpJson } from './support/encode.js'
import { type Field, message } from './support/protobuf-writer.js'
import { post, startBench, type TestBench, type TestIngest } from './support/server.js'

const NS = `${NOW}000000`
const at = (ms: number) => `${NOW + ms}000000`

function run(
  metrics: unknown[],
  resource: unknown = {},
  context = contextFor(),
  take = createOtlpSamples(DEFAULT_LIMITS),
) {
  const body = { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] }
  createOtlpJsonDecoder(DEFAULT_LIMITS, take)(Buffer.from(JSON.stringify(body)), context)
  return context
}

const found = (context: ReturnType<typeof contextFor>) =>
  context.samples().map((s) => [s.metric, s.entityName, s.value])

test('a cumulative sum that is monotonic is a counter, with unit and description', () => {
  const { catalogue } = run([
    {
      name: 'http.server.bytes',
      unit: 'By',
      description: 'What was sent.',
      sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ timeUnixNano: NS, asInt: '12' }] },
    },
    {
      name: 'queue',
      unit: '{item}',
      sum: { aggregationTemporality: 2, dataPoints: [{ timeUnixNano: NS, asInt: '-3' }] },
    },
  ])
  expect(catalogue.metrics.map((m) => [m.name, m.isCounter, m.unitNumerators, m.description])).toEqual([
    ['http_server_bytes', true, ['bytes'], 'What was sent.'],
    ['queue', false, [], ''],
  ])
})

test('deltas are added up; a delta that comes again is not, an older one is left out', () => {
  const take = createOtlpSamples(DEFAULT_LIMITS)
  const context = contextFor()
  const delta = (ms: number, value: number) =>
    run(
      [
        {
          name: 'd',
          sum: {
            aggregationTemporality: 1,
            isMonotonic: true,
            dataPoints: [{ timeUnixNano: at(ms), asDouble: value }],
          },
        },
      ],
      {},
      context,
      take,
    )
  delta(0, 5)
  delta(10, 7)
  delta(10, 7)
  delta(5, 100)
  delta(20, 1)
  expect(context.samples().map((s) => [s.time - NOW, s.value])).toEqual([
    [0, 5],
    [10, 12],
    [10, 12],
    [20, 13],
  ])
  expect(context.outcome.skipped.get('late')).toBe(1)
})

test('a histogram becomes buckets with le, a sum and a count', () => {
  const point = {
    timeUnixNano: NS,
    count: '6',
    sum: 9.5,
    bucketCounts: ['1', '2', '3'],
    explicitBounds: [0.5, 10],
  }
  const context = run([
    { name: 'h', unit: 's', histogram: { aggregationTemporality: 2, dataPoints: [point] } },
  ])
  expect(found(context)).toEqual([
    ['h_count', 'custom', 6],
    ['h_sum', 'custom', 9.5],
    ['h_bucket', 'le=0.5', 1],
    ['h_bucket', 'le=10', 3],
    ['h_bucket', 'le=+Inf', 6],
  ])
  expect(context.catalogue.metrics.map((m) => [m.isCounter, m.unitNumerators])).toEqual([
    [true, []],
    [true, ['seconds']],
    [true, []],
  ])
})

test('an exponential histogram becomes buckets with le, two for each doubling, whatever its scale', () => {
  const point = (scale: number, positive: object) => ({
    timeUnixNano: NS,
    count: '9',
    sum: 20,
    scale,
    zeroCount: '2',
    positive,
    negative: { offset: 2, bucketCounts: ['1'] },
  })
  const of = (scale: number, positive: object, temporality = 2) =>
    found(
      run([
        {
          name: 'e',
          unit: 's',
          exponentialHistogram: {
            aggregationTemporality: temporality,
            dataPoints: [point(scale, positive)],
          },
        },
      ]),
    )
  const head = [
    ['e_count', 'custom', 9],
    ['e_sum', 'custom', 20],
  ]
  // Scale 0: (1, 2] holds 1, (4, 8] holds 5; of negative values [-8, -4) holds 1.
  expect(of(0, { offset: 0, bucketCounts: ['1', '0', '5'] })).toEqual([
    ...head,
    ['e_bucket', 'le=-8', 0],
    ['e_bucket', 'le=-4', 1],
    ['e_bucket', 'le=0', 3],
    ['e_bucket', 'le=1', 3],
    ['e_bucket', 'le=2', 4],
    ['e_bucket', 'le=4', 4],
    ['e_bucket', 'le=8', 9],
    ['e_bucket', 'le=+Inf', 9],
  ])
  // Scale 3 has eight buckets for a doubling: four of them are one here.
  const finer = of(3, { offset: -4, bucketCounts: ['1', '1', '1', '1', '2'] })
  expect(finer.filter(([, labels]) => !labels?.toString().includes('-'))).toEqual([
    ...head,
    ['e_bucket', 'le=0', 3],
    ['e_bucket', 'le=0.707106781187', 3],
    ['e_bucket', 'le=1', 7],
    ['e_bucket', 'le=1.41421356237', 9],
    ['e_bucket', 'le=+Inf', 9],
  ])
  expect(of(0, { offset: 0, bucketCounts: ['6'] }, 1)).toEqual(head)
  for (const odd of [-1e9, 1e9, 1e308])
    expect(of(odd, { offset: 1e308, bucketCounts: ['6'] }).length).toBeGreaterThan(2)
})

test('a summary, an exponential histogram, a point without a value', () => {
  const context = run([
    {
      name: 's',
      summary: {
        dataPoints: [
          { timeUnixNano: NS, count: '2', sum: 3, quantileValues: [{ quantile: 0.5, value: 1.5 }] },
        ],
      },
    },
    {
      name: 'e',
      exponentialHistogram: {
        aggregationTemporality: 2,
        dataPoints: [{ timeUnixNano: NS, count: '4', sum: 8 }],
      },
    },
    { name: 'n', gauge: { dataPoints: [{ timeUnixNano: NS, flags: 1 }] } },
    { name: 'x', gauge: { dataPoints: [{ timeUnixNano: NS, asDouble: 'NaN' }] } },
  ])
  expect(found(context)).toEqual([
    ['s_count', 'custom', 2],
    ['s_sum', 'custom', 3],
    ['s', 'quantile=0.5', 1.5],
    ['e_count', 'custom', 4],
    ['e_sum', 'custom', 8],
  ])
  expect(Object.fromEntries(context.outcome.skipped)).toEqual({ stale: 1, nan: 1 })
})

test('attributes of resource and point are labels; the point wins; what is volatile or no scalar is left out', () => {
  const attribute = (key: string, value: unknown) => ({ key, value })
  const context = run(
    [
      {
        name: 'g',
        gauge: {
          dataPoints: [
            {
              timeUnixNano: NS,
              asInt: 1,
              attributes: [
                attribute('http.route', { stringValue: '/x' }),
                attribute('n', { intValue: '5' }),
                attribute('ok', { boolValue: true }),
                attribute('list', { arrayValue: { values: [] } }),
                attribute('env', { stringValue: 'test' }),
              ],
            },
          ],
        },
      },
    ],
    {
      attributes: [
        attribute('service.name', { stringValue: 'shop' }),
        attribute('host.name', { stringValue: 'a1' }),
        attribute('process.pid', { intValue: '77' }),
        attribute('telemetry.sdk.version', { stringValue: '1' }),
        attribute('env', { stringValue: 'prod' }),
      ],
    },
  )
  expect(context.samples()[0]!.attributes).toEqual({
    service_name: 'shop',
    hostname: 'a1',
    http_route: '/x',
    n: '5',
    ok: 'true',
    env: 'test',
  })
})

test('points that cannot be taken are refused one by one', () => {
  const point = (over: object) => ({ timeUnixNano: NS, asDouble: 1, ...over })
  const many = Array.from({ length: 70 }, (_, k) => ({ key: `k${k}`, value: { stringValue: 'v' } }))
  const context = run([
    {
      name: 'g',
      gauge: {
        dataPoints: [
          point({}),
          point({ timeUnixNano: at(7_200_000) }),
          point({ timeUnixNano: '5' }),
          point({ asDouble: 'Infinity' }),
          point({ attributes: many }),
          point({ asDouble: 2 }),
        ],
      },
    },
    { name: '', gauge: { dataPoints: [point({})] } },
  ])
  expect(context.samples().map((s) => s.value)).toEqual([1, 2])
  expect(Object.fromEntries(context.outcome.byReason)).toEqual({
    'time-future': 1,
    'time-past': 1,
    value: 1,
    'label-count': 1,
    name: 1,
  })
})

test('protobuf: integers, a sum, a histogram, a summary, the resource behind its metrics', () => {
  const time: Field = [3, 'fixed64', BigInt(NOW) * 1_000_000n]
  const doubles = (...values: number[]) =>
    Buffer.concat(values.map((v) => message([[1, 'double', v]]).subarray(1)))
  const longs = (...values: number[]) =>
    Buffer.concat(values.map((v) => message([[1, 'fixed64', v]]).subarray(1)))
  const metric = (name: string, field: number, point: Field[], ...more: Field[]): Field => [
    2,
    'bytes',
    message([
      [1, 'bytes', name],
      [3, 'bytes', 's'],
      [field, 'bytes', message([[1, 'bytes', message([time, ...point])], ...more])],
    ]),
  ]
  const body = message([
    [
      1,
      'bytes',
      message([
        [
          2,
          'bytes',
          message([
            metric('i', 5, [[6, 'fixed64', -7n]]),
            metric('sum', 7, [[6, 'fixed64', 9n]], [2, 'varint', 2], [3, 'varint', 1]),
            metric(
              'h',
              9,
              [
                [4, 'fixed64', 3],
                [5, 'double', 4.5],
                [6, 'bytes', longs(1, 2)],
                [7, 'bytes', doubles(0.1)],
              ],
              [2, 'varint', 2],
            ),
            metric(
              'x',
              10,
              [
                [4, 'fixed64', 3],
                [6, 'varint', 1],
                [7, 'fixed64', 1],
                [
                  8,
                  'bytes',
                  message([
                    [1, 'varint', 0],
                    [2, 'bytes', Buffer.from([2])],
                  ]),
                ],
              ],
              [2, 'varint', 2],
            ),
            metric('q', 11, [
              [4, 'fixed64', 1],
              [5, 'double', 2],
              [
                6,
                'bytes',
                message([
                  [1, 'double', 0.9],
                  [2, 'double', 2],
                ]),
              ],
            ]),
          ]),
        ],
        [1, 'bytes', message([[1, 'bytes', keyValue('host.name', 'a1')]])],
      ]),
    ],
  ])
  const context = contextFor()
  createOtlpProtobufDecoder(DEFAULT_LIMITS, createOtlpSamples(DEFAULT_LIMITS))(body, context)
  expect(found(context)).toEqual([
    ['i', 'hostname=a1', -7],
    ['sum', 'hostname=a1', 9],
    ['h_count', 'hostname=a1', 3],
    ['h_sum', 'hostname=a1', 4.5],
    ['h_bucket', 'hostname=a1,le=0.1', 1],
    ['h_bucket', 'hostname=a1,le=+Inf', 3],
    ['x_count', 'hostname=a1', 3],
    ['x_bucket', 'hostname=a1,le=0', 1],
    ['x_bucket', 'hostname=a1,le=1', 1],
    ['x_bucket', 'hostname=a1,le=4', 3],
    ['x_bucket', 'hostname=a1,le=+Inf', 3],
    ['q_count', 'hostname=a1', 1],
    ['q_sum', 'hostname=a1', 2],
    ['q', 'hostname=a1,quantile=0.9', 2],
  ])
})

test('units of UCUM, and nanoseconds that a double cannot hold', () => {
  expect(unitsOf('By/s')).toEqual({ unitNumerators: ['bytes'], unitDenominators: ['seconds'] })
  expect(unitsOf('1')).toEqual({ unitNumerators: [], unitDenominators: [] })
  for (let k = 0; k < 1000; k++) expect(millisecondsOf(Number(`${NOW + k}000000`))).toBe(NOW + k)
})

describe('over HTTP', () => {
  let bench: TestBench
  let main: TestIngest
  beforeAll(async () => {
    bench = await startBench()
    main = await bench.start()
  })
  afterAll(() => bench?.cleanUp())

  describe.each([
    ['protobuf', ProtobufExporter],
    ['JSON', JsonExporter],
  ])('the OpenTelemetry SDK, %s', (name, Exporter) => {
    test.each([
      ['cumulative', AggregationTemporality.CUMULATIVE],
      ['delta', AggregationTemporality.DELTA],
    ])('%s', async (temporality, temporalityPreference) => {
      const exporter = new Exporter({
        url: `${main.url}/v1/metrics`,
        compression: 'gzip' as never,
        temporalityPreference,
      })
      const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
      const provider = new MeterProvider({
        readers: [reader],
        resource: resourceFromAttributes({ 'service.name': 'shop', 'host.name': `${name} ${temporality}` }),
      })
      const meter = provider.getMeter('test')
      const attributes: Attributes = { 'http.route': '/x' }
      const counter = meter.createCounter('orders.done', { unit: '{order}' })
      const histogram = meter.createHistogram('order.time', {
        unit: 's',
        advice: { explicitBucketBoundaries: [1, 5] },
      })
      meter.createObservableGauge('stock').addCallback((result) => result.observe(41.5, attributes))
      for (let round = 0; round < 2; round++) {
        counter.add(3, attributes)
        histogram.record(0.5)
        histogram.record(7)
        await reader.forceFlush()
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      await provider.shutdown()
      const host = `hostname=${name} ${temporality}`
      const rows = (await main.rows()).filter((row) => row.entity.includes(host))
      const last = (metric: string, more = '') =>
        rows.findLast((row) => row.metric === metric && row.entity === `${host}${more},service_name=shop`)
          ?.value
      expect(last('orders_done', ',http_route=/x')).toBe(6)
      expect(last('stock', ',http_route=/x')).toBe(41.5)
      expect([last('order_time_count'), last('order_time_sum')]).toEqual([4, 15])
      expect([
        last('order_time_bucket', ',le=1'),
        last('order_time_bucket', ',le=5'),
        last('order_time_bucket', ',le=+Inf'),
      ]).toEqual([2, 2, 4])
    })
  })

  const json = { 'content-type': 'application/json' }
  const protobuf = { 'content-type': 'application/x-protobuf' }
  const T = Date.now() - 60_000

  test('refused in part: 200 with partial success, in the encoding of the request', async () => {
    const bad = { metric: '', labels: {}, time: T, value: 1 }
    const answer = await post(`${main.url}/v1/metrics`, otlpJson([bad, { ...bad, metric: 'ok' }]), json)
    expect([answer.status, JSON.parse(answer.text).partialSuccess]).toEqual([
      200,
      { rejectedDataPoints: '1', errorMessage: expect.stringContaining('the metric has no name') },
    ])
    const empty = await post(`${main.url}/v1/metrics`, new Uint8Array(0), protobuf)
    expect([empty.status, empty.headers['content-type'], empty.text]).toEqual([
      200,
      'application/x-protobuf',
      '',
    ])
  })

  test('broken bodies are 400 with a status message, other content types 415', async () => {
    const broken = await post(`${main.url}/v1/metrics`, '{', json)
    expect([broken.status, JSON.parse(broken.text)]).toEqual([
      400,
      { code: 3, message: expect.stringContaining('JSON') },
    ])
    const cut = await post(`${main.url}/v1/metrics`, Uint8Array.of(10, 50, 1), protobuf)
    expect([cut.status, cut.headers['content-type']]).toEqual([400, 'application/x-protobuf'])
    expect(cut.text).toContain('protobuf: a message ends early')
    expect((await post(`${main.url}/v1/metrics`, 'x', { 'content-type': 'text/plain' })).status).toBe(415)
  })
})

describe('JSON with attributes in unusual places', () => {
  const point = (attributes: string) =>
    `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","description":"say \\"attributes\\":[","gauge":{"dataPoints":[{"timeUnixNano":"${NOW}000000","asInt":"7",${attributes}}]}}]}]}]}`
  const entities = (body: string) => {
    const context = contextFor()
    createOtlpJsonDecoder(DEFAULT_LIMITS, createOtlpSamples(DEFAULT_LIMITS))(Buffer.from(body), context)
    return context.samples().map(({ entityName }) => entityName)
  }

  test.each([
    ['blanks', '"attributes" :\n [ {"key":"a","value":{"stringValue":"1"}} ]', 'a=1'],
    [
      'brackets and quotes in a value',
      '"attributes":[{"key":"a","value":{"stringValue":"]\\"[\\\\"}}]',
      'a=]"[\\\\',
    ],
    ['a number in their place', '"attributes":0', 'custom'],
    ['a text in their place', '"attributes":"0"', 'custom'],
    ['their name written otherwise', '"attribut\\u0065s":0', 'custom'],
    ['none', '"attributes":[]', 'custom'],
    ['twice: the last holds', '"attributes":[],"attributes":[{"key":"a","value":{"intValue":"2"}}]', 'a=2'],
  ])('%s', (_, attributes, entity) => {
    expect(entities(point(attributes))).toEqual([entity])
  })

  test('half a list is a body that is cut off', () => {
    for (const cut of ['"attributes":[', '"attributes":[{"key":"a', '"attributes":[{"key":"a"}'])
      expect(() => entities(`{"resourceMetrics":[{"resource":{${cut}`)).toThrow(/not JSON/)
  })
})
