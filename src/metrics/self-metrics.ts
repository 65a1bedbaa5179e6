import type { Registry } from 'prom-client'
import { declareMetrics } from '../wire/declare-metrics.js'
import type { StoreStats } from './stats.js'

/** The store's metrics of itself, `bellwether_store_…`. */
export interface SelfMetrics {
  committed(samples: number, seconds: number): void
  failed(): void
  duplicate(): void
  refused(reason: 'full' | 'unavailable'): void
}

export const NO_METRICS: SelfMetrics = { committed() {}, failed() {}, duplicate() {}, refused() {} }

export function createSelfMetrics(registry: Registry, stats: () => StoreStats): SelfMetrics {
  const { counter, histogram, reading } = declareMetrics(registry, 'bellwether_store_')
  const gauge = (name: string, help: string, value: (stats: StoreStats) => number) =>
    reading(name, help, () => value(stats()))

  const samples = counter('samples_total', 'Samples that ClickHouse has acknowledged')
  const failures = counter('insert_failures_total', 'Attempts at an insert that failed')
  const duplicates = counter('duplicate_batches_total', 'Batches that had been stored before')
  const refusals = counter('refused_batches_total', 'Batches that were turned away, by reason', 'reason')
  const seconds = histogram(
    'commit_seconds',
    'From the start of an insert to its acknowledgement',
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  )
  gauge('buffer_bytes', 'Bytes of samples that are not acknowledged yet', (s) => s.bufferedBytes)
  gauge('inserts_in_flight', 'Inserts that ClickHouse is working on', (s) => s.inserts)
  gauge('metrics', 'Metrics in the catalogue', (s) => s.metrics)
  gauge('entities', 'Entities in the catalogue', (s) => s.entities)
  gauge('series', 'Series in the catalogue', (s) => s.series)
  gauge('catalogue_bytes', 'Memory of the table of series and its indexes', (s) => s.catalogueBytes)
  gauge('remembered_batches', 'Stored batches that a resend is compared with', (s) => s.rememberedBatches)
  gauge('hot_bytes', 'Memory of samples that are kept for queries', (s) => s.hot.bytes)
  gauge('hot_chunks', 'Chunks (a metric in two hours) that are kept for queries', (s) => s.hot.chunks)
  gauge('hot_hits', 'Reads of queries that were answered from memory', (s) => s.hot.hits)
  gauge('hot_misses', 'Reads of queries that the metrics database was asked for', (s) => s.hot.misses)
  gauge('hot_loads', 'Times that samples were read into memory', (s) => s.hot.loads)
  gauge('hot_evictions', 'Chunks that were given up for others', (s) => s.hot.evictions)
  gauge('up', '1 while samples can be stored', (s) => (s.failure === '' ? 1 : 0))

  return {
    committed(count, duration) {
      samples.inc(count)
      seconds.observe(duration)
    },
    failed: () => failures.inc(),
    duplicate: () => duplicates.inc(),
    refused: (reason) => refusals.inc({ reason }),
  }
}
