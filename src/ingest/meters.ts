import type { Registry } from 'prom-client'
import { declareMetrics } from '../wire/declare-metrics.js'

/** Ingest's own metrics. `code` is the HTTP status, or `ok` and `error` for protocols without one. */
export interface Meters {
  request(protocol: string, code: string, seconds: number): void
  stored(protocol: string, samples: number, bytes: number): void
  refused(protocol: string, reason: string, count: number): void
  skipped(protocol: string, what: string, count: number): void
  /** What was refused so far by reason, of all protocols; the most first. */
  readonly refusals: { reason: string; samples: number }[]
}

export function createMeters(registry: Registry, inFlightBytes: () => number): Meters {
  const { counter, histogram, reading } = declareMetrics(registry, 'bellwether_ingest_')
  const requests = counter('requests_total', 'Requests by protocol and status', 'protocol', 'code')
  const samples = counter('samples_total', 'Samples that were acknowledged', 'protocol')
  const bytes = counter('bytes_total', 'Bytes of bodies as they were sent', 'protocol')
  const refused = counter(
    'refused_total',
    'Lines, series or samples that were refused, by reason',
    'protocol',
    'reason',
  )
  const skipped = counter(
    'skipped_total',
    'What the rules of a format leave out without an error: stale markers, NaN, strings, exemplars',
    'protocol',
    'what',
  )
  const seconds = histogram(
    'seconds',
    'Time from the head of a request to its answer',
    [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 30],
    'protocol',
  )
  reading('in_flight_bytes', 'Bytes of requests that are being worked on', inFlightBytes)
  const reasons = new Map<string, number>()
  return {
    request(protocol, code, took) {
      requests.inc({ protocol, code })
      seconds.observe({ protocol }, took)
    },
    stored(protocol, count, size) {
      samples.inc({ protocol }, count)
      bytes.inc({ protocol }, size)
    },
    refused(protocol, reason, count) {
      refused.inc({ protocol, reason }, count)
      reasons.set(reason, (reasons.get(reason) ?? 0) + count)
    },
    get refusals() {
      return [...reasons]
        .map(([reason, samples]) => ({ reason, samples }))
        .sort((a, b) => b.samples - a.samples)
    },
    skipped: (protocol, what, count) => skipped.inc({ protocol, what }, count),
  }
}
