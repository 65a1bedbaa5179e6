import { metricName } from '../naming.js'
import { BYTES, type ProtobufReader } from '../protobuf.js'
import type { Registrar } from '../registrar.js'

/** prompb/types.proto: MetricMetadata.MetricType. */
const COUNTER = 1
const HISTOGRAM = 3
const SUMMARY = 5
const TYPES = ['unknown', 'counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset']

const TYPE = 1 << 3
const FAMILY = (2 << 3) | BYTES
const HELP = (4 << 3) | BYTES
const UNIT = (5 << 3) | BYTES
const MOST_HELP = 1000

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
  describeFamily(registrar, family, TYPES[type] ?? 'unknown', description, unit)
}

/**
 * Applies a family's type, help and unit to its metrics: a counter's `_total`, a histogram's `_bucket`, `_sum` and
 * `_count`, a summary's `_sum` and `_count`.
 */
export function describeFamily(
  registrar: Registrar,
  family: string,
  type: string,
  description: string,
  unit: string,
): void {
  const name = metricName(family)
  if (name === '' || type === 'unknown') return
  const unitNumerators = unit === '' ? {} : { unitNumerators: [unit.slice(0, 40)] }
  const text = description === '' ? {} : { description: description.slice(0, MOST_HELP) }
  const describe = (suffix: string, isCounter: boolean, withUnit: boolean) => {
    const metric = name + suffix
    if (registrar.known(metric))
      registrar.metric({ name: metric, isCounter, ...text, ...(withUnit ? unitNumerators : {}) })
  }
  const monotonic = type === TYPES[COUNTER]
  describe('', monotonic, true)
  if (monotonic && !name.endsWith('_total')) describe('_total', true, true)
  if (type === TYPES[HISTOGRAM]) describe('_bucket', true, false)
  if (type === TYPES[HISTOGRAM] || type === TYPES[SUMMARY]) {
    describe('_sum', true, true)
    describe('_count', true, false)
  }
}
