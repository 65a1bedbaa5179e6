import { createRemoteWriteDecoder } from '../formats/prometheus-remote-write.js'
import type { IngestLimits } from '../limits.js'
import { outcomeText } from '../refusal-text.js'
import { type HttpProtocol, mediaType } from './handler.js'
import { HttpError } from './http-error.js'

/**
 * Prometheus remote write. A sender repeats a request after 5xx and 429 and gives it up after any other 4xx, so that a
 * request that was refused in part is a 400: its good series are stored, and the text goes to the sender's log.
 */
export function prometheusProtocol(limits: IngestLimits): HttpProtocol {
  const decode = createRemoteWriteDecoder(limits)
  return {
    name: 'prometheus',
    encodings: ['snappy'],
    accept(c) {
      const type = mediaType(c)
      const schema =
        /;\s*proto=([^;\s]*)/i.exec(c.req.header('content-type') ?? '')?.[1] ?? 'prometheus.WriteRequest'
      if (type !== 'application/x-protobuf' || schema !== 'prometheus.WriteRequest')
        throw new HttpError(
          415,
          'send application/x-protobuf;proto=prometheus.WriteRequest (remote write 1.0), with snappy',
        )
      return {
        parameters: '1',
        decode,
      }
    },
    answer: (c, { outcome }) =>
      outcome.refused === 0 ? c.body(null, 204) : c.text(outcomeText(outcome, 'series'), 400),
    fail: (c, status, message) => c.text(message, status as 400),
  }
}
