/** Events, and the alerts among them that the alert publisher does not have yet. Written and read by `src/health`. */
export const EVENT_TABLES = {
  events: 'events',
  alertOutbox: 'alert_outbox',
} as const

/** A `Migration`; its place in the order is in `migrations.ts`. */
export const EVENTS_MIGRATION = {
  version: 7,
  name: 'events and alerts',
  statements: [
    // The layout is measured: docs/decisions/0023-events.md. A partition is a day of `received`, which only grows, so that
    // every insert goes to one partition however old its events are.
    `CREATE TABLE IF NOT EXISTS ${EVENT_TABLES.events} (
      id String CODEC(ZSTD(1)),
      occurred DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
      received DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
      category LowCardinality(String),
      severity LowCardinality(String),
      alert Bool,
      content String CODEC(ZSTD(3)),
      attribute_names Array(LowCardinality(String)) CODEC(ZSTD(1)),
      attribute_values Array(Array(String)) CODEC(ZSTD(3)),
      -- What is searched for by equality: NAME=value of each attribute, and @id of each entity that one of them names.
      facts Array(String) CODEC(ZSTD(3)),
      INDEX by_id id TYPE bloom_filter(0.001) GRANULARITY 1,
      INDEX by_received received TYPE minmax GRANULARITY 1,
      INDEX by_word lower(content) TYPE text(tokenizer = 'splitByNonAlpha'),
      INDEX by_fact facts TYPE text(tokenizer = 'array')
    ) ENGINE = ReplacingMergeTree
    PARTITION BY toYYYYMMDD(received)
    ORDER BY (occurred, id)
    SETTINGS
      -- rows that a search finds are scattered, and wide: the fewer of their neighbours are read, the better
      index_granularity = 1024,
      min_age_to_force_merge_seconds = 21600,
      min_age_to_force_merge_on_partition_only = 1`,
    // A row with done = 1 takes the place of the one with done = 0.
    `CREATE TABLE IF NOT EXISTS ${EVENT_TABLES.alertOutbox} (
      id String,
      seq UInt64,
      created DateTime64(3, 'UTC'),
      event String CODEC(ZSTD(3)),
      done UInt8
    ) ENGINE = ReplacingMergeTree(done)
    PARTITION BY toYYYYMMDD(created)
    ORDER BY id
    TTL toDateTime(created) + INTERVAL 5 DAY
    SETTINGS ttl_only_drop_parts = 1`,
  ],
}
