import { FIRST_ID } from '../ids.js'

/**
 * Every name of the database, in one place: statements are built from these only. Ids are UInt64 (52 bits used), times
 * are DateTime64(3) in UTC.
 */
export const TABLES = {
  /** `metric, entity, ts, v`: one row a sample, and some that record stored batches (see `batchMark`). */
  samples: 'samples',
  metrics: 'metrics',
  entities: 'entities',
  entityNames: 'entity_names',
  series: 'series',
  entitySeen: 'entity_seen',
  migrations: 'migrations',
} as const

/**
 * Which batches are stored is recorded in `samples` itself: in the same part as the batch's samples, so that both are there
 * or neither. A mark has
 *
 * - metric: the hour in which it was stored, since the epoch: far below every id, and the newest are found by the key;
 * - entity: the batch's key;
 * - ts: the start of the day whose part of the batch is stored, so that it belongs to that day's partition;
 * - v: how many samples that part has.
 *
 * Readers name the metrics they want and never see marks; what reads all metrics says `ONLY_SAMPLES`. Marks go when their
 * day's partition does.
 */
export const ONLY_SAMPLES = `metric >= ${FIRST_ID}`
export const ONLY_MARKS = `metric < ${FIRST_ID}`
export const HOUR_MS = 3_600_000
