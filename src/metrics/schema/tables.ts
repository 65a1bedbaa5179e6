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
  /** Series without any data left, which monitors are to forget: see `catalogue/forget.ts`. */
  seriesForgotten: 'series_forgotten',
  entitySeen: 'entity_seen',
  /** Which buckets are rolled up, and from how much: see `rollup/records.ts`. The rollups' own tables: `LEVELS`. */
  rollupFolds: 'rollup_folds',
  /** Which monitors are alive: one of them folds. */
  rollupMonitors: 'rollup_monitors',
  /** Settings and state of the retention, as JSON by name. */
  retention: 'retention',
  /** Dashboards of the time-series API, opaque. */
  dashboards: 'dashboards',
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

/**
 * What an insert has touched is recorded likewise, so that rollups find it again after any crash: one row for each bucket
 * of ten minutes that holds one of its samples, with
 *
 * - metric: this number, below that of every hour in which marks are stored;
 * - entity: a number of the insert's own;
 * - ts: the start of the bucket, so that it belongs to the same day, and part, as the samples;
 * - v: 0.
 */
export const TOUCHED_METRIC = 1
/** The least hour that a batch's mark can have. */
export const FIRST_HOUR = 1_000
export const HOUR_MS = 3_600_000
