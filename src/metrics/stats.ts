import type { HotStats } from './hot/index.js'

/** What `Store.stats()` says. */
export interface StoreStats {
  metrics: number
  entities: number
  series: number
  /** Bytes of samples that wait for ClickHouse or are on their way to it. */
  bufferedBytes: number
  /** Memory of the table of series and its indexes. */
  catalogueBytes: number
  /** Stored batches that a resend is compared with. */
  rememberedBatches: number
  /** Inserts that ClickHouse is working on. */
  inserts: number
  /** Why samples cannot be stored at the moment; empty when they can. */
  failure: string
  /** Samples in memory for queries. */
  hot: HotStats
}
