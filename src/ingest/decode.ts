import type { SampleBuffer } from './columns.js'
import { RequestTooLargeError } from './errors.js'
import type { IngestLimits } from './limits.js'
import type { Outcome } from './outcome.js'
import type { Registrar } from './registrar.js'

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

/**
 * What a decoder answers: nothing when it is done; when the registrar's time was up before, how to go on. Between the two
 * other requests may be decoded, so nothing may be held over that they change.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: most decoders go through in one and return nothing.
export type Rest = (() => Rest) | undefined | void

/** More series, metrics or points than samples are allowed: even empty ones take time. */
export function tooManyItems(limits: IngestLimits): RequestTooLargeError {
  return new RequestTooLargeError(
    `more than ${limits.samplesPerRequest} items in one request (limit samplesPerRequest): send fewer at a time`,
  )
}

export function tooManySamples(limits: IngestLimits): RequestTooLargeError {
  return new RequestTooLargeError(
    `more than ${limits.samplesPerRequest} samples in one request (limit samplesPerRequest): send fewer at a time`,
  )
}
