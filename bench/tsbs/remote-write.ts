/**
 * The simulation as Prometheus remote write 1.0: protobuf `WriteRequest`, snappy block format.
 *
 * As Prometheus itself sends, every sample is a `TimeSeries` of its own with all its labels, and a series always goes through
 * the same connection: hosts are split evenly into lanes, each of which is in order of time.
 */
import { compress } from 'snappyjs'
import { CPU_FIELDS, type HostTags } from './hosts.js'
import { createSimulation, type DataParameters } from './simulation.js'

/** As many samples as a batch of 10,000 lines holds. */
export const SAMPLES_PER_REQUEST = 100_000
/** Five times Prometheus' own `max_samples_per_send`. */
export const FEWER_SAMPLES_PER_REQUEST = 10_000

export interface Lane {
  bytes: Buffer
  at: number
  samples: number
}

/** Calls `onBatch` for every request of every lane, in order of time within a lane. The bytes belong to the callee. */
export function generateRemoteWrite(
  parameters: DataParameters,
  lanes: number,
  onBatch: (bytes: Uint8Array, samples: number, lane: number) => void,
  samplesPerRequest = SAMPLES_PER_REQUEST,
): void {
  const simulation = createSimulation(parameters)
  const fields = CPU_FIELDS.length
  const labels = simulation.hosts.flatMap((tags) => CPU_FIELDS.map((field) => encodeTags(field, tags)))
  const longest = Math.max(...labels.map((l) => l.length)) + 40
  const state: Lane[] = Array.from({ length: lanes }, () => ({
    bytes: Buffer.alloc(samplesPerRequest * longest),
    at: 0,
    samples: 0,
  }))
  const flush = (lane: Lane, index: number) => {
    if (lane.samples > 0) onBatch(compress(lane.bytes.subarray(0, lane.at)), lane.samples, index)
    lane.at = 0
    lane.samples = 0
  }
  for (let epoch = 0; epoch < parameters.epochs; epoch++) {
    if (epoch > 0) simulation.advance()
    const time = parameters.start + epoch * parameters.intervalSeconds * 1000
    const timeBytes = encodeTime(time)
    for (let series = 0; series < labels.length; series++) {
      const laneIndex = Math.floor((Math.floor(series / fields) * lanes) / parameters.hosts)
      const lane = state[laneIndex]!
      const raw = simulation.values[series]!
      appendSeries(lane, labels[series]!, parameters.values === 'integers' ? Math.trunc(raw) : raw, timeBytes)
      if (lane.samples === samplesPerRequest) flush(lane, laneIndex)
    }
  }
  state.forEach(flush)
}

/** WriteRequest.timeseries = 1 { labels = 1 …, samples = 2 { value = 1 double, timestamp = 2 int64 } } */
export function appendSeries(lane: Lane, labels: Uint8Array, value: number, timeBytes: Uint8Array): void {
  const { bytes } = lane
  const sampleLength = 9 + timeBytes.length
  let at = lane.at
  bytes[at++] = 0x0a
  let length = labels.length + 2 + sampleLength
  for (; length > 0x7f; length >>>= 7) bytes[at++] = (length & 0x7f) | 0x80
  bytes[at++] = length
  bytes.set(labels, at)
  at += labels.length
  bytes[at++] = 0x12
  bytes[at++] = sampleLength
  bytes[at++] = 0x09
  at = bytes.writeDoubleLE(value, at)
  bytes.set(timeBytes, at)
  lane.at = at + timeBytes.length
  lane.samples++
}

const encodeTags = (field: string, tags: HostTags) => encodeLabels([['__name__', `cpu_${field}`], ...tags])

/** Labels sorted by name, as the specification demands. */
export function encodeLabels(pairs: readonly (readonly [string, string])[]): Uint8Array {
  const labels = [...pairs].sort((a, b) => (a[0] < b[0] ? -1 : 1))
  const parts = labels.map(([name, value]) => {
    const n = Buffer.from(name!)
    const v = Buffer.from(value!)
    const body = [0x0a, ...varint(n.length), ...n, 0x12, ...varint(v.length), ...v]
    return Buffer.from([0x0a, ...varint(body.length), ...body])
  })
  return Buffer.concat(parts)
}

/** The field `timestamp` of a sample, milliseconds. */
export const encodeTime = (time: number): Uint8Array => Buffer.from([0x10, ...varint(time)])

function varint(value: number): number[] {
  const out: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) out.push((rest % 128) | 0x80)
  out.push(rest)
  return out
}
