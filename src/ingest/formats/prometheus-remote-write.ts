import { ByteCache } from '../byte-cache.js'
import { type DecodeContext, type Rest, tooManyItems, tooManySamples } from '../decode.js'
import type { IngestLimits } from '../limits.js'
import type { Label } from '../naming.js'
import { BYTES, ProtobufReader } from '../protobuf.js'
import { declareMetric } from './prometheus-metadata.js'
import { decodeSample } from './prometheus-sample.js'
import { registerPrometheusSeries } from './prometheus-series.js'

/**
 * Prometheus remote write 1.0: `prometheus.WriteRequest` (prompb/remote.proto), after Snappy.
 *
 * The bytes of a series' Label messages are the key of a cached series. A broken message loses the whole body (nobody can
 * tell where the next series begins); a series that cannot be taken loses itself only.
 */
export type RemoteWriteDecoder = (body: Uint8Array, context: DecodeContext) => Rest

const REQUEST_TIMESERIES = (1 << 3) | BYTES
const REQUEST_METADATA = (3 << 3) | BYTES
const SERIES_LABEL = (1 << 3) | BYTES
const SERIES_SAMPLE = (2 << 3) | BYTES
const SERIES_EXEMPLAR = (3 << 3) | BYTES
const SERIES_HISTOGRAM = (4 << 3) | BYTES
const PAIR_NAME = (1 << 3) | BYTES
const PAIR_VALUE = (2 << 3) | BYTES

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** A decoder with a cache of its own, bounded by `labelCacheBytes`. Throws `MalformedBodyError`, `RequestTooLargeError`. */
export function createRemoteWriteDecoder(limits: Pick<IngestLimits, 'labelCacheBytes'>): RemoteWriteDecoder {
  const cache = new ByteCache<number>(limits.labelCacheBytes)
  return (body, context) => {
    const reader = new ProtobufReader(body)
    let position = 0
    let metadata = 0
    const goOn = (): Rest => {
      cache.rewind()
      while (reader.at < body.length) {
        if (context.registrar.isTimeUp) return goOn
        if (position + metadata > context.limits.samplesPerRequest) throw tooManyItems(context.limits)
        reader.end = body.length
        const tag = reader.uint32()
        if (tag === REQUEST_TIMESERIES) decodeSeries(reader, reader.block(), ++position, context, cache)
        else if (tag === REQUEST_METADATA) {
          metadata++
          reader.end = reader.block()
          declareMetric(reader, context.registrar)
        } else reader.skip(tag & 7)
      }
    }
    return goOn()
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

  // Senders put the labels first and together, and send their series in the same order again.
  const { bytes, view } = reader
  let labelsEnd = start
  let series = cache.next(view, start, end)
  if (series !== undefined && bytes[start + cache.matched] !== SERIES_LABEL) {
    labelsEnd += cache.matched
    cache.advance()
  } else {
    while (reader.at < end && bytes[reader.at] === SERIES_LABEL) {
      reader.at++
      reader.at = reader.block()
    }
    labelsEnd = reader.at
    series = labelsEnd - start > limits.labelSetBytes ? undefined : cache.get(view, start, labelsEnd)
    if (series === undefined) {
      series = register(reader, start, labelsEnd, context)
      if (series >= 0) cache.set(view, start, labelsEnd, series)
    }
  }
  reader.end = end
  reader.at = labelsEnd

  const { columns } = context
  const origin = { position, start, end: labelsEnd }
  const first = columns.length
  let refused = 0
  let histograms = 0
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === SERIES_SAMPLE) {
      if (series < 0) {
        reader.at = reader.block()
        refused++
      } else decodeSample(reader, series, origin, context)
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
