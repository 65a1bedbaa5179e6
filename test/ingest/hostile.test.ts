import { expect, test } from 'vitest'
import { createLineProtocolDecoder } from '../../src/ingest/formats/line-protocol.js'
import { createOtlpProtobufDecoder } from '../../src/ingest/formats/otlp-protobuf.js'
import { createOtlpSamples } from '../../src/ingest/formats/otlp-samples.js'
import { createRemoteWriteDecoder } from '../../src/ingest/formats/prometheus-remote-write.js'
import { createRemoteWrite2Decoder } from '../../src/ingest/formats/prometheus-remote-write-2.js'
import { DEFAULT_LIMITS } from '../../src/ingest/limits.js'
import { cpuMs } from '../cpu-time.js'
import { contextFor, NOW } from './support/decode.js'
import { keyValue } from './support/encode.js'
import { type Field, message } from './support/protobuf-writer.js'

/**
 * Large bodies that do the most with the least bytes: each of them compresses to next to nothing. The bound is generous, and of
 * processor time, which a busy machine does not change; what it must catch is half a minute, or an endless loop.
 */
const SLOW_MS = 5_000
const SIZE = DEFAULT_LIMITS.decodedBytes / 8

const repeated = (piece: string | Uint8Array, size = SIZE) => Buffer.alloc(size, piece)
const influx = createLineProtocolDecoder(DEFAULT_LIMITS)
const line = (body: Uint8Array, context: ReturnType<typeof contextFor>) => influx(body, 'ns', context)
const remote = createRemoteWriteDecoder(DEFAULT_LIMITS)
const remote2 = createRemoteWrite2Decoder(DEFAULT_LIMITS)
const otlp = createOtlpProtobufDecoder(DEFAULT_LIMITS, createOtlpSamples(DEFAULT_LIMITS))

const attribute = (field: number) => message([[field, 'bytes', keyValue('', '')]])
const otlpMetric = (points: Uint8Array, field = 5) =>
  message([
    [1, 'bytes', message([[2, 'bytes', message([[2, 'bytes', message([[field, 'bytes', points]])]])]])],
  ])

test.each<[string, typeof line, () => Uint8Array]>([
  ['bad lines', line, () => repeated('x\n')],
  ['empty lines', line, () => repeated('\n')],
  ['comments', line, () => repeated('#\n')],
  ['an endless line', line, () => repeated('x')],
  ['an endless string', line, () => repeated('m v="')],
  ['an endless number', line, () => Buffer.concat([Buffer.from('m v='), repeated('1')])],
  ['backslashes', line, () => repeated('\\')],
  ['strings that are skipped', line, () => repeated('m v=""\n')],
  ['a field again and again', line, () => Buffer.concat([Buffer.from('m '), repeated('a=1,')])],
  [
    'ever new tags',
    line,
    () => Buffer.from(Array.from({ length: 250_000 }, (_, k) => `m,t=${k} v=1`).join('\n')),
  ],
  [
    'ever new fields',
    line,
    () => Buffer.from(Array.from({ length: 250_000 }, (_, k) => `m f${k}=1`).join('\n')),
  ],
  [
    'ever new measurements',
    line,
    () => Buffer.from(Array.from({ length: 250_000 }, (_, k) => `m${k} v=1`).join('\n')),
  ],
  ['series of nothing', remote, () => repeated(Uint8Array.of(10, 0))],
  ['samples of nothing', remote, () => message([[1, 'bytes', repeated(Uint8Array.of(18, 0), SIZE / 2)]])],
  ['metadata of nothing', remote, () => repeated(Uint8Array.of(26, 0))],
  ['fields that nobody knows', remote, () => repeated(Uint8Array.of(0x78, 0))],
  ['symbols of nothing', remote2, () => repeated(Uint8Array.of(34, 0))],
  [
    'series of nothing, 2.0',
    remote2,
    () => Buffer.concat([Uint8Array.of(34, 0), repeated(Uint8Array.of(42, 0))]),
  ],
  [
    'references without end',
    remote2,
    () =>
      Buffer.concat([
        Uint8Array.of(34, 0),
        message([[5, 'bytes', message([[1, 'bytes', repeated(Uint8Array.of(0), SIZE / 2)]])]]),
      ]),
  ],
  ['resources of nothing', otlp, () => repeated(Uint8Array.of(10, 0))],
  ['points of nothing', otlp, () => otlpMetric(repeated(Uint8Array.of(10, 0), SIZE / 2))],
  [
    'attributes of a resource',
    otlp,
    () => message([[1, 'bytes', message([[1, 'bytes', repeated(attribute(1), SIZE / 2)]])]]),
  ],
  [
    'attributes of a point',
    otlp,
    () =>
      otlpMetric(
        message([
          [
            1,
            'bytes',
            message([
              [3, 'fixed64', BigInt(NOW) * 1_000_000n],
              [4, 'double', 1],
              ...Array.from({ length: 5000 }, () => [7, 'bytes', keyValue('', '')] as Field),
            ]),
          ],
        ]),
      ),
  ],
  [
    'buckets without end',
    otlp,
    () =>
      otlpMetric(message([[1, 'bytes', message([[6, 'bytes', repeated(Uint8Array.of(0), SIZE / 8)]])]]), 9),
  ],
])('%s', (_, decode, make) => {
  const body = make()
  const context = contextFor()
  const start = cpuMs()
  try {
    decode(body, context)
  } catch (error) {
    expect(['MalformedBodyError', 'RequestTooLargeError']).toContain((error as Error).name)
  }
  expect(cpuMs() - start).toBeLessThan(SLOW_MS)
  expect(context.catalogue.seriesCount).toBeLessThanOrEqual(2 * DEFAULT_LIMITS.newSeriesPerRequest)
})
