import type { Catalogue } from '../../metrics/index.js'
import type { QueryProblem } from '../../wire/timeseries.js'
import type { Budget } from '../regex/index.js'

/** What checking needs to know, and where it puts what it finds. */
export interface CheckContext {
  readonly catalogue: Catalogue
  /** Mistakes: the query is refused. */
  readonly problems: QueryProblem[]
  /** What is answered, but probably not what was meant: an unknown metric. */
  readonly warnings: QueryProblem[]
  /** Window of `moving_avg` when it is not given, seconds. */
  readonly movingAverageSeconds: number
  /** Steps that the patterns of the statement may take together. */
  readonly budget: Budget
  /** Whether the statement is about records (queries, applications), whose attributes may be numbers. */
  readonly records?: boolean
}
