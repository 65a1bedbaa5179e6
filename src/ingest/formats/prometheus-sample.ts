import type { DecodeContext } from '../decode.js'
import type { ProtobufReader } from '../protobuf.js'

const VALUE = (1 << 3) | 1
const TIME = 2 << 3

/** Prometheus marks the end of a series with this NaN (model/value: StaleNaN 0x7ff0000000000002). */
const STALE_LOW = 2
const STALE_HIGH = 0x7ff0_0000

/** Where a sample comes from, for refusals: the series' place in the request, and its labels' bytes. */
export interface Origin {
  position: number
  start: number
  end: number
}

/**
 * Takes the sample at the reader: `Sample { double value = 1; int64 timestamp = 2 }` of remote write 1.0 and 2.0, its length
 * first. A field that is zero may be missing.
 */
export function decodeSample(
  reader: ProtobufReader,
  series: number,
  origin: Origin,
  context: DecodeContext,
): void {
  const { at, view } = reader
  const usual = usualTime(reader)
  if (usual >= context.earliest && usual <= context.latest) {
    const value = view.getFloat64(at + 2, true)
    if (value - value === 0) {
      reader.at = at + 17
      context.columns.push(series, usual, value)
      return
    }
  }
  const end = reader.block()
  const seriesEnd = reader.end
  reader.end = end
  let time = 0
  let valueAt = -1
  while (reader.at < end) {
    const tag = reader.uint32()
    if (tag === TIME) time = reader.varint()
    else {
      if (tag === VALUE) valueAt = reader.at
      reader.skip(tag & 7)
    }
  }
  reader.end = seriesEnd
  const value = valueAt < 0 ? 0 : view.getFloat64(valueAt, true)
  if (Number.isNaN(value)) {
    const stale =
      view.getUint32(valueAt, true) === STALE_LOW && view.getUint32(valueAt + 4, true) === STALE_HIGH
    context.outcome.skip(stale ? 'stale' : 'nan')
  } else takeSample(context, series, time, value, origin, reader.bytes)
}

/** The time of a sample in the form that every sender writes: 16 bytes, value, time of six bytes; NaN for another form. */
function usualTime({ bytes, at, end }: ProtobufReader): number {
  if (end - at < 17 || bytes[at] !== 16 || bytes[at + 1] !== VALUE || bytes[at + 10] !== TIME)
    return Number.NaN
  const a = bytes[at + 11]!
  const b = bytes[at + 12]!
  const c = bytes[at + 13]!
  const d = bytes[at + 14]!
  const e = bytes[at + 15]!
  const f = bytes[at + 16]!
  if ((a & b & c & d & e & ~f & 0x80) === 0) return Number.NaN
  const low = (a & 0x7f) | ((b & 0x7f) << 7) | ((c & 0x7f) << 14)
  return ((d & 0x7f) | ((e & 0x7f) << 7) | (f << 14)) * 0x20_0000 + low
}

/** Stores one sample, or refuses it for its time or its value, which must not be NaN. */
export function takeSample(
  context: DecodeContext,
  series: number,
  time: number,
  value: number,
  { position, start, end }: Origin,
  body: Uint8Array,
): void {
  const { outcome, earliest, latest, columns } = context
  if (time > latest)
    outcome.refuse('time-future', 'the time lies too far in the future', position, body, start, end)
  else if (!(time >= earliest))
    outcome.refuse('time-past', 'the time lies too far in the past', position, body, start, end)
  else if (!Number.isFinite(value))
    outcome.refuse('value', 'the value is infinite', position, body, start, end)
  else columns.push(series, time, value)
}
