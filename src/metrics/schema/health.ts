/** Health: how it is, how it was, and the manager's last model. Written and read by `src/health`. */
export const HEALTH_TABLES = {
  transitions: 'health_transitions',
  states: 'health_states',
  model: 'health_model',
} as const

/** A `Migration`; its place in the order is in `migrations.ts`. */
export const HEALTH_MIGRATION = {
  version: 6,
  name: 'health',
  statements: [
    // One row a change of a test, or of an entity's summary (`test` is empty). Healths are places in HEALTH_SUMMARIES.
    `CREATE TABLE IF NOT EXISTS ${HEALTH_TABLES.transitions} (
      category LowCardinality(String),
      identity String CODEC(ZSTD(1)),
      test LowCardinality(String),
      at DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
      before UInt8,
      after UInt8,
      explanation String CODEC(ZSTD(3))
    ) ENGINE = ReplacingMergeTree
    PARTITION BY toYYYYMM(at)
    ORDER BY (category, identity, test, at)
    TTL toDateTime(at) + INTERVAL 366 DAY
    SETTINGS ttl_only_drop_parts = 1`,
    // How everything is, one row an entity: what a monitor that starts goes on from. Health 255: it is gone.
    `CREATE TABLE IF NOT EXISTS ${HEALTH_TABLES.states} (
      category LowCardinality(String),
      identity String CODEC(ZSTD(1)),
      at DateTime64(3, 'UTC'),
      health UInt8,
      since DateTime64(3, 'UTC'),
      tests Array(LowCardinality(String)) CODEC(ZSTD(1)),
      healths Array(UInt8) CODEC(ZSTD(1)),
      sinces Array(DateTime64(3, 'UTC')) CODEC(ZSTD(1))
    ) ENGINE = ReplacingMergeTree(at)
    ORDER BY (category, identity)
    TTL toDateTime(at) + INTERVAL 30 DAY DELETE WHERE health = 255`,
    `CREATE TABLE IF NOT EXISTS ${HEALTH_TABLES.model} (
      name String,
      value String CODEC(ZSTD(3)),
      inserted DateTime64(3, 'UTC') DEFAULT now64(3)
    ) ENGINE = ReplacingMergeTree(inserted) ORDER BY name`,
  ],
}
