import { expect, test } from 'vitest'
import { createRemoteWrite2Decoder } from '../../src/ingest/formats/prometheus-remote-write-2.js'
import { DEFAULT_LIMITS } from '../../src/ingest/limits.js'
import { contextFor, NOW } from './support/decode.js'
import { remoteWrite, remoteWrite2, type Sent } from './support/encode.js'
import { type Field, message } from './support/protobuf-writer.js'

const sent = (metric: string, job: string, value = 1): Sent => ({ metric, labels: { job }, time: NOW, value })

function decode(
  body: Uint8Array,
  context = contextFor(),
  decoder = createRemoteWrite2Decoder(DEFAULT_LIMITS),
) {
  decoder(body, context)
  return context
}

test('symbols in another order and at other places mean the same series', () => {
  const decoder = createRemoteWrite2Decoder(DEFAULT_LIMITS)
  const context = contextFor()
  const requests = [
    [sent('a', 'x', 1), sent('b', 'y', 2)],
    [sent('b', 'y', 3), sent('a', 'x', 4)],
    [sent('c', 'z', 5), sent('a', 'y', 6), sent('a', 'x', 7)],
  ]
  for (const request of requests) decode(remoteWrite2(request), context, decoder)
  expect(context.samples().map((s) => [s.metric, s.entityName, s.value])).toEqual(
    requests.flat().map((s) => [s.metric, `job=${s.labels.job}`, s.value]),
  )
  expect(context.catalogue.seriesCount).toBe(4)
})

test('series stay apart when the cache is far too small for them', () => {
  const decoder = createRemoteWrite2Decoder({ ...DEFAULT_LIMITS, labelCacheBytes: 2000 })
  const context = contextFor()
  const request = Array.from({ length: 300 }, (_, k) => sent(`m${k % 7}`, `job ${k}`, k))
  for (let round = 0; round < 3; round++) {
    context.columns.length = 0
    decode(remoteWrite2(round === 1 ? request.toReversed() : request), context, decoder)
    expect(context.samples().map((s) => [s.metric, s.entityName])).toEqual(
      context.samples().map((s) => [`m${s.value % 7}`, `job=job ${s.value}`]),
    )
  }
  expect(context.catalogue.seriesCount).toBe(300)
})

test('metadata of a series says what its metric is', () => {
  const { catalogue } = decode(
    remoteWrite2([sent('http_seconds_bucket', 'x'), sent('http_seconds_sum', 'x')], {
      type: 3,
      help: 'How long it took.',
      unit: 'seconds',
    }),
  )
  expect(catalogue.metrics.map((m) => [m.name, m.isCounter, m.unitNumerators, m.description])).toEqual([
    ['http_seconds_bucket', true, [], 'How long it took.'],
    ['http_seconds_sum', true, ['seconds'], 'How long it took.'],
  ])
})

test('a gauge that is called like a counter', () => {
  const { catalogue } = decode(remoteWrite2([sent('threads_count', 'x')], { type: 2, help: '', unit: '' }))
  expect(catalogue.metrics[0]!.isCounter).toBe(false)
})

const symbols: Field[] = ['', '__name__', 'up'].map((text) => [4, 'bytes', text])
const sample: Field = [
  2,
  'bytes',
  message([
    [1, 'double', 1],
    [2, 'varint', NOW],
  ]),
]

test.each<[string, Field[], RegExp]>([
  ['a 1.0 message', [[1, 'bytes', remoteWrite([sent('a', 'b')])]], /empty one/],
  ['symbols without the empty one', [[4, 'bytes', 'x']], /empty one/],
  [
    'a reference to a symbol that is not there',
    [...symbols, [5, 'bytes', message([[1, 'bytes', Uint8Array.of(1, 9)]])]],
    /symbol 9 of 3/,
  ],
])('%s is malformed', (_, fields, text) => {
  expect(() => decode(message(fields))).toThrow(text)
})

test('references one by one, symbols behind the series, native histograms, an odd reference', () => {
  const context = decode(
    message([
      [5, 'bytes', message([[1, 'varint', 1], [1, 'varint', 2], sample])],
      [
        5,
        'bytes',
        message([
          [1, 'bytes', Uint8Array.of(1, 2)],
          [3, 'bytes', 'x'],
        ]),
      ],
      [5, 'bytes', message([[1, 'bytes', Uint8Array.of(1)], sample])],
      [5, 'bytes', message([sample, [1, 'bytes', Uint8Array.of(1, 2)]])],
      ...symbols,
    ]),
  )
  expect(context.samples().map((s) => s.metric)).toEqual(['up'])
  expect(Object.fromEntries(context.outcome.byReason)).toEqual({ unsupported: 1, syntax: 2 })
})
