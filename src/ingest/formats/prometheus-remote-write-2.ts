import { ByteCache } from '../byte-cache.js'
import { type DecodeContext, type Rest, tooManyItems, tooManySamples } from '../decode.js'
import { MalformedBodyError } from '../errors.js'
import type { IngestLimits } from '../limits.js'
import type { Label } from '../naming.js'
import { BYTES, ProtobufReader } from '../protobuf.js'
import { describeSeries, METRIC_TYPES } from './prometheus-metadata.js'
import type { RemoteWriteDecoder } from './prometheus-remote-write.js'
import { decodeSample, type Origin } from './prometheus-sample.js'
import { registerPrometheusSeries } from './prometheus-series.js'

/**
 * Prometheus remote write 2.0: `io.prometheus.write.v2.Request` (specification 2.0-rc.4), after Snappy.
 *
 * Labels are references to the request's own symbols, so neither bytes nor references mean the same in the next request.
 * Each symbol gets a number that it keeps from request to request, and the numbers of its labels are a series' key.
 */

const REQUEST_SYMBOL = (4 << 3) | BYTES
const REQUEST_TIMESERIES = (5 << 3) | BYTES
const SERIES_REFS = (1 << 3) | BYTES
const SERIES_REF = 1 << 3
const SERIES_SAMPLE = (2 << 3) | BYTES
const SERIES_HISTOGRAM = (3 << 3) | BYTES
const SERIES_EXEMPLAR = (4 << 3) | BYTES
const SERIES_METADATA = (5 << 3) | BYTES
const METADATA_TYPE = 1 << 3
const METADATA_HELP = 3 << 3
const METADATA_UNIT = 4 << 3

/** Numbers are never used twice while a key may hold them; at this one everything is forgotten. */
const MOST_NUMBERS = 2 ** 31
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The symbols of one request: where their bytes are, and their lasting numbers. */
interface Symbols {
  count: number
  starts: number[]
  ends: number[]
  numbers: number[]
}

/** What one series is decoded with. */
interface State {
  reader: ProtobufReader
  symbols: Symbols
  series: ByteCache<number>
  /** References of the series at hand, and its key: their lasting numbers. */
  refs: number[]
  key: DataView
  context: DecodeContext
}

/** A decoder with caches of its own, bounded by `labelCacheBytes`. Throws `MalformedBodyError`, `RequestTooLargeError`. */
export function createRemoteWrite2Decoder(
  limits: Pick<IngestLimits, 'labelCacheBytes' | 'labels'>,
): RemoteWriteDecoder {
  const numbers = new ByteCache<number>(limits.labelCacheBytes / 2)
  const series = new ByteCache<number>(limits.labelCacheBytes / 2)
  const key = new DataView(new ArrayBuffer(4 * mostRefs(limits) + 4))
  let next = 0
  /** Counts how often everything was forgotten: numbers of before mean nothing after. */
  let generation = 0
  const numberOf = ({ view }: ProtobufReader, start: number, end: number): number => {
    let number = numbers.get(view, start, end)
    if (number === undefined) {
      number = next++
      numbers.set(view, start, end, number)
    }
    return number
  }
  return (body, context) => {
    numbers.rewind()
    if (next > MOST_NUMBERS) {
      numbers.clear()
      series.clear()
      next = 0
      generation++
    }
    let numbered = generation
    const reader = new ProtobufReader(body)
    const symbols: Symbols = { count: 0, starts: [], ends: [], numbers: [] }
    eachField(reader, REQUEST_SYMBOL, (end) => {
      symbols.numbers.push(numberOf(reader, reader.at, end))
      symbols.starts.push(reader.at)
      symbols.ends.push(end)
      if (++symbols.count > context.limits.samplesPerRequest) throw tooManyItems(context.limits)
    })
    // A 1.0 message has no field in common with this one: without this check it would be an empty success.
    if (symbols.count === 0 || symbols.ends[0] !== symbols.starts[0])
      throw new MalformedBodyError('remote write 2.0: the symbols do not begin with an empty one', 0)
    const state: State = { reader, symbols, series, refs: [], key, context }
    let position = 0
    reader.at = 0
    const goOn = (): Rest => {
      series.rewind()
      if (numbered !== generation) {
        numbered = generation
        symbols.numbers = symbols.starts.map((start, k) => numberOf(reader, start, symbols.ends[k]!))
      }
      while (reader.at < body.length) {
        if (context.registrar.isTimeUp) return goOn
        reader.end = body.length
        const tag = reader.uint32()
        if (tag !== REQUEST_TIMESERIES) reader.skip(tag & 7)
        else {
          const end = reader.block()
          if (++position > context.limits.samplesPerRequest) throw tooManyItems(context.limits)
          decodeSeries(state, end, position)
          reader.at = end
        }
      }
    }
    return goOn()
  }
}

const mostRefs = (limits: Pick<IngestLimits, 'labels'>) => 2 * (limits.labels + 1)

/** Calls `visit` with the end of each field of this tag, the reader at its start, and passes over all others. */
function eachField(reader: ProtobufReader, wanted: number, visit: (end: number) => void): void {
  const all = reader.bytes.length
  while (reader.at < all) {
    reader.end = all
    const tag = reader.uint32()
    if (tag !== wanted) reader.skip(tag & 7)
    else {
      const end = reader.block()
      visit(end)
      reader.at = end
    }
  }
}

function decodeSeries(state: State, end: number, position: number): void {
  const { reader, context, symbols } = state
  const { outcome, limits, columns } = context
  reader.end = end
  const start = reader.at
  const first = columns.length
  readRefs(state)
  // The name is the value of the first label, unless one sorts before `__name__`: good enough to find a series by.
  const named = state.refs[1] ?? 0
  const origin: Origin = { position, start: symbols.starts[named]!, end: symbols.ends[named]! }
  let fresh = false
  let series = lookUp(state)
  if (series === undefined) {
    series = register(state)
    fresh = series >= 0
  }
  let refused = 0
  let histograms = 0
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === SERIES_SAMPLE && series >= 0) decodeSample(reader, series, origin, context)
    else if (tag === SERIES_METADATA && fresh) readMetadata(state, reader.block())
    else if (tag === SERIES_REFS || tag === SERIES_REF) {
      // Legal protobuf, but no sender does it, and the samples before it were taken for another series.
      columns.length = first
      outcome.refuse('syntax', 'labels must come before samples', position, reader.bytes, start, end)
      return
    } else {
      if (tag === SERIES_SAMPLE) refused++
      else if (tag === SERIES_HISTOGRAM) histograms++
      else if (tag === SERIES_EXEMPLAR) outcome.skip('exemplar')
      reader.skip(tag & 7)
    }
  }
  if (columns.length > limits.samplesPerRequest) throw tooManySamples(limits)
  if (series < 0 && refused > 0) {
    const { reason, detail } = context.registrar
    outcome.refuse(reason, detail, position, reader.bytes, origin.start, origin.end, refused)
  }
  if (histograms > 0) {
    const detail = 'native histograms are not stored; send classic histograms'
    outcome.refuse('unsupported', detail, position, reader.bytes, origin.start, origin.end, histograms)
  }
}

/** Reads the label references that stand at the beginning of a series. */
function readRefs({ reader, refs, symbols, context }: State): void {
  const most = mostRefs(context.limits)
  refs.length = 0
  const take = () => {
    const ref = reader.uint32()
    if (ref >= symbols.count)
      throw new MalformedBodyError(
        `remote write 2.0: symbol ${ref} of ${symbols.count} is referred to`,
        reader.at,
      )
    // One more than allowed is enough to see that they are too many.
    if (refs.length <= most) refs.push(ref)
  }
  while (reader.at < reader.end) {
    const tag = reader.bytes[reader.at]
    if (tag !== SERIES_REFS && tag !== SERIES_REF) return
    reader.at++
    if (tag === SERIES_REF) take()
    else for (const end = reader.block(); reader.at < end; ) take()
  }
}

/** The known series of the references, or undefined; too many of them are never known. */
function lookUp({ refs, symbols, key, series, context }: State): number | undefined {
  if (refs.length > mostRefs(context.limits)) return undefined
  for (let k = 0; k < refs.length; k++) key.setInt32(4 * k, symbols.numbers[refs[k]!]!)
  return series.get(key, 0, 4 * refs.length)
}

function register(state: State): number {
  const { reader, refs, symbols, key, series, context } = state
  const { registrar } = context
  if (refs.length % 2 !== 0) return registrar.refuse('syntax', 'a label has a name and no value')
  if (refs.length > mostRefs(context.limits))
    return registrar.refuse('label-count', `more than ${context.limits.labels} labels`)
  let bytes = 0
  for (const ref of refs) bytes += symbols.ends[ref]! - symbols.starts[ref]!
  if (bytes > context.limits.labelSetBytes)
    return registrar.refuse('label-length', `the labels take more than ${context.limits.labelSetBytes} bytes`)
  const text = (ref: number) => utf8.decode(reader.bytes.subarray(symbols.starts[ref]!, symbols.ends[ref]!))
  const labels: Label[] = []
  try {
    for (let k = 0; k < refs.length; k += 2) labels.push({ name: text(refs[k]!), value: text(refs[k + 1]!) })
  } catch {
    return registrar.refuse('encoding', 'a label is not UTF-8')
  }
  const index = registerPrometheusSeries(labels, context)
  if (index >= 0) series.set(key, 0, 4 * refs.length, index)
  return index
}

/** Metadata { MetricType type = 1; uint32 help_ref = 3; uint32 unit_ref = 4 }, of the series that `refs` are. */
function readMetadata({ reader, refs, symbols, context }: State, end: number): void {
  const seriesEnd = reader.end
  reader.end = end
  let type = 0
  let help = 0
  let unit = 0
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === METADATA_TYPE) type = reader.varint()
    else if (tag === METADATA_HELP) help = reader.varint()
    else if (tag === METADATA_UNIT) unit = reader.varint()
    else reader.skip(tag & 7)
  }
  reader.end = seriesEnd
  const text = (ref: number) =>
    Buffer.from(reader.bytes.subarray(symbols.starts[ref] ?? 0, symbols.ends[ref] ?? 0)).toString()
  for (let k = 0; k < refs.length; k += 2)
    if (text(refs[k]!) === '__name__')
      describeSeries(
        context.registrar,
        text(refs[k + 1]!),
        METRIC_TYPES[type] ?? 'unknown',
        text(help),
        text(unit),
      )
}
