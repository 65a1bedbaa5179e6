import { ByteCache } from '../byte-cache.js'
import { type DecodeContext, tooManyItems, tooManySamples } from '../decode.js'
import type { IngestLimits } from '../limits.js'
import type { Label } from '../naming.js'
import { ProtobufReader } from '../protobuf.js'
import { type Kind, millisecondsOf, type OtlpMetric } from './otlp-point.js'
import {
  bytes,
  eachField,
  eachMessage,
  fixed64,
  readAttributes,
  readPoint,
  text,
  unsigned,
  varint,
} from './otlp-protobuf-point.js'
import { NO_RECORDED_VALUE, type OtlpSamples } from './otlp-samples.js'

/**
 * OTLP/HTTP metrics in protobuf: `ExportMetricsServiceRequest` (opentelemetry-proto 1.x).
 *
 * A resource and a metric get a number by their bytes; that number and the bytes of a point's attributes are the key of the
 * cached series of a gauge or sum. The other kinds, and what the cache does not know, are read into objects.
 */
export type OtlpProtobufDecoder = (body: Uint8Array, context: DecodeContext) => void

const KINDS: Readonly<Record<number, Kind>> = {
  [bytes(5)]: 'gauge',
  [bytes(7)]: 'sum',
  [bytes(9)]: 'histogram',
  [bytes(10)]: 'exponentialHistogram',
  [bytes(11)]: 'summary',
}
const TIME = fixed64(3)
const DOUBLE = fixed64(4)
const INTEGER = fixed64(6)
const ATTRIBUTE = bytes(7)
const FLAGS = varint(8)
/** Numbers of resources and metrics are never used twice while a key may hold them. */
const MOST_NUMBERS = 2 ** 31
/** What a key has before the attributes: the number of resource and metric. */
const PREFIX = 4

interface State {
  reader: ProtobufReader
  context: DecodeContext
  samples: OtlpSamples
  /** Numbers of resources and of their metrics, by number of the resource and the metric's own bytes. */
  numbers: ByteCache<number>
  next: number
  series: ByteCache<number>
  key: Uint8Array
  keyView: DataView
  position: number
  points: number
}

/** A decoder with caches of its own, bounded by `labelCacheBytes`. Throws `MalformedBodyError`, `RequestTooLargeError`. */
export function createOtlpProtobufDecoder(
  limits: Pick<IngestLimits, 'labelCacheBytes' | 'labelSetBytes'>,
  samples: OtlpSamples,
): OtlpProtobufDecoder {
  const numbers = new ByteCache<number>(limits.labelCacheBytes / 2)
  const series = new ByteCache<number>(limits.labelCacheBytes / 2)
  const key = new Uint8Array(PREFIX + limits.labelSetBytes)
  const keyView = new DataView(key.buffer)
  let next = 0
  return (body, context) => {
    numbers.rewind()
    series.rewind()
    if (next > MOST_NUMBERS) {
      numbers.clear()
      series.clear()
      next = 0
    }
    const reader = new ProtobufReader(body)
    const state: State = {
      reader,
      context,
      samples,
      numbers,
      next,
      series,
      key,
      keyView,
      position: 0,
      points: 0,
    }
    let resources = 0
    try {
      eachMessage(reader, body.length, 1, () => {
        if (++resources > context.limits.samplesPerRequest) throw tooManyItems(context.limits)
        decodeResource(state, reader.end)
      })
    } finally {
      next = state.next
    }
  }
}

/** The lasting number of `prefix` and the bytes at `start` … `end`; a fresh one each time when they are too long for a key. */
function numberOf(state: State, prefix: number, start: number, end: number): number {
  const { key, keyView, numbers, reader } = state
  if (PREFIX + end - start > key.length) return state.next++
  keyView.setInt32(0, prefix)
  key.set(reader.bytes.subarray(start, end), PREFIX)
  const known = numbers.get(keyView, 0, PREFIX + end - start)
  if (known !== undefined) return known
  numbers.set(keyView, 0, PREFIX + end - start, state.next)
  return state.next++
}

function decodeResource(state: State, end: number): void {
  const { reader } = state
  const start = reader.at
  const resource: Label[] = []
  let number = -1
  // The resource may stand behind what it is about.
  eachMessage(reader, end, 1, () => {
    number = numberOf(state, number, reader.at, reader.end)
    readAttributes(reader, reader.end, 1, resource, true)
  })
  reader.at = start
  eachMessage(reader, end, 2, () =>
    eachMessage(reader, reader.end, 2, () => {
      if (++state.position > state.context.limits.samplesPerRequest) throw tooManyItems(state.context.limits)
      decodeMetric(state, reader.end, resource, number)
    }),
  )
}

function decodeMetric(
  state: State,
  metricEnd: number,
  resource: readonly Label[],
  resourceNumber: number,
): void {
  const { reader, context, samples } = state
  const metric: OtlpMetric = {
    name: '',
    description: '',
    unit: '',
    kind: 'gauge',
    temporality: 0,
    monotonic: false,
  }
  let nameStart = 0
  let nameEnd = 0
  let start = -1
  let end = -1
  eachField(reader, metricEnd, (tag) => {
    if (tag === bytes(1)) {
      nameEnd = reader.block()
      nameStart = reader.at
      reader.at = nameEnd
    } else if (tag === bytes(2)) metric.description = text(reader)
    else if (tag === bytes(3)) metric.unit = text(reader)
    else if (KINDS[tag] !== undefined) {
      metric.kind = KINDS[tag]
      end = reader.block()
      start = reader.at
      reader.at = end
    } else return false
    return true
  })
  if (start < 0) return
  metric.name = Buffer.from(reader.bytes.subarray(nameStart, nameEnd)).toString()
  reader.at = start
  eachField(reader, end, (tag) => {
    if (tag === varint(2)) metric.temporality = reader.varint()
    else if (tag === varint(3)) metric.monotonic = reader.varint() !== 0
    else return false
    return true
  })
  const isNumber = metric.kind === 'gauge' || metric.kind === 'sum'
  const number = isNumber ? numberOf(state, resourceNumber, nameStart, nameEnd) : -1
  reader.at = start
  eachMessage(reader, end, 1, () => {
    if (++state.points > context.limits.samplesPerRequest) throw tooManyItems(context.limits)
    const at = reader.at
    let taken = isNumber ? takeNumber(state, reader.end, metric, resource, number) : undefined
    if (taken === undefined) {
      reader.at = at
      taken = samples.take(metric, resource, readPoint(reader, metric.kind), context)
    }
    if (taken < 0) {
      const { reason, detail } = context.registrar
      context.outcome.refuse(reason, detail, state.position, reader.bytes, nameStart, nameEnd)
    }
    if (context.columns.length > context.limits.samplesPerRequest) throw tooManySamples(context.limits)
  })
}

/** Takes a NumberDataPoint whose attributes stand together, as every sender has them; undefined for any other. */
function takeNumber(
  state: State,
  end: number,
  metric: OtlpMetric,
  resource: readonly Label[],
  number: number,
): number | undefined {
  const { reader, context, key, keyView, samples } = state
  let time = 0
  let value: number | undefined
  let flags = 0
  let attributesStart = reader.at
  let attributesEnd = reader.at
  while (reader.at < end) {
    reader.end = end
    const fieldStart = reader.at
    const tag = reader.uint32()
    const at = reader.at
    if (tag === FLAGS) flags = reader.varint()
    else reader.skip(tag & 7)
    if (tag === TIME) time = millisecondsOf(unsigned(reader, at))
    else if (tag === DOUBLE) value = reader.view.getFloat64(at, true)
    else if (tag === INTEGER)
      value = reader.view.getInt32(at + 4, true) * 0x1_0000_0000 + reader.view.getUint32(at, true)
    else if (tag === ATTRIBUTE) {
      if (attributesStart === attributesEnd) attributesStart = fieldStart
      else if (attributesEnd !== fieldStart) return undefined
      attributesEnd = reader.at
    }
  }
  const size = PREFIX + attributesEnd - attributesStart
  if (value === undefined || (flags & NO_RECORDED_VALUE) !== 0 || size > key.length) return undefined
  keyView.setInt32(0, number)
  key.set(reader.bytes.subarray(attributesStart, attributesEnd), PREFIX)
  let series = state.series.get(keyView, 0, size)
  if (series === undefined) {
    const labels: Label[] = []
    reader.at = attributesStart
    readAttributes(reader, attributesEnd, 7, labels, false)
    series = samples.seriesOf(metric, resource, labels, context)
    if (series < 0) return -1
    state.series.set(keyView, 0, size, series)
  }
  return samples.store(metric, series, time, value, context)
}
