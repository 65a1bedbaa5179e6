/** Bounds of one query, and what is decided by default; each can be set. */
export interface QueryLimits {
  /** Streams of one statement, as Cloudera Manager's `TSQUERY_STREAMS_LIMIT`: beyond, a partial answer with a warning. */
  readonly streams: number
  /** The most that a request may raise it to with `streamLimit`. */
  readonly mostStreams: number
  /** Points that one script may return. */
  readonly points: number
  /** Time of one script, without that spent waiting for the reader; and the longest such wait. Seconds. */
  readonly seconds: number
  /** Memory of one SQL statement in ClickHouse, bytes. */
  readonly memoryBytes: number
  /** Points that are read and held at once; a larger answer is made piece by piece. */
  readonly chunkPoints: number
  /** Up to so many samples, reading them costs less than having the store aggregate them. */
  readonly fewSamples: number
  /** Points that functions over many entities (`sum_by`, `top`) may hold. */
  readonly groupedPoints: number
  /** Queries that run at the same time; more wait. */
  readonly concurrent: number
  /** Window of `moving_avg` when it is not given, seconds. */
  readonly movingAverageSeconds: number
  /** How long after its last sample an entity still counts as active, seconds. */
  readonly activeSeconds: number
  /** Bytes of a request's body. */
  readonly bodyBytes: number
}

export const DEFAULT_QUERY_LIMITS: QueryLimits = {
  streams: 250,
  mostStreams: 1_000_000,
  points: 50_000_000,
  seconds: 60,
  memoryBytes: 2_000_000_000,
  chunkPoints: 1_000_000,
  fewSamples: 20_000,
  groupedPoints: 10_000_000,
  concurrent: 8,
  movingAverageSeconds: 300,
  activeSeconds: 900,
  bodyBytes: 1_048_576,
}
