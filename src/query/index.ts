/** tsquery and the time-series API: see docs/api-timeseries.md. */

export { type AskRequest, createQueryApi, type QueryApi, type QueryApiOptions } from './api/app.js'
export { nodeReply, type Outlet, type Reply } from './api/outlet.js'
export { QueryError, type QueryErrorCode } from './errors.js'
export type { AskedStatement, AskedStream } from './run/ask.js'
export { DEFAULT_QUERY_LIMITS, type QueryLimits } from './run/limits.js'
export {
  type Expression,
  type Predicate,
  parseTrigger,
  printStatement,
  printTrigger,
  type Statement,
  type Trigger,
  type TriggerCondition,
} from './syntax/index.js'
