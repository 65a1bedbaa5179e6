import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createNativeDecoder } from '../../src/ingest/formats/native.js'
import { DEFAULT_LIMITS } from '../../src/ingest/limits.js'
import { encodeNativeBatch, type NativeBatch } from '../../src/wire/native-batch.js'
import { contextFor, NOW } from './support/decode.js'
import { MemoryCatalogue } from './support/memory-catalogue.js'

function batch(over: Partial<NativeBatch> = {}): NativeBatch {
  return {
    sender: 'agent on a',
    metrics: [
      { name: 'cpu_percent', unitNumerators: ['percent'], description: 'CPU', weightingMetricName: 'Load_1' },
      { name: 'load_1' },
    ],
    entities: [
      { category: 'HOST', name: 'a', identity: 'id-a', displayName: 'A', attributes: { hostname: 'a' } },
      { category: 'DISK', name: 'a:sda', attributes: { device: 'sda' } },
    ],
    seriesMetric: Uint32Array.of(0, 1, 0),
    seriesEntity: Uint32Array.of(0, 0, 1),
    sampleSeries: Uint32Array.of(0, 1, 2, 0),
    sampleTime: Float64Array.of(NOW, NOW, NOW, NOW + 1),
    sampleValue: Float64Array.of(1, 2, 3, 4),
    ...over,
  }
}

const decode = (bytes: Uint8Array, context = contextFor(), decoder = createNativeDecoder(DEFAULT_LIMITS)) => {
  decoder(bytes, context)
  return context
}

test('dictionary and samples', () => {
  const context = decode(encodeNativeBatch(batch()))
  expect(context.samples().map((s) => [s.metric, s.category, s.entityName, s.time, s.value])).toEqual([
    ['cpu_percent', 'HOST', 'a', NOW, 1],
    ['load_1', 'HOST', 'a', NOW, 2],
    ['cpu_percent', 'DISK', 'a:sda', NOW, 3],
    ['cpu_percent', 'HOST', 'a', NOW + 1, 4],
  ])
  expect(context.catalogue.metrics[0]).toMatchObject({
    unitNumerators: ['percent'],
    description: 'CPU',
    weightingMetricName: 'load_1',
  })
  expect(context.catalogue.entities[0]).toMatchObject({ identity: 'id-a', displayName: 'A' })
  expect(context.catalogue.series[0]!.sender).toBe('agent on a')
  expect(context.registrar.sender).toBe('agent on a')
})

test('what was encoded is decoded, sample by sample', () => {
  const sample = fc.tuple(fc.nat(2), fc.nat(1000), fc.double({ noNaN: true, noDefaultInfinity: true }))
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 50 }), (samples) => {
      const context = decode(
        encodeNativeBatch(
          batch({
            sampleSeries: Uint32Array.from(samples, ([series]) => series),
            sampleTime: Float64Array.from(samples, ([, time]) => NOW - time),
            sampleValue: Float64Array.from(samples, ([, , value]) => value),
          }),
        ),
      )
      expect(context.columns.length).toBe(samples.length)
      expect(context.samples().map((s) => [s.time, s.value])).toEqual(samples.map(([, t, v]) => [NOW - t, v]))
    }),
  )
})

test('a body that does not begin at a multiple of eight bytes', () => {
  const bytes = encodeNativeBatch(batch())
  const shifted = new Uint8Array(bytes.length + 3)
  shifted.set(bytes, 3)
  expect(decode(shifted.subarray(3)).columns.length).toBe(4)
})

test('samples that cannot be taken are refused one by one', () => {
  const context = decode(
    encodeNativeBatch(
      batch({
        sampleSeries: Uint32Array.of(0, 0, 0, 0, 9, 0),
        sampleTime: Float64Array.of(NOW, NOW + 1e9, 0, Number.NaN, NOW, NOW),
        sampleValue: Float64Array.of(1, 1, 1, 1, 1, Number.POSITIVE_INFINITY),
      }),
    ),
  )
  expect(context.columns.length).toBe(1)
  expect(Object.fromEntries(context.outcome.byReason)).toEqual({
    'time-future': 1,
    'time-past': 2,
    syntax: 1,
    value: 1,
  })
  expect(context.outcome.list.map((refusal) => refusal.position)).toEqual([2, 3, 4, 5, 6])
})

test('giant attributes and names lose their own series', () => {
  const giant = 'x'.repeat(1_000_000)
  for (const bad of [
    { category: 'HOST', name: 'b', attributes: { a: giant } },
    { category: 'HOST', name: giant, attributes: {} },
    { category: 'HOST', name: 'b', attributes: { [giant]: 'a' } },
  ]) {
    const good = { category: 'HOST', name: 'a', attributes: {} }
    const context = decode(
      encodeNativeBatch({
        sender: 's',
        metrics: [{ name: 'm' }],
        entities: [good, bad],
        seriesMetric: Uint32Array.of(0, 0),
        seriesEntity: Uint32Array.of(0, 1),
        sampleSeries: Uint32Array.of(0, 1),
        sampleTime: Float64Array.of(NOW, NOW),
        sampleValue: Float64Array.of(1, 2),
      }),
    )
    expect(context.samples().map((s) => s.value)).toEqual([1])
    // The entity, and its sample.
    expect(Object.fromEntries(context.outcome.byReason)).toEqual({ 'label-length': 2 })
  }
})

test('series beyond the limit are refused with their samples, and asked for again with the next batch', () => {
  const decoder = createNativeDecoder(DEFAULT_LIMITS)
  const small = contextFor(new MemoryCatalogue(2))
  decode(encodeNativeBatch(batch()), small, decoder)
  expect(small.samples().map((s) => s.value)).toEqual([1, 2, 4])
  expect(Object.fromEntries(small.outcome.byReason)).toEqual({ 'catalogue-limit': 2 })
  const large = contextFor(new MemoryCatalogue())
  decode(encodeNativeBatch(batch()), large, decoder)
  expect(large.columns.length).toBe(4)
})

test.each<[string, (bytes: Uint8Array) => Uint8Array, RegExp]>([
  ['too short', (bytes) => bytes.subarray(0, 10), /shorter/],
  ['another magic', (bytes) => bytes.fill(0, 0, 1), /BWB1/],
  ['cut off', (bytes) => bytes.subarray(0, bytes.length - 8), /do not add up/],
  ['something behind it', (bytes) => Buffer.concat([bytes, Buffer.alloc(8)]), /do not add up/],
  ['a header that is not JSON', (bytes) => bytes.fill(0x78, 16, 17), /not JSON/],
  ['a giant count', (bytes) => bytes.fill(0xff, 12, 16), /samplesPerRequest/],
])('%s', (_, spoil, message) => {
  expect(() => decode(spoil(encodeNativeBatch(batch())))).toThrow(message)
})

test.each<[string, Partial<Record<keyof NativeBatch, unknown>>, RegExp]>([
  ['metrics that are no list', { metrics: {} }, /metrics is not a list/],
  ['a metric that is no object', { metrics: [1, 2] }, /metrics\[0\] is not an object/],
  ['a metric without a name', { metrics: [{}, {}] }, /metrics\[0\]\.name/],
  [
    'an entity without attributes',
    { entities: [{ category: 'HOST', name: 'a' }, {}] },
    /entities\[0\]\.attributes/,
  ],
  [
    'an attribute that is a number',
    { entities: [{ category: 'H', name: 'a', attributes: { x: 1 } }, {}] },
    /attributes\.x/,
  ],
  [
    'an entity without a name',
    { entities: [{ category: 'H', name: '', attributes: {} }, {}] },
    /name is empty/,
  ],
  ['a sender that is too long', { sender: 'x'.repeat(201) }, /sender/],
  ['a series of an entity that is not there', { seriesEntity: Uint32Array.of(0, 0, 5) }, /header lacks/],
])('%s', (_, over, message) => {
  expect(() => decode(encodeNativeBatch(batch(over as Partial<NativeBatch>)))).toThrow(message)
})
