import { type DecodeContext, tooManySamples } from '../decode.js'
import type { Label } from '../naming.js'
import { BYTES, FIXED64, ProtobufReader, VARINT } from '../protobuf.js'
import {
  isVolatile,
  type Kind,
  labelName,
  millisecondsOf,
  type OtlpMetric,
  type OtlpPoint,
} from './otlp-point.js'
import type { TakeOtlpPoint } from './otlp-samples.js'

/** OTLP/HTTP metrics in protobuf: `ExportMetricsServiceRequest` (opentelemetry-proto 1.x). Throws `MalformedBodyError`. */
export function decodeOtlpProtobuf(body: Uint8Array, context: DecodeContext, take: TakeOtlpPoint): void {
  const reader = new ProtobufReader(body)
  let position = 0
  eachField(reader, body.length, (tag) => {
    if (tag !== bytes(1)) return false
    const end = reader.block()
    const start = reader.at
    const resource: Label[] = []
    // The resource may stand behind what it is about.
    eachMessage(reader, end, 1, () => readAttributes(reader, reader.end, 1, resource, true))
    reader.at = start
    eachMessage(reader, end, 2, () =>
      eachMessage(reader, reader.end, 2, () => decodeMetric(reader, ++position, resource, context, take)),
    )
    return true
  })
}

const bytes = (field: number) => (field << 3) | BYTES
const fixed64 = (field: number) => (field << 3) | FIXED64
const varint = (field: number) => (field << 3) | VARINT

const KINDS: Readonly<Record<number, Kind>> = {
  [bytes(5)]: 'gauge',
  [bytes(7)]: 'sum',
  [bytes(9)]: 'histogram',
  [bytes(10)]: 'exponentialHistogram',
  [bytes(11)]: 'summary',
}
/** The number of the field with a data point's attributes, by kind. */
const ATTRIBUTES: Readonly<Record<Kind, number>> = {
  gauge: 7,
  sum: 7,
  histogram: 9,
  exponentialHistogram: 1,
  summary: 7,
}
const FLAGS: Readonly<Record<Kind, number>> = {
  gauge: 8,
  sum: 8,
  histogram: 10,
  exponentialHistogram: 10,
  summary: 8,
}

/** Visits the fields up to `end`; one that `visit` does not read itself (false) is passed over. */
function eachField(reader: ProtobufReader, end: number, visit: (tag: number) => boolean): void {
  const outer = reader.end
  while (reader.at < end) {
    reader.end = end
    const tag = reader.uint32()
    if (!visit(tag)) reader.skip(tag & 7)
  }
  reader.end = outer
}

/** Visits each message of this field, with the reader inside of it and `reader.end` at its end. */
function eachMessage(reader: ProtobufReader, end: number, field: number, visit: () => void): void {
  eachField(reader, end, (tag) => {
    if (tag !== bytes(field)) return false
    const messageEnd = reader.block()
    reader.end = messageEnd
    visit()
    reader.at = messageEnd
    return true
  })
}

function text(reader: ProtobufReader): string {
  const end = reader.block()
  const value = Buffer.from(
    reader.bytes.buffer,
    reader.bytes.byteOffset + reader.at,
    end - reader.at,
  ).toString()
  reader.at = end
  return value
}

function decodeMetric(
  reader: ProtobufReader,
  position: number,
  resource: readonly Label[],
  context: DecodeContext,
  take: TakeOtlpPoint,
): void {
  const metric: OtlpMetric = {
    name: '',
    description: '',
    unit: '',
    kind: 'gauge',
    temporality: 0,
    monotonic: false,
  }
  let start = -1
  let end = -1
  eachField(reader, reader.end, (tag) => {
    if (tag === bytes(1)) metric.name = text(reader)
    else if (tag === bytes(2)) metric.description = text(reader)
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
  reader.at = start
  eachField(reader, end, (tag) => {
    if (tag === varint(2)) metric.temporality = reader.varint()
    else if (tag === varint(3)) metric.monotonic = reader.varint() !== 0
    else return false
    return true
  })
  reader.at = start
  eachMessage(reader, end, 1, () => {
    if (take(metric, resource, readPoint(reader, metric.kind), context) < 0) {
      const { reason, detail } = context.registrar
      const named = Buffer.from(metric.name.slice(0, 200))
      context.outcome.refuse(reason, detail, position, named, 0, named.length)
    }
    if (context.columns.length > context.limits.samplesPerRequest) throw tooManySamples(context.limits)
  })
}

function readPoint(reader: ProtobufReader, kind: Kind): OtlpPoint {
  const point: OtlpPoint = { labels: [], time: 0, flags: 0 }
  const isNumber = kind === 'gauge' || kind === 'sum'
  eachField(reader, reader.end, (tag) => {
    if (tag === fixed64(3)) point.time = millisecondsOf(unsigned(reader))
    else if (tag === varint(FLAGS[kind])) point.flags = reader.varint()
    else if (tag === bytes(ATTRIBUTES[kind])) {
      const end = reader.block()
      readAttribute(reader, end, point.labels, false)
      reader.at = end
    } else if (tag === fixed64(4))
      isNumber ? (point.value = reader.double()) : (point.count = unsigned(reader))
    else if (tag === fixed64(6) && isNumber) point.value = signed(reader)
    else if (tag === fixed64(5) && !isNumber) point.sum = reader.double()
    else if (kind === 'histogram' && tag === bytes(6)) point.bucketCounts = packed(reader, unsigned)
    else if (kind === 'histogram' && tag === bytes(7)) point.bounds = packed(reader, (each) => each.double())
    else if (kind === 'summary' && tag === bytes(6)) {
      point.quantiles ??= []
      point.quantiles.push(readQuantile(reader))
    } else return false
    return true
  })
  return point
}

function readQuantile(reader: ProtobufReader): { quantile: number; value: number } {
  const found = { quantile: 0, value: 0 }
  eachField(reader, reader.block(), (tag) => {
    if (tag === fixed64(1)) found.quantile = reader.double()
    else if (tag === fixed64(2)) found.value = reader.double()
    else return false
    return true
  })
  return found
}

function packed(reader: ProtobufReader, read: (reader: ProtobufReader) => number): number[] {
  const outer = reader.end
  const end = reader.block()
  const values: number[] = []
  reader.end = end
  while (reader.at < end) values.push(read(reader))
  reader.end = outer
  return values
}

/** Eight bytes as an unsigned integer, exact up to 2^53. */
function unsigned(reader: ProtobufReader): number {
  const at = reader.at
  reader.skip(FIXED64)
  return reader.view.getUint32(at + 4, true) * 0x1_0000_0000 + reader.view.getUint32(at, true)
}

function signed(reader: ProtobufReader): number {
  const at = reader.at
  reader.skip(FIXED64)
  return reader.view.getInt32(at + 4, true) * 0x1_0000_0000 + reader.view.getUint32(at, true)
}

/** Reads the KeyValue messages of a field. */
function readAttributes(
  reader: ProtobufReader,
  end: number,
  field: number,
  into: Label[],
  ofResource: boolean,
): void {
  eachMessage(reader, end, field, () => readAttribute(reader, reader.end, into, ofResource))
}

/** KeyValue { key = 1; AnyValue value = 2 }: texts, numbers and booleans; lists, maps and bytes are no labels. */
function readAttribute(reader: ProtobufReader, end: number, into: Label[], ofResource: boolean): void {
  let key = ''
  let value: string | undefined
  eachField(reader, end, (tag) => {
    if (tag === bytes(1)) key = text(reader)
    else if (tag === bytes(2)) value = readScalar(reader)
    else return false
    return true
  })
  if (value !== undefined && !(ofResource && isVolatile(key))) into.push({ name: labelName(key), value })
}

function readScalar(reader: ProtobufReader): string | undefined {
  let value: string | undefined
  eachField(reader, reader.block(), (tag) => {
    if (tag === bytes(1)) value = text(reader)
    else if (tag === varint(2)) value = String(reader.varint() !== 0)
    else if (tag === varint(3)) value = String(reader.varint())
    else if (tag === fixed64(4)) value = String(reader.double())
    else return false
    return true
  })
  return value
}
