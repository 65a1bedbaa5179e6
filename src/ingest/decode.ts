import type { SampleBuffer } from './columns.js'
import type { IngestLimits } from './limits.js'
import type { Outcome } from './outcome.js'
import { type Registrar, RequestTooLargeError } from './registrar.js'

/** What a decoder works with for one request: where samples go, who knows the series, what is allowed. */
export interface DecodeContext {
  columns: SampleBuffer
  outcome: Outcome
  registrar: Registrar
  limits: IngestLimits
  /** Time of arrival, milliseconds. */
  now: number
  /** Samples outside `earliest` … `latest` (milliseconds) are refused. */
  earliest: number
  latest: number
}

/** The body as a whole cannot be read (broken protobuf, JSON, header): 400, and nothing of it is stored. */
export class MalformedBodyError extends Error {
  override name = 'MalformedBodyError'
  readonly offset: number
  constructor(message: string, offset: number, options?: ErrorOptions) {
    super(`${message} (at byte ${offset})`, options)
    this.offset = offset
  }
}

export function tooManySamples(limits: IngestLimits): RequestTooLargeError {
  return new RequestTooLargeError(
    `more than ${limits.samplesPerRequest} samples in one request (limit samplesPerRequest): send fewer at a time`,
  )
}

export const timeText = (milliseconds: number) => {
  const date = new Date(milliseconds)
  return Number.isNaN(date.getTime()) ? `${milliseconds} ms` : date.toISOString()
}
