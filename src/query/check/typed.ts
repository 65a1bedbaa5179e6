import type { Metric } from '../../metrics/index.js'
import type { AggregateName } from '../functions/aggregate.js'
import type { Operator } from '../functions/arithmetic.js'
import type { ResampleName } from '../functions/resample.js'
import type { CompareOperator, Span } from '../syntax/index.js'
import type { Units } from './units.js'

/**
 * What an expression gives for an entity: a `number` belongs to no time (a literal, a fact of a host); a `scalar` is at
 * most one point; a `stream` is any number of points.
 */
export type Shape = 'number' | 'scalar' | 'stream'

export const widest = (a: Shape, b: Shape): Shape =>
  a === 'stream' || b === 'stream' ? 'stream' : a === 'scalar' || b === 'scalar' ? 'scalar' : 'number'

interface Typed {
  readonly shape: Shape
  readonly units: Units
}

/** A checked expression: names resolved, arguments of the right kind. */
export type TypedExpression =
  | (Typed & { readonly kind: 'number'; readonly value: number })
  | (Typed & { readonly kind: 'metric'; readonly metric: Metric; readonly isRateOfCounter: boolean })
  | (Typed & {
      /** `x_across_hosts`, `total_x_across_hosts`: of what the hosts belong to. */
      readonly kind: 'across'
      readonly metric: Metric
      readonly isRateOfCounter: boolean
      readonly plural: string
      readonly total: boolean
      /** Of a mean of averages: of how many each of them is one. */
      readonly weight?: Metric
    })
  | (Typed & { readonly kind: 'unknown-metric'; readonly name: string })
  | (Typed & { readonly kind: 'fact'; readonly of: 'host' | 'cluster'; readonly fallback: number })
  | (Typed & { readonly kind: 'role-count'; readonly roleType?: string; readonly roleState?: string })
  | (Typed & {
      readonly kind: 'combine'
      readonly operator: Operator
      readonly left: TypedExpression
      readonly right: TypedExpression
    })
  | (Typed & { readonly kind: 'apply'; readonly apply: Application; readonly argument: TypedExpression })
  | (Typed & {
      /** `when`: the points of `kept` at times at which the condition holds. */
      readonly kind: 'when'
      readonly condition: PointCondition
      readonly kept: TypedExpression
    })
  | (Typed & { readonly kind: 'group'; readonly group: Grouping; readonly argument: TypedExpression })

/** A condition of points of one time. */
export type PointCondition =
  | {
      readonly kind: 'compare'
      readonly tested: TypedExpression
      readonly operator: CompareOperator
      /** In the unit of `tested`. */
      readonly than: number
    }
  | { readonly kind: 'all' | 'any'; readonly operands: readonly PointCondition[] }

/** A function of one stream (or scalar), with its parameters. */
export type Application =
  | {
      readonly name: 'dt' | 'dt0' | 'integral' | 'counter_delta' | 'rate' | 'increase'
      readonly seconds?: number
    }
  | { readonly name: 'moving_avg' | 'timeshift' | 'predict_linear'; readonly seconds: number }
  | { readonly name: 'resample'; readonly seconds: number; readonly by: ResampleName }
  | { readonly name: 'aggregate'; readonly by: AggregateName }
  | { readonly name: 'percentile'; readonly percent: number }
  | { readonly name: 'pointwise'; readonly by: PointwiseName; readonly decimals?: number }
  | { readonly name: 'stats'; readonly statistic: StatisticName }

export type PointwiseName = 'negate' | 'abs' | 'ceil' | 'floor' | 'round' | 'ln' | 'log10' | 'sqrt'
export type StatisticName = 'max' | 'min' | 'avg' | 'std_dev' | 'sample' | 'counter' | 'total'

/** What needs the streams of many entities at once. */
export type Grouping =
  | { readonly name: 'sum_by' | 'avg_by' | 'max_by' | 'min_by'; readonly attributes: readonly string[] }
  | { readonly name: 'top' | 'bottom'; readonly count: number }
  | { readonly name: 'histogram_quantile'; readonly quantile: number }

export interface TypedItem {
  readonly expression: TypedExpression
  /** The item in normal form, e.g. `dt0(total_cpu_user)`. */
  readonly text: string
  readonly alias?: string
  readonly span: Span
}
