import { metricName } from '../naming.js'
import { BYTES, type ProtobufReader } from '../protobuf.js'
import type { Registrar } from '../registrar.js'

/** prompb/types.proto: MetricMetadata.MetricType. */
export const METRIC_TYPES = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
]

const TYPE = 1 << 3
const FAMILY = (2 << 3) | BYTES
const HELP = (4 << 3) | BYTES
const UNIT = (5 << 3) | BYTES
const MOST_HELP = 1000
const MOST_UNIT = 40

const utf8 = new TextDecoder('utf-8')

/**
 * Reads a MetricMetadata message and tells the catalogue what it says of the family's metrics that exist. Senders repeat
 * it every minute, so that a family whose samples come later is described soon; unknown families create nothing.
 */
export function declareMetric(reader: ProtobufReader, registrar: Registrar): void {
  let type = 0
  let family = ''
  let description = ''
  let unit = ''
  while (reader.at < reader.end) {
    const tag = reader.uint32()
    if (tag === TYPE) type = reader.varint()
    else if (tag === FAMILY || tag === HELP || tag === UNIT) {
      const end = reader.block()
      const text = utf8.decode(reader.bytes.subarray(reader.at, Math.min(end, reader.at + MOST_HELP)))
      if (tag === FAMILY) family = text
      else if (tag === HELP) description = text
      else unit = text
      reader.at = end
    } else reader.skip(tag & 7)
  }
  describeFamily(registrar, family, METRIC_TYPES[type] ?? 'unknown', description, unit)
}

/**
 * Applies a family's type, help and unit to its metrics: a counter's `_total`, a histogram's `_bucket`, `_sum` and
 * `_count`, a summary's `_sum` and `_count`.
 */
function describeFamily(
  registrar: Registrar,
  family: string,
  type: string,
  description: string,
  unit: string,
): void {
  const suffixes = ['', ...(SUFFIXES[type] ?? [])]
  for (const suffix of suffixes) describeSeries(registrar, family + suffix, type, description, unit)
}

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total'],
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['_sum', '_count'],
}

/** Applies type, help and unit of its family to one metric, if it exists and the type says something. */
export function describeSeries(
  registrar: Registrar,
  rawName: string,
  type: string,
  description: string,
  unit: string,
): void {
  const name = metricName(rawName)
  if (name === '' || type === 'unknown' || !registrar.known(name)) return
  const part = type === 'histogram' || type === 'summary' ? /_(bucket|sum|count)$/.exec(name)?.[1] : undefined
  const counted = part === 'bucket' || part === 'count'
  registrar.metric({
    name,
    isCounter: type === 'counter' || part !== undefined,
    ...(description !== '' && { description: description.slice(0, MOST_HELP) }),
    ...(unit !== '' && !counted && { unitNumerators: [unit.slice(0, MOST_UNIT)] }),
  })
}
