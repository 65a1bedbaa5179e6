/**
 * Samples per second of processor time of each decoder alone: one thread, every label set in its cache, columns reused. Run with
 * `npx esbuild bench/ingest-decode.ts --bundle --packages=external --platform=node --format=esm --outfile=dist/decode.mjs &&
 * node dist/decode.mjs`.
 */
import SnappyJS from 'snappyjs'
import { createGraphiteDecoder } from '../src/ingest/formats/graphite.js'
import { createLineProtocolDecoder } from '../src/ingest/formats/line-protocol.js'
import { createNativeDecoder } from '../src/ingest/formats/native.js'
import { createOtlpJsonDecoder } from '../src/ingest/formats/otlp-json.js'
import { createOtlpProtobufDecoder } from '../src/ingest/formats/otlp-protobuf.js'
import { createOtlpSamples } from '../src/ingest/formats/otlp-samples.js'
import { createRemoteWriteDecoder } from '../src/ingest/formats/prometheus-remote-write.js'
import { createRemoteWrite2Decoder } from '../src/ingest/formats/prometheus-remote-write-2.js'
import { DEFAULT_LIMITS } from '../src/ingest/limits.js'
import { decompressSnappy } from '../src/ingest/snappy.js'
import { encodeNativeBatch } from '../src/wire/native-batch.js'
import { type Bench, contextFor } from '../test/ingest/support/decode.js'
import {
  graphite,
  otlpJson,
  otlpProtobuf,
  remoteWrite,
  remoteWrite2,
  type Sent,
} from '../test/ingest/support/encode.js'
import { MemoryCatalogue } from '../test/ingest/support/memory-catalogue.js'

const HOSTS = 4000
const FIELDS = 'user system idle nice iowait irq softirq steal guest guest_nice'
  .split(' ')
  .map((f) => `usage_${f}`)
const NOW = Date.UTC(2026, 0, 15, 12)

function lineProtocol(lines: number): Buffer {
  const out: string[] = []
  for (let k = 0; k < lines; k++) {
    const host = k % HOSTS
    const tags = `hostname=host_${host},region=eu-central-1,datacenter=eu-central-1b,rack=${host % 100},os=Ubuntu15.10,arch=x86,team=SF,service=${host % 20},service_version=0,service_environment=test`
    const fields = FIELDS.map((field, f) => `${field}=${(k * 7 + f * 13) % 100}i`).join(',')
    out.push(`cpu,${tags} ${fields} ${NOW - 60_000 + Math.floor(k / HOSTS) * 10_000}000000`)
  }
  return Buffer.from(`${out.join('\n')}\n`)
}

function measure(name: string, run: () => number): void {
  run()
  run()
  const rates: number[] = []
  for (let round = 0; round < 9; round++) {
    // Processor time, so that neighbours on the machine do not count.
    const start = process.cpuUsage()
    const samples = run()
    const { user, system } = process.cpuUsage(start)
    rates.push((samples / (user + system)) * 1e6)
  }
  rates.sort((a, b) => a - b)
  console.log(
    `${name.padEnd(44)} ${(rates[4]! / 1e6).toFixed(1)} M samples/s (best ${(rates[8]! / 1e6).toFixed(1)})`,
  )
}

function decoding(body: Uint8Array, decode: (body: Uint8Array, context: Bench) => void): () => number {
  const context = contextFor(new MemoryCatalogue(), {}, NOW)
  context.columns.grow(500_000)
  return () => {
    context.columns.length = 0
    context.registrar.registered = 0
    decode(body, context)
    if (context.outcome.refused > 0) throw new Error(JSON.stringify(context.outcome.list[0]))
    return context.columns.length
  }
}

const lines = lineProtocol(40_000)
const influx = createLineProtocolDecoder(DEFAULT_LIMITS)
measure(
  'line protocol, TSBS cpu-only, 4,000 hosts',
  decoding(lines, (body, context) => influx(body, 'ns', context)),
)

const shuffled = Buffer.from(
  `${lines
    .toString()
    .trimEnd()
    .split('\n')
    .map((line, k) => ({ line, at: (k * 7919) % 40_009 }))
    .sort((a, b) => a.at - b.at)
    .map(({ line }) => line)
    .join('\n')}\n`,
)
measure(
  'line protocol, the same in random order',
  decoding(shuffled, (body, context) => influx(body, 'ns', context)),
)

const LABELS =
  'region=eu-central-1 datacenter=eu-central-1b rack=21 os=Ubuntu15.10 arch=x86 team=SF service=6 job=node'
const series = (count: number, samples: number) =>
  Array.from({ length: count * samples }, (_, k) => ({
    metric: 'node_cpu_seconds_total',
    labels: {
      ...Object.fromEntries(LABELS.split(' ').map((pair) => pair.split('=') as [string, string])),
      cpu: String(Math.floor(k / samples) % 64),
      instance: `host_${Math.floor(k / samples / 64)}:9100`,
    },
    time: NOW - 60_000 + (k % samples) * 1000,
    value: k * 1.37,
  }))
for (const [count, samples] of [
  [40_000, 1],
  [4_000, 10],
] as const) {
  const raw = remoteWrite(series(count, samples))
  const block = SnappyJS.compress(raw)
  const prometheus = createRemoteWriteDecoder(DEFAULT_LIMITS)
  const what = `remote write, ${count} series × ${samples}, 11 labels`
  measure(what, decoding(raw, prometheus))
  measure(
    `${what}, with snappy`,
    decoding(block, (body, context) => prometheus(decompressSnappy(body, 1e9), context)),
  )
  measure(`  snappy alone`, () => decompressSnappy(block, 1e9).length && count * samples)
  measure(`  snappyjs alone`, () => SnappyJS.uncompress(block).length && count * samples)
}

const samples = series(4_000, 10)
const take = createOtlpSamples(DEFAULT_LIMITS)
const others: [
  string,
  (samples: readonly Sent[]) => Uint8Array,
  (body: Uint8Array, context: Bench) => void,
][] = [
  ['remote write 2.0', remoteWrite2, createRemoteWrite2Decoder(DEFAULT_LIMITS)],
  ['Graphite with tags', graphite, createGraphiteDecoder(DEFAULT_LIMITS)],
  ['OTLP protobuf, a metric a point', otlpProtobuf, createOtlpProtobufDecoder(DEFAULT_LIMITS, take)],
  [
    'OTLP JSON, a metric a point',
    (all) => otlpJson(all.slice(0, 10_000)),
    createOtlpJsonDecoder(DEFAULT_LIMITS, take),
  ],
]
for (const [what, encode, decode] of others)
  measure(`${what}, 4,000 series × 10, 11 labels`, decoding(encode(samples), decode))

const N = 200_000
const batch = encodeNativeBatch({
  sender: 'bench',
  metrics: Array.from({ length: 50 }, (_, k) => ({ name: `metric_${k}`, description: 'What it is.' })),
  entities: Array.from({ length: 20 }, (_, k) => ({
    category: 'DISK',
    name: `h:${k}`,
    attributes: { device: `${k}` },
  })),
  seriesMetric: Uint32Array.from({ length: 1000 }, (_, k) => k % 50),
  seriesEntity: Uint32Array.from({ length: 1000 }, (_, k) => Math.floor(k / 50)),
  sampleSeries: Uint32Array.from({ length: N }, (_, k) => k % 1000),
  sampleTime: new Float64Array(N).fill(NOW),
  sampleValue: Float64Array.from({ length: N }, (_, k) => k),
})
measure('native batch, 1,000 series × 200', decoding(batch, createNativeDecoder(DEFAULT_LIMITS)))
