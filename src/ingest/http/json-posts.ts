import { createAmbariDecoder } from '../formats/ambari.js'
import { createCollectdDecoder } from '../formats/collectd.js'
import type { IngestLimits } from '../limits.js'
import { outcomeData, outcomeText } from '../refusal-text.js'
import { type Accepted, type HttpProtocol, type IngestContext, mediaType } from './handler.js'
import { HttpError } from './http-error.js'

/** What both are but for their answers. */
function jsonPosts(
  name: string,
  decode: Accepted['decode'],
): Pick<HttpProtocol, 'name' | 'encodings' | 'accept'> {
  return {
    name,
    encodings: ['identity', 'gzip', 'deflate'],
    accept(c) {
      if (mediaType(c) !== 'application/json') throw new HttpError(415, 'send application/json')
      return { parameters: '', decode }
    },
  }
}

/**
 * The Ambari Metrics Collector's `POST /ws/v1/timeline/metrics`. Its sinks look at nothing but the status and keep what was
 * not answered 200, so that a batch refused in part is 200 with the errors.
 */
export function ambariProtocol(limits: IngestLimits): HttpProtocol {
  return {
    ...jsonPosts('ambari', createAmbariDecoder(limits)),
    answer: (c, { outcome }) =>
      c.json(
        outcome.refused === 0
          ? { errors: [] }
          : { errors: [outcomeText(outcome, 'item')], ...outcomeData(outcome) },
      ),
    fail: (c, status, message) => c.json({ errors: [message] }, status as 400),
  }
}

/** collectd's `write_http`. It drops what is not answered 2xx, whatever it is, and logs the status. */
export function collectdProtocol(limits: IngestLimits): HttpProtocol {
  return {
    ...jsonPosts('collectd', createCollectdDecoder(limits)),
    answer: (c, { outcome }) =>
      outcome.refused === 0
        ? c.body(null, 204)
        : c.json({ message: outcomeText(outcome, 'item'), ...outcomeData(outcome) }, 400),
    fail: (c, status, message) => c.json({ message }, status as 400),
  }
}

/** Ambari's sinks ask which collectors are alive; this one is. */
export function ambariLiveNodes(c: IngestContext): Response {
  return c.json([new URL(c.req.url).hostname])
}
