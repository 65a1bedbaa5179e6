import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

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
  const registers = [registry]
  const requests = new Counter({
    name: 'bellwether_ingest_requests_total',
    help: 'Requests by protocol and status',
    labelNames: ['protocol', 'code'],
    registers,
  })
  const samples = new Counter({
    name: 'bellwether_ingest_samples_total',
    help: 'Samples that were acknowledged',
    labelNames: ['protocol'],
    registers,
  })
  const bytes = new Counter({
    name: 'bellwether_ingest_bytes_total',
    help: 'Bytes of bodies as they were sent',
    labelNames: ['protocol'],
    registers,
  })
  const refused = new Counter({
    name: 'bellwether_ingest_refused_total',
    help: 'Lines, series or samples that were refused, by reason',
    labelNames: ['protocol', 'reason'],
    registers,
  })
  const skipped = new Counter({
    name: 'bellwether_ingest_skipped_total',
    help: 'What the rules of a format leave out without an error: stale markers, NaN, strings, exemplars',
    labelNames: ['protocol', 'what'],
    registers,
  })
  const seconds = new Histogram({
    name: 'bellwether_ingest_seconds',
    help: 'Time from the head of a request to its answer',
    labelNames: ['protocol'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 30],
    registers,
  })
  new Gauge({
    name: 'bellwether_ingest_in_flight_bytes',
    help: 'Bytes of requests that are being worked on',
    registers,
    collect() {
      this.set(inFlightBytes())
    },
  })
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
