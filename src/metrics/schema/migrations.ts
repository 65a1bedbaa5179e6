import { FINEST_MS, LEVELS, type Level, PARTITION_SQL } from '../rollup/levels.js'
import { EVENTS_MIGRATION } from './events.js'
import { HEALTH_MIGRATION } from './health.js'
import { ONLY_SAMPLES, TABLES, TOUCHED_METRIC } from './tables.js'

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
  {
    version: 2,
    name: 'rollups and retention',
    statements: [
      ...LEVELS.map(rollupTable),
      `CREATE TABLE IF NOT EXISTS ${TABLES.rollupFolds} (
        level UInt8,
        stamp DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
        version UInt64,
        series UInt64,
        seconds Float32,
        folded DateTime64(3, 'UTC') DEFAULT now64(3)
      ) ENGINE = ReplacingMergeTree(version) PARTITION BY toYear(stamp) ORDER BY (level, stamp)`,
      // The row inserted last holds.
      `CREATE TABLE IF NOT EXISTS ${TABLES.rollupMonitors} (
        instance UInt64,
        seen DateTime64(3, 'UTC')
      ) ENGINE = ReplacingMergeTree ORDER BY instance`,
      `CREATE TABLE IF NOT EXISTS ${TABLES.retention} (
        name String,
        value String,
        inserted DateTime64(3, 'UTC') DEFAULT now64(3)
      ) ENGINE = ReplacingMergeTree ORDER BY name`,
      // Samples of before: all of their buckets are still to be rolled up.
      `INSERT INTO ${TABLES.samples} (metric, entity, ts, v)
        SELECT DISTINCT ${TOUCHED_METRIC}, 0,
          fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli(ts), ${FINEST_MS}) * ${FINEST_MS}, 'UTC'), 0
        FROM ${TABLES.samples} WHERE ${ONLY_SAMPLES}
        SETTINGS max_partitions_per_insert_block = 0`,
    ],
  },
  {
    version: 3,
    name: 'dashboards',
    statements: [
      // The row changed last holds. Databases of before may have the table: the query API made it at its first use.
      `CREATE TABLE IF NOT EXISTS ${TABLES.dashboards} (
        name String,
        json String,
        removed UInt8,
        changed UInt64
      ) ENGINE = ReplacingMergeTree(changed) ORDER BY name`,
    ],
  },
  {
    version: 4,
    name: 'series without data are forgotten',
    statements: [
      `CREATE TABLE IF NOT EXISTS ${TABLES.seriesForgotten} (
        metric UInt64 CODEC(ZSTD(1)),
        entity UInt64 CODEC(ZSTD(1)),
        writer UInt64 CODEC(ZSTD(1)),
        inserted DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1))
      ) ENGINE = MergeTree ORDER BY inserted TTL toDateTime(inserted) + INTERVAL 7 DAY`,
    ],
  },
  {
    version: 5,
    name: 'smaller on disk',
    // Nothing is rewritten: parts have the new form once they are merged. Figures: docs/decisions/0018-ingest-speed.md.
    statements: [
      // Ids and times repeat over long stretches; values do not, and ZSTD(1) looks for shorter repetitions in blocks of 16 KiB.
      ...['metric', 'entity', 'ts'].map((column) => blocksOf(TABLES.samples, column, 256 * 1024)),
      blocksOf(TABLES.samples, 'v', 16 * 1024),
      ...['id', 'category', 'identity', 'name', 'display_name', 'attributes', 'since', 'writer'].map(
        (column) => `ALTER TABLE ${TABLES.entities} MODIFY COLUMN ${column} CODEC(ZSTD(3))`,
      ),
    ],
  },
  HEALTH_MIGRATION,
  EVENTS_MIGRATION,
  {
    version: 8,
    name: 'former names',
    statements: [
      `ALTER TABLE ${TABLES.entities} ADD COLUMN IF NOT EXISTS former_names Array(String) AFTER attributes`,
    ],
  },
  {
    version: 9,
    name: 'weights of averages',
    statements: [
      `ALTER TABLE ${TABLES.metrics} ADD COLUMN IF NOT EXISTS weighting_metric String AFTER aliases`,
    ],
  },
]

/** Sizes of a column's compressed blocks in wide parts, in bytes before compression; a granule begins a block of compact ones. */
function blocksOf(table: string, column: string, bytes: number): string {
  return (
    `ALTER TABLE ${table} MODIFY COLUMN ${column} ` +
    `MODIFY SETTING min_compress_block_size = ${bytes}, max_compress_block_size = ${bytes}`
  )
}

/** Columns that say when are milliseconds before the bucket's end: small numbers, which compress well. */
function rollupTable({ table, partition, ms }: Level): string {
  // A partition that takes no more rows becomes one part; while it takes them, only as it grows.
  const quiet = Math.max(21_600, (2 * ms) / 1000)
  return `CREATE TABLE IF NOT EXISTS ${table} (
    metric UInt64 CODEC(Delta(8), ZSTD(1)),
    entity UInt64 CODEC(Delta(8), ZSTD(1)),
    ts DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    version UInt64 CODEC(ZSTD(1)),
    count UInt32 CODEC(ZSTD(1)),
    diff Float64 CODEC(ZSTD(1)),
    squares Float64 CODEC(ZSTD(1)),
    min Float64 CODEC(ZSTD(1)),
    min_before UInt32 CODEC(ZSTD(1)),
    max Float64 CODEC(ZSTD(1)),
    max_before UInt32 CODEC(ZSTD(1)),
    last Float64 CODEC(ZSTD(1)),
    last_before UInt32 CODEC(ZSTD(1)),
    first Float64 CODEC(ZSTD(1)),
    drops Float64 CODEC(ZSTD(1))
  ) ENGINE = ReplacingMergeTree(version)
  PARTITION BY ${PARTITION_SQL[partition]}
  ORDER BY (metric, entity, ts)
  SETTINGS
    min_age_to_force_merge_seconds = ${quiet},
    min_age_to_force_merge_on_partition_only = 1`
}
