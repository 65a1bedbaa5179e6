/** Every bound of ingest. What each does when it is passed is in docs/ingest.md, from this table. */
export interface IngestLimits {
  /** Bytes of a request's body as it was sent; more is answered 413. */
  bodyBytes: number
  /** Bytes of a body after decompression; decompression stops there and the answer is 413. */
  decodedBytes: number
  /** Bytes of a body in JSON, which takes many times its size when it is parsed; more is answered 413. */
  jsonBytes: number
  /** Bytes of all bodies and columns being worked on at one time; beyond it senders get 503 with Retry-After. */
  inFlightBytes: number
  /** Seconds a body may take to arrive; then 408 and the connection is closed. */
  bodySeconds: number
  /** Samples of one request; more is answered 413 and nothing of it is stored. */
  samplesPerRequest: number
  /** Series of one request that are not in the label cache yet; more is answered 413 and nothing of it is stored. */
  newSeriesPerRequest: number
  /** Labels of one series, the name not counted. */
  labels: number
  /** Characters of a label's name, and of a metric's. */
  nameLength: number
  /** Characters of a label's value. */
  valueLength: number
  /** Bytes of a series' name and labels together, as sent. */
  labelSetBytes: number
  /** Seconds that a sample may lie in the future: clocks differ, but not by more. */
  futureSeconds: number
  /** Seconds that a sample may lie in the past; at most the retention of raw samples makes sense. */
  pastSeconds: number
  /** Refused lines, series or samples after which a request is given up as a whole, with 400. */
  refusals: number
  /** Refusals that an answer lists; the rest is counted. */
  listedRefusals: number
  /** Bytes of label sets that each format's cache holds, old and new generation together. */
  labelCacheBytes: number
  /** Connections of each protocol over plain TCP. */
  connections: number
  /** Seconds without a byte after which a plain TCP connection is closed. */
  idleSeconds: number
  /** Seconds between two flushes of StatsD. */
  statsdSeconds: number
  /** StatsD metrics (name, type and tags) that are kept at a time. */
  statsdMetrics: number
  /** Senders whose figures are kept; the one quiet for longest makes room. */
  senders: number
}

const MIB = 1024 * 1024
const DAY = 86_400

export const DEFAULT_LIMITS: Readonly<IngestLimits> = {
  bodyBytes: 32 * MIB,
  decodedBytes: 64 * MIB,
  jsonBytes: 8 * MIB,
  inFlightBytes: 256 * MIB,
  bodySeconds: 30,
  samplesPerRequest: 2_000_000,
  newSeriesPerRequest: 100_000,
  labels: 64,
  nameLength: 200,
  valueLength: 2048,
  labelSetBytes: 16_384,
  futureSeconds: 3600,
  pastSeconds: 400 * DAY,
  refusals: 100_000,
  listedRefusals: 20,
  labelCacheBytes: 128 * MIB,
  connections: 1_000,
  idleSeconds: 600,
  statsdSeconds: 10,
  statsdMetrics: 100_000,
  senders: 10_000,
}

/** Defaults with `overrides` in place; throws RangeError naming the setting that is not a positive number. */
export function ingestLimits(overrides: Partial<IngestLimits> = {}): IngestLimits {
  const limits = { ...DEFAULT_LIMITS, ...overrides }
  for (const [name, value] of Object.entries(limits))
    if (!(Number.isFinite(value) && value > 0))
      throw new RangeError(`ingest limit ${name} must be a positive number, not ${value}`)
  return limits
}
