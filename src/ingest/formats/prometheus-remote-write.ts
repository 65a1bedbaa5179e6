import { ByteCache } from '../byte-cache.js'
import { type DecodeContext, tooManySamples } from '../decode.js'
import type { IngestLimits } from '../limits.js'
import { type Label, metricName, prometheusConventions } from '../naming.js'
import { BYTES, ProtobufReader } from '../protobuf.js'
import { declareMetric } from './prometheus-metadata.js'

/**
 * Prometheus remote write 1.0: `prometheus.WriteRequest` (prompb/remote.proto), after Snappy.
 *
 * The bytes of a series' Label messages are the key of a cached series. A broken message loses the whole body (nobody can
 * tell where the next series begins); a series that cannot be taken loses itself only.
 */
export type RemoteWriteDecoder = (body: Uint8Array, context: DecodeContext) => void

const REQUEST_TIMESERIES = (1 << 3) | BYTES
const REQUEST_METADATA = (3 << 3) | BYTES
const SERIES_LABEL = (1 << 3) | BYTES
const SERIES_SAMPLE = (2 << 3) | BYTES
const SERIES_EXEMPLAR = (3 << 3) | BYTES
const SERIES_HISTOGRAM = (4 << 3) | BYTES
const PAIR_NAME = (1 << 3) | BYTES
const PAIR_VALUE = (2 << 3) | BYTES
const SAMPLE_VALUE = (1 << 3) | 1
const SAMPLE_TIME = 2 << 3

/** Prometheus marks the end of a series with this NaN (model/value: StaleNaN 0x7ff0000000000002). */
const STALE_LOW = 2
const STALE_HIGH = 0x7ff0_0000

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** A decoder with a cache of its own, bounded by `labelCacheBytes`. Throws `MalformedBodyError`, `RequestTooLargeError`. */
export function createRemoteWriteDecoder(limits: Pick<IngestLimits, 'labelCacheBytes'>): RemoteWriteDecoder {
  const cache = new ByteCache<number>(limits.labelCacheBytes)
  return (body, context) => {
    cache.rewind()
    const reader = new ProtobufReader(body)
    for (let position = 0; reader.at < body.length; ) {
      reader.end = body.length
      const tag = reader.uint32()
      if (tag === REQUEST_TIMESERIES) decodeSeries(reader, reader.block(), ++position, context, cache)
      else if (tag === REQUEST_METADATA) {
        reader.end = reader.block()
        declareMetric(reader, context.registrar)
      } else reader.skip(tag & 7)
    }
  }
}

function decodeSeries(
  reader: ProtobufReader,
  end: number,
  position: number,
  context: DecodeContext,
  cache: ByteCache<number>,
): void {
  const { outcome, limits } = context
  const start = reader.at
  reader.end = end

  // Senders put the labels first and together.
  let tag = -1
  let labelsEnd = start
  while (reader.at < end) {
    tag = reader.uint32()
    if (tag !== SERIES_LABEL) break
    reader.at = reader.block()
    labelsEnd = reader.at
    tag = -1
  }
  let series = labelsEnd - start > limits.labelSetBytes ? undefined : cache.get(reader.view, start, labelsEnd)
  if (series === undefined) {
    series = register(reader, start, labelsEnd, context)
    if (series >= 0) cache.set(reader.view, start, labelsEnd, series)
    reader.end = end
    reader.at = tag < 0 ? labelsEnd : labelsEnd + tagLength(tag)
  }

  const { columns } = context
  const first = columns.length
  let refused = 0
  let histograms = 0
  while (tag >= 0) {
    if (tag === SERIES_SAMPLE) {
      if (series < 0) {
        reader.at = reader.block()
        refused++
      } else decodeSample(reader, series, position, start, labelsEnd, context)
    } else if (tag === SERIES_HISTOGRAM) {
      histograms++
      reader.at = reader.block()
    } else if (tag === SERIES_EXEMPLAR) {
      outcome.skip('exemplar')
      reader.at = reader.block()
    } else if (tag === SERIES_LABEL) {
      // Legal protobuf, but no sender does it, and the samples before it were taken for another series.
      columns.length = first
      outcome.refuse('syntax', 'labels must come before samples', position, reader.bytes, start, end)
      reader.at = end
    } else reader.skip(tag & 7)
    tag = reader.at < end ? reader.uint32() : -1
  }
  if (columns.length > limits.samplesPerRequest) throw tooManySamples(limits)
  if (series < 0 && refused > 0) {
    const { reason, detail } = context.registrar
    outcome.refuse(reason, detail, position, reader.bytes, start, labelsEnd, refused)
  }
  if (histograms > 0) {
    const detail = 'native histograms are not stored; send classic histograms'
    outcome.refuse('unsupported', detail, position, reader.bytes, start, labelsEnd, histograms)
  }
}

const tagLength = (tag: number) =>
  tag < 0x80 ? 1 : tag < 0x4000 ? 2 : tag < 0x20_0000 ? 3 : tag < 0x1000_0000 ? 4 : 5

/** Sample { double value = 1; int64 timestamp = 2 }; a field that is zero may be missing. */
export function decodeSample(
  reader: ProtobufReader,
  series: number,
  position: number,
  start: number,
  labelsEnd: number,
  context: DecodeContext,
): void {
  const seriesEnd = reader.end
  const sampleEnd = reader.block()
  reader.end = sampleEnd
  let time = 0
  let valueAt = -1
  while (reader.at < sampleEnd) {
    const tag = reader.uint32()
    if (tag === SAMPLE_TIME) time = reader.varint()
    else {
      if (tag === SAMPLE_VALUE) valueAt = reader.at
      reader.skip(tag & 7)
    }
  }
  reader.end = seriesEnd
  const value = valueAt < 0 ? 0 : reader.view.getFloat64(valueAt, true)
  if (time >= context.earliest && time <= context.latest && value - value === 0) {
    context.columns.push(series, time, value)
    return
  }
  if (Number.isNaN(value)) {
    const stale =
      reader.view.getUint32(valueAt, true) === STALE_LOW &&
      reader.view.getUint32(valueAt + 4, true) === STALE_HIGH
    context.outcome.skip(stale ? 'stale' : 'nan')
  } else refuseSample(context, time, position, reader.bytes, start, labelsEnd)
}

/** Refuses one sample for its time, or else for a value that is not finite. */
export function refuseSample(
  context: DecodeContext,
  time: number,
  position: number,
  body: Uint8Array,
  start: number,
  end: number,
): void {
  const { outcome, earliest, latest } = context
  if (time > latest)
    outcome.refuse('time-future', 'the time lies too far in the future', position, body, start, end)
  else if (time >= earliest) outcome.refuse('value', 'the value is infinite', position, body, start, end)
  else outcome.refuse('time-past', 'the time lies too far in the past', position, body, start, end)
}

/** Parses the Label messages at `start` … `end` and registers their series; -1 when the registrar refuses. */
function register(reader: ProtobufReader, start: number, end: number, context: DecodeContext): number {
  const { registrar, limits } = context
  if (end - start > limits.labelSetBytes)
    return registrar.refuse('label-length', `the labels take more than ${limits.labelSetBytes} bytes`)
  const labels: Label[] = []
  reader.at = start
  while (reader.at < end) {
    reader.end = end
    reader.uint32()
    const labelEnd = reader.block()
    reader.end = labelEnd
    let name = ''
    let value = ''
    while (reader.at < labelEnd) {
      const tag = reader.uint32()
      if (tag !== PAIR_NAME && tag !== PAIR_VALUE) {
        reader.skip(tag & 7)
        continue
      }
      const textEnd = reader.block()
      let text: string
      try {
        text = utf8.decode(reader.bytes.subarray(reader.at, textEnd))
      } catch {
        return registrar.refuse('encoding', 'a label is not UTF-8')
      }
      if (tag === PAIR_NAME) name = text
      else value = text
      reader.at = textEnd
    }
    labels.push({ name, value })
  }
  return registerPrometheusSeries(labels, context)
}

/** The series of a Prometheus label set with its `__name__`; -1 when the registrar refuses. */
export function registerPrometheusSeries(labels: Label[], { registrar }: DecodeContext): number {
  const at = labels.findIndex((label) => label.name === '__name__')
  if (at < 0) return registrar.refuse('name', 'the series has no label __name__')
  const name = metricName(labels[at]!.value)
  const entity = registrar.entity(labels.toSpliced(at, 1))
  if (entity < 0) return -1
  const metric = registrar.metric(registrar.known(name) ? { name } : { name, ...prometheusConventions(name) })
  return metric < 0 ? -1 : registrar.series(metric, entity)
}
