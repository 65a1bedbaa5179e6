import { StoreFullError, StoreUnavailableError } from '../../metrics/index.js'
import { BusyError } from '../admission.js'
import { MalformedBodyError, RequestTooLargeError } from '../errors.js'

/** A request that is answered with `status` and the message, in the protocol's own form. */
export class HttpError extends Error {
  override name = 'HttpError'
  readonly status: number
  readonly retryAfterSeconds: number | undefined
  constructor(status: number, message: string, options: ErrorOptions & { retryAfterSeconds?: number } = {}) {
    super(message, options)
    this.status = status
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** Whatever was thrown, as what the sender is told; undefined for a bug of ours, which is logged and answered with 500. */
export function httpErrorOf(thrown: unknown): HttpError | undefined {
  if (thrown instanceof HttpError) return thrown
  if (thrown instanceof MalformedBodyError) return new HttpError(400, thrown.message, { cause: thrown })
  if (thrown instanceof RequestTooLargeError) return new HttpError(413, thrown.message, { cause: thrown })
  if (
    thrown instanceof BusyError ||
    thrown instanceof StoreFullError ||
    thrown instanceof StoreUnavailableError
  ) {
    const { message, retryAfterSeconds } = thrown
    return new HttpError(503, message, { cause: thrown, retryAfterSeconds })
  }
  return undefined
}
