import { MalformedBodyError } from '../errors.js'
import type { Label } from '../naming.js'
import { BYTES, FIXED64, type ProtobufReader, VARINT } from '../protobuf.js'
import type { ExponentialBuckets, Side } from './otlp-exponential.js'
import { isVolatile, type Kind, labelName, millisecondsOf, type OtlpPoint } from './otlp-point.js'

/** Reads data points and attributes of OTLP's protobuf encoding into objects; all but numbers that are known go this way. */

/** Attributes, buckets or quantiles of a point. */
const MOST_ITEMS = 2000

export const bytes = (field: number) => (field << 3) | BYTES
export const fixed64 = (field: number) => (field << 3) | FIXED64
export const varint = (field: number) => (field << 3) | VARINT

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
export function eachField(reader: ProtobufReader, end: number, visit: (tag: number) => boolean): void {
  const outer = reader.end
  while (reader.at < end) {
    reader.end = end
    const tag = reader.uint32()
    if (!visit(tag)) reader.skip(tag & 7)
  }
  reader.end = outer
}

/** Visits each message of this field, with the reader inside of it and `reader.end` at its end. */
export function eachMessage(reader: ProtobufReader, end: number, field: number, visit: () => void): void {
  eachField(reader, end, (tag) => {
    if (tag !== bytes(field)) return false
    const messageEnd = reader.block()
    reader.end = messageEnd
    visit()
    reader.at = messageEnd
    return true
  })
}

export function text(reader: ProtobufReader): string {
  const end = reader.block()
  const value = Buffer.from(
    reader.bytes.buffer,
    reader.bytes.byteOffset + reader.at,
    end - reader.at,
  ).toString()
  reader.at = end
  return value
}

export function readPoint(reader: ProtobufReader, kind: Kind): OtlpPoint {
  const point: OtlpPoint = { labels: [], time: 0, flags: 0 }
  const isNumber = kind === 'gauge' || kind === 'sum'
  eachField(reader, reader.end, (tag) => {
    if (tag === fixed64(3)) point.time = millisecondsOf(nextUnsigned(reader))
    else if (tag === varint(FLAGS[kind])) point.flags = reader.varint()
    else if (tag === bytes(ATTRIBUTES[kind])) {
      const end = reader.block()
      readAttribute(reader, end, point.labels, false)
      reader.at = end
    } else if (tag === fixed64(4))
      isNumber ? (point.value = reader.double()) : (point.count = nextUnsigned(reader))
    else if (tag === fixed64(6) && isNumber) point.value = nextSigned(reader)
    else if (tag === fixed64(5) && !isNumber) point.sum = reader.double()
    else if (kind === 'histogram' && tag === bytes(6)) point.bucketCounts = packed(reader, nextUnsigned)
    else if (kind === 'histogram' && tag === bytes(7)) point.bounds = packed(reader, (each) => each.double())
    else if (kind === 'exponentialHistogram' && readExponential(reader, tag, point)) return true
    else if (kind === 'summary' && tag === bytes(6)) {
      point.quantiles ??= []
      if (point.quantiles.length >= MOST_ITEMS)
        throw new MalformedBodyError(`a summary has more than ${MOST_ITEMS} quantiles`, reader.at)
      point.quantiles.push(readQuantile(reader))
    } else return false
    return true
  })
  return point
}

/** A field that only an exponential histogram's point has; false for any other. */
function readExponential(reader: ProtobufReader, tag: number, point: OtlpPoint): boolean {
  const read = (into: ExponentialBuckets): boolean => {
    if (tag === varint(6)) into.scale = zigzag(reader.varint())
    else if (tag === fixed64(7)) into.zeroCount = nextUnsigned(reader)
    else if (tag === fixed64(14)) into.zeroThreshold = reader.double()
    else if (tag === bytes(8)) readSide(reader, into.positive)
    else if (tag === bytes(9)) readSide(reader, into.negative)
    else return false
    return true
  }
  const buckets = point.exponential ?? {
    scale: 0,
    zeroCount: 0,
    zeroThreshold: 0,
    positive: { offset: 0, counts: [] },
    negative: { offset: 0, counts: [] },
  }
  if (!read(buckets)) return false
  point.exponential = buckets
  return true
}

function readSide(reader: ProtobufReader, into: Side): void {
  eachField(reader, reader.block(), (tag) => {
    if (tag === varint(1)) into.offset = zigzag(reader.varint())
    else if (tag === bytes(2)) into.counts = packed(reader, (each) => each.varint())
    else return false
    return true
  })
}

const zigzag = (value: number) => (value % 2 === 0 ? value / 2 : -(value + 1) / 2)

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
  while (reader.at < end) {
    if (values.length >= MOST_ITEMS)
      throw new MalformedBodyError(`a histogram has more than ${MOST_ITEMS} buckets`, reader.at)
    values.push(read(reader))
  }
  reader.end = outer
  return values
}

/** Eight bytes at `at` as an unsigned integer, exact up to 2^53. */
export function unsigned(reader: ProtobufReader, at: number): number {
  return reader.view.getUint32(at + 4, true) * 0x1_0000_0000 + reader.view.getUint32(at, true)
}

function nextUnsigned(reader: ProtobufReader): number {
  const at = reader.at
  reader.skip(FIXED64)
  return unsigned(reader, at)
}

function nextSigned(reader: ProtobufReader): number {
  const at = reader.at
  reader.skip(FIXED64)
  return reader.view.getInt32(at + 4, true) * 0x1_0000_0000 + reader.view.getUint32(at, true)
}

/** Reads the KeyValue messages of a field. */
export function readAttributes(
  reader: ProtobufReader,
  end: number,
  field: number,
  into: Label[],
  ofResource: boolean,
): void {
  eachMessage(reader, end, field, () => readAttribute(reader, reader.end, into, ofResource))
}

/** KeyValue { key = 1; AnyValue value = 2 }: texts, numbers and booleans; lists, maps and bytes are no labels. */
export function readAttribute(reader: ProtobufReader, end: number, into: Label[], ofResource: boolean): void {
  let key = ''
  let value: string | undefined
  eachField(reader, end, (tag) => {
    if (tag === bytes(1)) key = text(reader)
    else if (tag === bytes(2)) value = readScalar(reader)
    else return false
    return true
  })
  // Far more than any limit allows need not be kept to be refused.
  if (into.length >= MOST_ITEMS) return
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
