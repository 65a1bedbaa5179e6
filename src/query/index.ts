/** tsquery and the time-series API: see docs/api-timeseries.md. */

export { createQueryApi, type QueryApi, type QueryApiOptions } from './api/app.js'
export { QueryError, type QueryErrorCode } from './errors.js'
export { DEFAULT_QUERY_LIMITS, type QueryLimits } from './run/limits.js'
