import { createRemoteWriteDecoder } from '../formats/prometheus-remote-write.js'
import { createRemoteWrite2Decoder } from '../formats/prometheus-remote-write-2.js'
import type { IngestLimits } from '../limits.js'
import { outcomeText } from '../refusal-text.js'
import { type HttpProtocol, type IngestContext, mediaType } from './handler.js'
import { HttpError } from './http-error.js'

const V1 = 'prometheus.WriteRequest'
const V2 = 'io.prometheus.write.v2.Request'

/**
 * Prometheus remote write 1.0 and 2.0, told apart by the content type. A sender repeats a request after 5xx and 429 and
 * gives it up after any other 4xx, so that a request that was refused in part is a 400: its good series are stored, and the
 * text goes to the sender's log.
 */
export function prometheusProtocol(limits: IngestLimits): HttpProtocol {
  const decoders = new Map([
    [V1, createRemoteWriteDecoder(limits)],
    [V2, createRemoteWrite2Decoder(limits)],
  ])
  return {
    name: 'prometheus',
    encodings: ['snappy'],
    accept(c) {
      const schema = schemaOf(c)
      const decode = decoders.get(schema)
      if (mediaType(c) !== 'application/x-protobuf' || decode === undefined)
        throw new HttpError(415, `send application/x-protobuf;proto=${V1} or proto=${V2}, with snappy`)
      return { parameters: schema, decode }
    },
    answer: (c, { outcome, samples }) =>
      withCounts(
        c,
        samples,
        outcome.refused === 0 ? c.body(null, 204) : c.text(outcomeText(outcome, 'series'), 400),
      ),
    fail: (c, status, message) => withCounts(c, 0, c.text(message, status as 400)),
  }
}

function schemaOf(c: IngestContext): string {
  return /;\s*proto=([^;\s]*)/i.exec(c.req.header('content-type') ?? '')?.[1] ?? V1
}

/** A 2.0 sender trusts a 2xx only with these headers; a 1.0 sender does not know them. */
function withCounts(c: IngestContext, samples: number, response: Response): Response {
  if (schemaOf(c) !== V2) return response
  response.headers.set('x-prometheus-remote-write-samples-written', String(samples))
  response.headers.set('x-prometheus-remote-write-histograms-written', '0')
  response.headers.set('x-prometheus-remote-write-exemplars-written', '0')
  return response
}
