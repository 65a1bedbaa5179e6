/**
 * Every name of the database, in one place: statements are built from these only. Ids are UInt64 (52 bits used), times
 * are DateTime64(3) in UTC.
 */
export const TABLES = {
  /** `metric, entity, ts, v`: one row a sample, and one row a stored batch, with metric 0 (see `BATCH_METRIC`). */
  samples: 'samples',
  metrics: 'metrics',
  entities: 'entities',
  entityNames: 'entity_names',
  series: 'series',
  entitySeen: 'entity_seen',
  migrations: 'migrations',
} as const

/**
 * Rows of `samples` with this metric are no samples: they record which batches are stored, with entity = the batch's key,
 * ts = the start of the day whose part of the batch is stored, v = when, in seconds. They stand in the same part as the
 * batch's samples, so both are there or neither.
 */
export const BATCH_METRIC = 0
