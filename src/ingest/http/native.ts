import { NATIVE_BATCH_CONTENT_TYPE } from '../../wire/native-batch.js'
import { createNativeDecoder } from '../formats/native.js'
import type { IngestLimits } from '../limits.js'
import { outcomeData } from '../refusal-text.js'
import { type HttpProtocol, mediaType } from './handler.js'
import { HttpError } from './http-error.js'

/**
 * The agent's own route. 200 with `{ samples, duplicate, refused, reasons, refusals }` once the batch is dealt with, even if
 * some of it was refused: sending it again would change nothing. 400, 413 and 415: drop the batch; 503: keep it.
 */
export function nativeProtocol(limits: IngestLimits): HttpProtocol {
  const decode = createNativeDecoder(limits)
  return {
    name: 'native',
    encodings: ['identity', 'gzip', 'deflate'],
    accept(c) {
      if (mediaType(c) !== NATIVE_BATCH_CONTENT_TYPE)
        throw new HttpError(415, `send ${NATIVE_BATCH_CONTENT_TYPE}`)
      return { parameters: '', decode }
    },
    answer: (c, { samples, duplicate, outcome }) => c.json({ samples, duplicate, ...outcomeData(outcome) }),
    fail: (c, status, message) => c.json({ message }, status as 400),
  }
}
