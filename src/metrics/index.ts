/** The metrics store: see docs/metrics-store.md. */

export type { Cardinality } from './catalogue/cardinality.js'
export { CatalogueCollisionError } from './catalogue/catalogue.js'
export type { Connection } from './client.js'
export { DEFAULT_DATABASE } from './client.js'
export { ONE_SERVER, type Placement } from './cluster/placement.js'
export {
  type BinKind,
  type Bins,
  defaultHotBytes,
  type HotColumns,
  type HotLimits,
  type HotMetric,
  type HotReading,
  type HotSamples,
  lowerBound,
  type Spacing,
} from './hot/index.js'
export { batchKey, entityId, metricId } from './ids.js'
export { DEFAULT_LIMITS, type StoreLimits } from './limits.js'
export { type ReadOptions, readBlocks } from './native/client.js'
export {
  type Block,
  type BlockDecoder,
  type Column,
  createBlockDecoder,
  NativeFormatError,
  type Numbers,
} from './native/decode.js'
export {
  createRetentionApi,
  type LevelState,
  type RetentionAnswer,
  type RetentionApiOptions,
} from './retention/api.js'
export { DEFAULT_RETENTION, type LevelRetention, type RetentionSettings } from './retention/settings.js'
export { ROLLUP_COLUMNS } from './rollup/fold-sql.js'
export { bucketStart, type FoldedLevel, LEVELS, type Level, levelOf, stampOf } from './rollup/levels.js'
export {
  DEFAULT_ROLLUP_TUNING,
  type RollupOptions,
  type Rollups,
  type RollupTuning,
  startRollups,
} from './rollup/rollups.js'
export type { Durability } from './schema/durability.js'
export { EVENT_TABLES } from './schema/events.js'
export { HEALTH_TABLES } from './schema/health.js'
export { SchemaVersionError } from './schema/migrate.js'
export { ONLY_SAMPLES, TABLES } from './schema/tables.js'
export type { StoreStats } from './stats.js'
export { openStore, type Store, type StoreOptions } from './store.js'
export * from './types.js'
