/**
 * The columnar form of a time-series answer: what our own web reads. `docs/api-timeseries.md` describes the bytes.
 *
 * The answer is a magic number and then frames, each with an 8-byte head (type, payload length) and a payload padded to a
 * multiple of 8, all little endian; so the columns can be viewed in place and the server can send frames as they fill.
 * What repeats is sent once: strings, sets of attribute names, entities, and time columns, each numbered in the order in
 * which they appear in the answer. A regular time column is three numbers.
 */

export { decodeTimeSeriesColumns } from './timeseries-columns-decoder.js'
export {
  describeEntity,
  type EntityDescription,
  type StreamPoints,
  TimeSeriesColumnsEncoder,
} from './timeseries-columns-encoder.js'
export { ColumnsDecodeError } from './timeseries-frames.js'
export {
  type ExpressionPiece,
  expressionText,
  type ItemHead,
  quoteValue,
  type StreamTemplate,
} from './timeseries-stream.js'

export const TIME_SERIES_COLUMNS_CONTENT_TYPE = 'application/x-bellwether-columns'
