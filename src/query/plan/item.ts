import type { Metric } from '../../metrics/index.js'
import type { Rollup } from '../../wire/timeseries.js'
import type { CheckedStatement, Filter } from '../check/statement.js'
import { comparisonsOf } from '../check/statement.js'
import type { Grouping, TypedItem } from '../check/typed.js'
import { metricsOf } from '../check/walk.js'
import type { Points } from '../functions/points.js'
import { type CompileOptions, compile, type Evaluation, type Evaluator } from './compile.js'
import { type Leaf, Leaves, type Window } from './leaf.js'

/** A grouping in an item: its argument is evaluated per entity, its result stands for the node afterwards. */
export interface PlannedGrouping {
  readonly group: Grouping
  readonly evaluate: Evaluator
}

/** Evaluation after a grouping: over a group's points. */
export interface GroupEvaluation extends Evaluation {
  groupPoints(place: number): Points
}

export interface PlannedItem {
  readonly item: TypedItem
  /** Metrics that an entity must have to give a stream. */
  readonly metrics: readonly Metric[]
  /** Places of the leaves that it reads. */
  readonly places: ReadonlySet<number>
  /** Of an item with groupings: over a group (a `GroupEvaluation`); else over an entity. */
  readonly evaluate: Evaluator
  readonly groupings: readonly PlannedGrouping[]
}

export interface PlannedComparison {
  readonly places: ReadonlySet<number>
  readonly evaluate: Evaluator
}

export interface Plan {
  readonly leaves: readonly Leaf[]
  readonly items: readonly PlannedItem[]
  /** By the comparison in the filter. */
  readonly comparisons: ReadonlyMap<Filter, PlannedComparison>
  readonly comparisonPlaces: ReadonlySet<number>
  readonly window: Window
  readonly rollup: Rollup
}

/**
 * Plans a statement's items and conditions. `pushDown` false: read samples only, because times are left out, or because
 * there are so few that reading them is the least work.
 */
export function planStatement(
  checked: Pick<CheckedStatement, 'filter'>,
  items: readonly TypedItem[],
  window: Window,
  rollup: Rollup,
  pushDown: boolean,
): Plan {
  // What is read as samples anyway need not be aggregated by the store as well: a first look finds those.
  const look = planWith(checked, items, window, rollup, () => pushDown)
  const sampled = new Set(
    look.leaves.filter((leaf) => leaf.kind === 'samples').map((leaf) => leaf.metric.index),
  )
  if (sampled.size === 0 || !pushDown) return look
  return planWith(checked, items, window, rollup, (metric) => !sampled.has(metric))
}

function planWith(
  checked: Pick<CheckedStatement, 'filter'>,
  items: readonly TypedItem[],
  window: Window,
  rollup: Rollup,
  mayPushDown: (metric: number) => boolean,
): Plan {
  const leaves = new Leaves()
  const options: CompileOptions = { leaves, window, rollup, mayPushDown }
  const planned = items.map((item) => planItem(item, options))
  const comparisons = new Map<Filter, PlannedComparison>()
  const comparisonPlaces = new Set<number>()
  for (const comparison of comparisonsOf(checked.filter)) {
    const { result, places } = leaves.record(() => compile(comparison.left, options))
    comparisons.set(comparison, { evaluate: result, places })
    for (const place of places) comparisonPlaces.add(place)
  }
  return { leaves: leaves.list, items: planned, comparisons, comparisonPlaces, window, rollup }
}

function planItem(item: TypedItem, options: CompileOptions): PlannedItem {
  const groupings: PlannedGrouping[] = []
  const { result, places } = options.leaves.record(() =>
    compile(item.expression, {
      ...options,
      grouped: (expression) => {
        if (expression.kind !== 'group') return undefined
        const evaluate = compile(expression.argument, options)
        const place = groupings.push({ group: expression.group, evaluate }) - 1
        return (evaluation) => (evaluation as GroupEvaluation).groupPoints(place)
      },
    }),
  )
  return { item, metrics: metricsOf(item.expression), places, evaluate: result, groupings }
}
