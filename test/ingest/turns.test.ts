import { expect, test } from 'vitest'
import type { Rest } from '../../src/ingest/decode.js'
import { createLineProtocolDecoder } from '../../src/ingest/formats/line-protocol.js'
import { createNativeDecoder } from '../../src/ingest/formats/native.js'
import { createRemoteWriteDecoder } from '../../src/ingest/formats/prometheus-remote-write.js'
import { createRemoteWrite2Decoder } from '../../src/ingest/formats/prometheus-remote-write-2.js'
import { DEFAULT_LIMITS } from '../../src/ingest/limits.js'
import { encodeNativeBatch } from '../../src/wire/native-batch.js'
import { type Bench, contextFor, NOW } from './support/decode.js'
import { remoteWrite2 } from './support/encode.js'
import { MemoryCatalogue } from './support/memory-catalogue.js'
import { message } from './support/protobuf-writer.js'

type Decode = (body: Uint8Array, context: Bench) => Rest

/** 500 new series each, with a string over two lines and a refused line in between. */
const lines = (prefix: string) =>
  Buffer.from(
    Array.from({ length: 250 }, (_, i) =>
      i === 200
        ? `cpu,host=${prefix}${i} note="one\ntwo",user=1 ${NOW}000000\nrubbish`
        : `cpu,host=${prefix}${i} user=${i},system=${-i} ${NOW}000000`,
    ).join('\n'),
  )
const series = (prefix: string) =>
  message(
    Array.from({ length: 500 }, (_, i) => [
      1,
      'bytes',
      message([
        [1, 'bytes', label('__name__', i === 400 ? '' : 'up')],
        [1, 'bytes', label('instance', `${prefix}${i}`)],
        [
          2,
          'bytes',
          message([
            [1, 'double', i],
            [2, 'varint', NOW],
          ]),
        ],
      ]),
    ]),
  )
const label = (name: string, value: string) =>
  message([
    [1, 'bytes', name],
    [2, 'bytes', value],
  ])

const series2 = (prefix: string) =>
  remoteWrite2(
    Array.from({ length: 500 }, (_, value) => ({
      metric: value === 400 ? '' : 'up',
      labels: { instance: `${prefix}${value}` },
      time: NOW,
      value,
    })),
  )
const batch = (prefix: string) =>
  encodeNativeBatch({
    sender: 'test',
    metrics: [{ name: 'up' }, { name: 'down' }],
    entities: Array.from({ length: 250 }, (_, i) => ({
      category: 'HOST',
      name: `${prefix}${i}`,
      attributes: {},
    })),
    seriesMetric: Uint32Array.from({ length: 500 }, (_, i) => i % 2),
    seriesEntity: Uint32Array.from({ length: 500 }, (_, i) => i >> 1),
    sampleSeries: Uint32Array.from({ length: 500 }, (_, i) => i),
    sampleTime: new Float64Array(500).fill(NOW),
    sampleValue: Float64Array.from({ length: 500 }, (_, i) => (i === 400 ? Number.POSITIVE_INFINITY : i)),
  })

const FORMATS: [string, (prefix: string) => Uint8Array, () => Decode][] = [
  [
    'line protocol',
    lines,
    () => {
      const decode = createLineProtocolDecoder(DEFAULT_LIMITS)
      return (body, context) => decode(body, 'ns', context)
    },
  ],
  ['remote write', series, () => createRemoteWriteDecoder(DEFAULT_LIMITS)],
  ['remote write 2.0', series2, () => createRemoteWrite2Decoder(DEFAULT_LIMITS)],
  ['the native format', batch, () => createNativeDecoder(DEFAULT_LIMITS)],
]

test.each(FORMATS)(
  '%s: new series in many turns, two requests in alternation, are as in one',
  (_, bodyOf, create) => {
    const bodies = [bodyOf('a'), bodyOf('b')]
    const whole = bodies.map((body) => {
      const context = contextFor(new MemoryCatalogue())
      expect(create()(body, context)).toBeUndefined()
      return { samples: context.samples(), refusals: context.outcome.list }
    })
    expect(whole[0]!.refusals).toHaveLength(1)

    const decode = create()
    const catalogue = new MemoryCatalogue()
    const contexts = bodies.map(() => contextFor(catalogue))
    let turns = 0
    let waiting = contexts.map((context, i) => {
      context.registrar.beginTurn(-1)
      return { context, rest: decode(bodies[i]!, context) }
    })
    while (waiting.length > 0) {
      turns += waiting.length
      waiting = waiting
        .filter(({ rest }) => rest)
        .map(({ context, rest }) => {
          context.registrar.beginTurn(-1)
          return { context, rest: rest!() }
        })
    }
    expect(turns).toBeGreaterThan(10)
    expect(
      contexts.map((context) => ({ samples: context.samples(), refusals: context.outcome.list })),
    ).toEqual(whole)
    // And known series go through in one.
    const again = contextFor(catalogue)
    again.registrar.beginTurn(-1)
    expect(decode(bodies[1]!, again)).toBeUndefined()
    expect(again.samples()).toEqual(whole[1]!.samples)
  },
)
