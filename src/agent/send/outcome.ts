/** What an answer of the monitor means for the batch. */
export type Outcome =
  /** Stored: the batch is done. `refused` says how many of its samples the monitor left out, and why. */
  | { kind: 'sent'; refused?: { count: number; reasons: string } }
  /** Come back later, not before `retryAfterMs` if that is given. */
  | { kind: 'retry'; reason: string; retryAfterMs?: number }
  /** Refused for good: the same bytes would be refused again. */
  | { kind: 'rejected'; reason: string }

/** Statuses that speak of the address or of the sender and not of the batch: every other batch would get them too. */
const NOT_THE_BATCH = new Set([401, 403, 404, 405, 407, 408, 421, 425, 429])
const MAX_RETRY_AFTER_MS = 300_000

/** Judges a status (RFC 9110); `retryAfter` is the header's text. */
export function outcomeOf(
  status: number,
  text: string,
  retryAfter: string | undefined,
  now: number,
): Outcome {
  if (status >= 200 && status < 300) {
    const refused = refusedOf(text)
    return refused ? { kind: 'sent', refused } : { kind: 'sent' }
  }
  const reason = `HTTP ${status}${text ? `: ${text.slice(0, 500)}` : ''}`
  if (status >= 400 && status < 500 && !NOT_THE_BATCH.has(status)) return { kind: 'rejected', reason }
  const retryAfterMs = parseRetryAfter(retryAfter, now)
  return retryAfterMs === undefined ? { kind: 'retry', reason } : { kind: 'retry', reason, retryAfterMs }
}

/** From the answer's JSON, which may be cut off after its first members: `{"samples":…,"refused":…,"reasons":{…},…`. */
function refusedOf(text: string): { count: number; reasons: string } | undefined {
  const count = Number(/"refused":\s*(\d{1,9})\b/.exec(text)?.[1] ?? 0)
  const reasons = /"reasons":\s*(\{[^{}]{0,500}\})/.exec(text)?.[1] ?? ''
  return count > 0 ? { count, reasons } : undefined
}

/** Seconds or a date (RFC 9110 §10.2.3), as milliseconds from now, at most five minutes. */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now
  return Number.isNaN(ms) ? undefined : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, ms))
}

/**
 * How long to wait after the n-th failure in a row (from 1): 1 s, doubled each time up to `maxMs`, of which a random half is
 * taken off; after Retry-After, that and up to a quarter more, so that not all agents come back at the same moment.
 */
export function backOffMs(failures: number, retryAfterMs?: number, random = Math.random, maxMs = 30_000) {
  if (retryAfterMs !== undefined) return retryAfterMs * (1 + random() / 4) + 100 * random()
  return Math.min(maxMs, 1000 * 2 ** Math.min(20, failures - 1)) * (1 - random() / 2)
}
