import type { Metric } from '../../metrics/index.js'
import type { Rollup } from '../../wire/timeseries.js'
import type { CheckedStatement, Filter } from '../check/statement.js'
import { comparisonsOf } from '../check/statement.js'
import type { Grouping, TypedExpression, TypedItem } from '../check/typed.js'
import { neededMetrics, partsOf } from '../check/walk.js'
import type { Times } from '../functions/across.js'
import type { Points } from '../functions/points.js'
import { bucketWindow } from '../functions/resample.js'
import type { FoldPair } from '../sql/select.js'
import {
  type CompileOptions,
  compile,
  type Evaluation,
  type Evaluator,
  MOST_GRID_BUCKETS,
} from './compile.js'
import { beginTogether, type Leaf, Leaves, type Window } from './leaf.js'
import { LOOK_BACK } from './look-back.js'

/** A grouping in an item: its argument is evaluated per entity, its result stands for the node afterwards. */
export interface PlannedGrouping {
  readonly group: Grouping
  readonly evaluate: Evaluator
  readonly times: Times
  /** Where the window begins: its argument's points may begin earlier, for what is around it. */
  readonly from: number
  /** What gives the same in one read, where all entities fall into one group and none has to be looked at by itself. */
  readonly folded?: FoldedLeaf
}

export type FoldedLeaf = Extract<Leaf, { kind: 'folded-grid' }>

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
  const options: CompileOptions = { leaves, window, core: window, rollup, mayPushDown }
  const planned = items.map((item) => planItem(item, options))
  const comparisons = new Map<Filter, PlannedComparison>()
  const comparisonPlaces = new Set<number>()
  for (const comparison of comparisonsOf(checked.filter)) {
    const { result, places } = leaves.record(() => compile(comparison.left, options))
    comparisons.set(comparison, { evaluate: result, places })
    for (const place of places) comparisonPlaces.add(place)
  }
  beginTogether(leaves.list, LOOK_BACK)
  return { leaves: leaves.list, items: planned, comparisons, comparisonPlaces, window, rollup }
}

function planItem(item: TypedItem, options: CompileOptions): PlannedItem {
  const groupings: PlannedGrouping[] = []
  const { result, places } = options.leaves.record(() =>
    compile(item.expression, {
      ...options,
      grouped: (expression, inside) => {
        if (expression.kind !== 'group') return undefined
        const { grouped: _, ...own } = inside
        const evaluate = compile(expression.argument, own)
        const folded = foldedLeaf(expression.group, expression.argument, own)
        const place =
          groupings.push({
            group: expression.group,
            evaluate,
            times: timesAt(own.rollup, timesOf(expression.argument)),
            from: own.core.from,
            ...(folded && { folded }),
          }) - 1
        return (evaluation) => (evaluation as GroupEvaluation).groupPoints(place)
      },
    }),
  )
  return { item, metrics: neededMetrics(item.expression), places, evaluate: result, groupings }
}

/** `max_by(resample(x, 60, max))` and the like, of all entities together: the store folds what it puts into buckets. */
function foldedLeaf(
  group: Grouping,
  argument: TypedExpression,
  options: CompileOptions,
): FoldedLeaf | undefined {
  if (!('attributes' in group) || group.attributes.length > 0 || options.rollup !== 'RAW') return undefined
  if (argument.kind !== 'apply' || argument.apply.name !== 'resample') return undefined
  const { argument: inner, apply } = argument
  const by = group.name.slice(0, 3) as FoldPair
  if (inner.kind !== 'metric' || inner.isRateOfCounter || apply.by !== by) return undefined
  const step = apply.seconds * 1000
  const buckets = bucketWindow(options.window.from, options.window.to, step)
  if (buckets.count === 0 || buckets.count > MOST_GRID_BUCKETS || !options.mayPushDown(inner.metric.index))
    return undefined
  const window = { from: buckets.from, to: buckets.to - 1 }
  return { kind: 'folded-grid', metric: inner.metric, window, by, step, count: buckets.count }
}

/** Points of a rollup have the stamps of its buckets, and keep them. */
const timesAt = (rollup: Rollup, times: Times): Times =>
  times === 'free' && rollup !== 'RAW' ? 'grid' : times

/** How the times of an expression's streams go together. */
function timesOf(expression: TypedExpression): Times {
  if (expression.shape !== 'stream') return 'scalar'
  if (expression.kind === 'apply') {
    if (expression.apply.name === 'resample') return 'grid'
    return expression.apply.name === 'pointwise' ? timesOf(expression.argument) : 'free'
  }
  if (expression.kind !== 'combine' && expression.kind !== 'when') return 'free'
  return partsOf(expression).every((part) => timesOf(part) !== 'free') ? 'grid' : 'free'
}
