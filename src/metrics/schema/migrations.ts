import { TABLES } from './tables.js'

/**
 * The schema's history, in order. What was released is never edited; a change is a new migration at the end. Each must do
 * no harm when it runs a second time: a monitor may die between a statement and its record, and two may start at once.
 */
export interface Migration {
  version: number
  name: string
  statements: readonly string[]
}

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'samples and catalogue',
    statements: [
      // The layout is measured: docs/decisions/0003-metrics-store-layout.md.
      `CREATE TABLE IF NOT EXISTS ${TABLES.samples} (
        metric UInt64 CODEC(Delta(8), ZSTD(1)),
        entity UInt64 CODEC(Delta(8), ZSTD(1)),
        ts DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
        v Float64 CODEC(ZSTD(1))
      ) ENGINE = ReplacingMergeTree
      PARTITION BY toYYYYMMDD(ts)
      ORDER BY (metric, entity, ts)
      SETTINGS
        -- retries of one insert are recognised by their token among this many newest ones
        non_replicated_deduplication_window = 10000,
        -- a day that takes no more samples becomes one part: small, quick to read, without duplicates
        min_age_to_force_merge_seconds = 21600,
        min_age_to_force_merge_on_partition_only = 1`,
      `CREATE TABLE IF NOT EXISTS ${TABLES.metrics} (
        id UInt64,
        name String,
        display_name String,
        description String,
        unit_numerators Array(String),
        unit_denominators Array(String),
        is_counter Bool,
        aliases Array(String),
        writer UInt64,
        inserted DateTime64(3, 'UTC') DEFAULT now64(3),
        INDEX by_inserted inserted TYPE minmax
      ) ENGINE = ReplacingMergeTree(inserted) ORDER BY id`,
      `CREATE TABLE IF NOT EXISTS ${TABLES.entities} (
        id UInt64,
        category String,
        identity String,
        name String,
        display_name String,
        attributes String,
        since DateTime64(3, 'UTC'),
        writer UInt64,
        inserted DateTime64(3, 'UTC') DEFAULT now64(3),
        INDEX by_inserted inserted TYPE minmax
      ) ENGINE = ReplacingMergeTree(inserted) ORDER BY id`,
      `CREATE TABLE IF NOT EXISTS ${TABLES.entityNames} (
        entity UInt64,
        name String,
        since DateTime64(3, 'UTC'),
        writer UInt64,
        inserted DateTime64(3, 'UTC') DEFAULT now64(3)
      ) ENGINE = ReplacingMergeTree ORDER BY (entity, since, name)`,
      `CREATE TABLE IF NOT EXISTS ${TABLES.series} (
        metric UInt64 CODEC(ZSTD(1)),
        entity UInt64 CODEC(ZSTD(1)),
        sender String CODEC(ZSTD(1)),
        writer UInt64 CODEC(ZSTD(1)),
        inserted DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1))
      ) ENGINE = MergeTree ORDER BY inserted`,
      `CREATE TABLE IF NOT EXISTS ${TABLES.entitySeen} (
        entity UInt64 CODEC(ZSTD(1)),
        seen DateTime64(3, 'UTC') CODEC(ZSTD(1)),
        writer UInt64 CODEC(ZSTD(1)),
        inserted DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1))
      ) ENGINE = ReplacingMergeTree(seen) ORDER BY entity`,
    ],
  },
]
