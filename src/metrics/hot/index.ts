/** Decoded samples in memory: see docs/decisions/0016-hot-samples.md. */

export type { BinKind, Bins } from './bins.js'
export { createHotCache, type HotCache } from './cache.js'
export { type HotColumns, lowerBound } from './columns.js'
export { DEFAULT_HOT_LIMITS, defaultHotBytes, type HotLimits } from './limits.js'
export type { Spacing } from './spacing.js'
export type { HotMetric, HotReading, HotSamples, HotStats } from './types.js'
