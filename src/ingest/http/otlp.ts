import { createOtlpJsonDecoder } from '../formats/otlp-json.js'
import { createOtlpProtobufDecoder } from '../formats/otlp-protobuf.js'
import { createOtlpSamples } from '../formats/otlp-samples.js'
import type { IngestLimits } from '../limits.js'
import { outcomeText } from '../refusal-text.js'
import { type HttpProtocol, type IngestContext, mediaType } from './handler.js'
import { HttpError } from './http-error.js'

const PROTOBUF = 'application/x-protobuf'
const JSON_TYPE = 'application/json'
/** Codes of google.rpc, by HTTP status. */
const CODES: Readonly<Record<number, number>> = { 400: 3, 413: 8, 415: 3, 429: 8, 503: 14 }
const INTERNAL = 13

/**
 * OTLP/HTTP metrics (opentelemetry.io/docs/specs/otlp). Refused in part is 200 with `partial_success`, which a sender must not
 * send again; 429 and 503 it sends again, after Retry-After; any other status it drops. Answers come in the request's encoding.
 */
export function otlpProtocol(limits: IngestLimits): HttpProtocol {
  const samples = createOtlpSamples(limits)
  const decodeJson = createOtlpJsonDecoder(limits, samples)
  const decodeProtobuf = createOtlpProtobufDecoder(limits, samples)
  return {
    name: 'otlp',
    encodings: ['identity', 'gzip', 'deflate'],
    accept(c) {
      const type = mediaType(c)
      if (type !== PROTOBUF && type !== JSON_TYPE)
        throw new HttpError(415, `send ${PROTOBUF} or ${JSON_TYPE}`)
      return {
        parameters: type,
        decode: (body, context) =>
          type === JSON_TYPE ? decodeJson(body, context) : decodeProtobuf(body, context),
      }
    },
    answer(c, { outcome }) {
      if (outcome.refused === 0) return isJson(c) ? c.json({}) : protobuf(c, 200, Buffer.alloc(0))
      const text = outcomeText(outcome, 'metric')
      if (isJson(c))
        return c.json({ partialSuccess: { rejectedDataPoints: String(outcome.refused), errorMessage: text } })
      // ExportMetricsServiceResponse { partial_success = 1 { int64 rejected_data_points = 1; string error_message = 2 } }
      const partial = Buffer.concat([
        Buffer.from([8, ...varint(outcome.refused)]),
        field(2, Buffer.from(text)),
      ])
      return protobuf(c, 200, field(1, partial))
    },
    fail(c, status, message) {
      const code = CODES[status] ?? INTERNAL
      if (isJson(c)) return c.json({ code, message }, status as 400)
      // google.rpc.Status { int32 code = 1; string message = 2 }
      return protobuf(c, status, Buffer.concat([Buffer.from([8, code]), field(2, Buffer.from(message))]))
    },
  }
}

const isJson = (c: IngestContext) => mediaType(c) === JSON_TYPE

function protobuf(c: IngestContext, status: number, body: Buffer): Response {
  return c.body(new Uint8Array(body), status as 200, { 'content-type': PROTOBUF })
}

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([number * 8 + 2, ...varint(bytes.length)]), bytes])
}

function varint(value: number): number[] {
  const out: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) out.push((rest % 128) + 128)
  out.push(rest)
  return out
}
