import type { Metric } from '../types.js'
import type { HotColumns } from './columns.js'

/** One metric over the time that was asked for. */
export interface HotMetric {
  /** Chunks, oldest first. */
  readonly chunks: readonly HotColumns[]
  /**
   * Where entities stand in the chunks, in their order; -1 for one that has no samples there. Not to be changed: it is
   * remembered by the list's identity, so a list that comes again costs nothing.
   */
  slotsOf(entities: readonly { readonly id: number }[]): Int32Array
}

export interface HotReading {
  /** As the metrics were named. */
  readonly metrics: readonly HotMetric[]
}

/** Decoded samples in memory, for queries. */
export interface HotSamples {
  /**
   * The metrics' samples from `from` to `to` (milliseconds, both inclusive) and some around them, when all are in memory;
   * else undefined, and it is noted that they were asked for. To be used before anything is awaited: later samples go
   * into the same columns; a region's samples themselves, once seen, stay as they are.
   */
  read(
    metrics: readonly Metric[],
    from: number,
    to: number,
  ): HotReading | undefined | Promise<HotReading | undefined>
  /** Whether `read` would find all of it now. Notes nothing. */
  holds(metrics: readonly Metric[], from: number, to: number): boolean
  /** Samples before this time were dropped from the store: of a metric, or of all. */
  dropBefore(time: number, metric?: Metric): void
  /** Forgets everything. */
  clear(): void
  readonly stats: HotStats
}

export interface HotStats {
  readonly bytes: number
  readonly chunks: number
  readonly hits: number
  readonly misses: number
  readonly loads: number
  readonly evictions: number
}
