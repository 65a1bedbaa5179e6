import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRemoteWriteDecoder } from '../../src/ingest/formats/prometheus-remote-write.js'
import { DEFAULT_LIMITS } from '../../src/ingest/limits.js'
import { type Bench, contextFor, NOW } from './support/decode.js'
import { remoteWrite } from './support/encode.js'
import { type Field, message } from './support/protobuf-writer.js'

const label = (name: string | Uint8Array, value: string): Field => [
  1,
  'bytes',
  message([
    [1, 'bytes', name],
    [2, 'bytes', value],
  ]),
]
const sample = (value: number, time = NOW): Field => [
  2,
  'bytes',
  message([
    [1, 'double', value],
    [2, 'varint', time],
  ]),
]
const series = (...fields: Field[]): Field => [1, 'bytes', message(fields)]
const up = label('__name__', 'up')

function decode(body: Uint8Array, context = contextFor()): Bench {
  createRemoteWriteDecoder(DEFAULT_LIMITS)(body, context)
  return context
}

const staleNaN = () => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(0x7ff0000000000002n)
  return bytes
}

test('stale markers and NaN are left out and counted, without a refusal', () => {
  const stale: Field = [
    2,
    'bytes',
    Buffer.concat([Buffer.from([9]), staleNaN(), message([[2, 'varint', NOW]])]),
  ]
  const context = decode(message([series(up, sample(1), stale, sample(Number.NaN), sample(2))]))
  expect(context.samples().map((s) => s.value)).toEqual([1, 2])
  expect(context.outcome.refused).toBe(0)
  expect(Object.fromEntries(context.outcome.skipped)).toEqual({ stale: 1, nan: 1 })
})

test('infinite values are refused one by one', () => {
  const context = decode(
    message([series(up, sample(Number.POSITIVE_INFINITY), sample(1), sample(Number.NEGATIVE_INFINITY))]),
  )
  expect(context.samples().map((s) => s.value)).toEqual([1])
  expect([...context.outcome.byReason]).toEqual([['value', 2]])
})

test('a value of zero and a missing field are the same', () => {
  const context = decode(message([series(up, [2, 'bytes', message([[2, 'varint', NOW]])])]))
  expect(context.samples().map((s) => s.value)).toEqual([0])
})

test('unknown fields are passed over', () => {
  const context = decode(
    message([
      [9, 'bytes', 'later'],
      [10, 'varint', 5],
      series(up, [7, 'double', 1], sample(3), [8, 'bytes', 'x']),
    ]),
  )
  expect(context.samples().map((s) => s.value)).toEqual([3])
})

test('exemplars are skipped, native histograms refused', () => {
  const context = decode(message([series(up, sample(1), [3, 'bytes', ''], [4, 'bytes', 'x'])]))
  expect(context.samples()).toHaveLength(1)
  expect(context.outcome.skipped.get('exemplar')).toBe(1)
  expect(context.outcome.list[0]).toMatchObject({ reason: 'unsupported', position: 1 })
})

test('every time and value is read as written', () => {
  const time = fc.oneof(fc.maxSafeNat(), fc.nat(), fc.integer({ min: 2 ** 34, max: 2 ** 43 }))
  fc.assert(
    fc.property(time, fc.double({ noNaN: true, noDefaultInfinity: true }), (ms, value) => {
      const context = contextFor(undefined, { pastSeconds: 1e15, futureSeconds: 1e15 })
      decode(message([series(up, sample(value, ms))]), context)
      expect(context.samples().map((s) => [s.time, s.value])).toEqual([[ms, value]])
    }),
    { numRuns: 2000 },
  )
})

test('negative times are far in the past', () => {
  const context = decode(
    message([
      series(up, [
        2,
        'bytes',
        message([
          [1, 'double', 1],
          [2, 'varint', -1],
        ]),
      ]),
    ]),
  )
  expect([...context.outcome.byReason]).toEqual([['time-past', 1]])
})

describe('a series that cannot be taken loses itself only', () => {
  const many = Array.from({ length: 65 }, (_, k) => label(`l${k}`, 'v'))
  test.each<[string, Field[], string]>([
    ['without a name', [label('job', 'x')], 'name'],
    ['with an empty name', [label('__name__', '')], 'name'],
    ['with too many labels', [up, ...many], 'label-count'],
    ['with a long value', [up, label('a', 'x'.repeat(3000))], 'label-length'],
    ['with a long name', [up, label('a'.repeat(300), 'x')], 'label-length'],
    ['with a long metric name', [label('__name__', 'a'.repeat(300))], 'label-length'],
    ['with labels that are too long together', [up, label('a', 'x'.repeat(20_000))], 'label-length'],
    ['with a label twice', [up, label('a', 'x'), label('a', 'y')], 'label-duplicate'],
    ['with a label without a name', [up, label('', 'x')], 'name'],
    ['with a label that is not UTF-8', [up, label(Uint8Array.from([0xff]), 'x')], 'encoding'],
  ])('%s', (_, labels, reason) => {
    const context = decode(
      message([series(up, sample(1)), series(...labels, sample(2), sample(3)), series(up, sample(4))]),
    )
    expect(context.samples().map((s) => s.value)).toEqual([1, 4])
    expect([...context.outcome.byReason]).toEqual([[reason, 2]])
    expect(context.outcome.list[0]).toMatchObject({ position: 2 })
  })

  test('with labels behind its samples', () => {
    const context = decode(message([series(up, sample(1), label('job', 'x')), series(up, sample(2))]))
    expect(context.samples().map((s) => s.value)).toEqual([2])
    expect(context.outcome.list[0]!.detail).toMatch(/labels must come before samples/)
  })
})

test('a body cut off anywhere is malformed, or ends between two series', () => {
  const body = remoteWrite([
    { metric: 'up', labels: { job: 'node', instance: 'a' }, time: NOW, value: 1 },
    { metric: 'up', labels: { job: 'node', instance: 'b' }, time: NOW, value: 2 },
  ])
  let malformed = 0
  for (let end = 0; end < body.length; end++) {
    try {
      expect(decode(body.subarray(0, end)).columns.length).toBeLessThan(2)
    } catch (error) {
      expect((error as Error).name).toBe('MalformedBodyError')
      malformed++
    }
  }
  expect(malformed).toBe(body.length - 2)
})

describe('what is known of metrics', () => {
  const metadata = (type: number, family: string, help = '', unit = ''): Field => [
    3,
    'bytes',
    message([
      [1, 'varint', type],
      [2, 'bytes', family],
      [4, 'bytes', help],
      [5, 'bytes', unit],
    ]),
  ]
  const named = (name: string) => series(label('__name__', name), sample(1))

  test('conventions of the names, when nothing is declared', () => {
    const { catalogue } = decode(
      message(['a_total', 'b_seconds_sum', 'b_seconds_count', 'c_bytes', 'd'].map(named)),
    )
    expect(catalogue.metrics.map((m) => [m.name, m.isCounter, m.unitNumerators])).toEqual([
      ['a_total', true, []],
      ['b_seconds_sum', true, ['seconds']],
      ['b_seconds_count', true, []],
      ['c_bytes', false, ['bytes']],
      ['d', false, []],
    ])
  })

  test('metadata sets type, help and unit of metrics that exist, and creates none', () => {
    const context = decode(message(['h_bucket', 'h_sum', 'g_count'].map(named)))
    decode(
      message([
        metadata(3, 'h', 'A histogram.', 'seconds'),
        metadata(2, 'g_count', 'A gauge.'),
        metadata(1, 'unseen'),
      ]),
      context,
    )
    expect(
      context.catalogue.metrics.map((m) => [m.name, m.isCounter, m.unitNumerators, m.description]),
    ).toEqual([
      ['h_bucket', true, [], 'A histogram.'],
      ['h_sum', true, ['seconds'], 'A histogram.'],
      ['g_count', false, [], 'A gauge.'],
    ])
  })
})
