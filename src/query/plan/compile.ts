import type { Entity } from '../../metrics/index.js'
import type { Rollup } from '../../wire/timeseries.js'
import type { Application, PointCondition, TypedExpression } from '../check/typed.js'
import { comparisonsIn } from '../check/walk.js'
import type { AggregateName } from '../functions/aggregate.js'
import { combine, type Operand } from '../functions/arithmetic.js'
import { derivativeOfCounter } from '../functions/change.js'
import { NO_POINTS, type Points, pointsFrom, pointsReaching } from '../functions/points.js'
import { bucketWindow } from '../functions/resample.js'
import { ROLLUP_MS } from '../functions/rollup.js'
import { type Condition, when } from '../functions/when.js'
import { applyFunction, rateOfRollup } from './apply.js'
import type { Leaves, Window } from './leaf.js'
import { countsChanges, lookBack, lookBackOfRate, REACH } from './look-back.js'

/** What an expression is evaluated over: one entity and what was read for it. */
export interface Evaluation {
  readonly entity: Entity
  leaf(place: number): Points
  hostFact(entity: Entity, fallback: number): number
  clusterFact(entity: Entity, fallback: number): number
  roleCount(entity: Entity, roleType: string | undefined, roleState: string | undefined): number
}

export type Evaluator = (evaluation: Evaluation) => Operand

export interface CompileOptions {
  readonly leaves: Leaves
  /** Of which points are wanted. What is read may begin earlier. */
  readonly window: Window
  /** Of which scalars are: for what is inside a function that looks back, the window without that. */
  readonly core: Window
  readonly rollup: Rollup
  /** Inside a function of changes: the time before which a point is wanted, however far back. */
  readonly before?: number | undefined
  /** Whether the store may aggregate this metric; false where its samples are read anyway. */
  readonly mayPushDown: (metricIndex: number) => boolean
  /** Streams of groups of entities: see `plan/item.ts`. */
  readonly grouped?: (expression: TypedExpression, options: CompileOptions) => Evaluator | undefined
}

/** Functions of all points of the window. */
const SCALARS: ReadonlySet<Application['name']> = new Set(['aggregate', 'percentile', 'predict_linear'])

/** Buckets of one series that the store may compute at once; beyond, samples are read and put into buckets here. */
export const MOST_GRID_BUCKETS = 5_000

/** Turns a checked expression into a function of an entity's columns; what has to be read goes into `leaves`. */
export function compile(expression: TypedExpression, options: CompileOptions): Evaluator {
  const { leaves, window, rollup } = options
  const grouped = options.grouped?.(expression, options)
  if (grouped !== undefined) return grouped
  switch (expression.kind) {
    case 'number': {
      const { value } = expression
      return () => value
    }
    case 'unknown-metric':
      return () => NO_POINTS
    case 'metric': {
      const { metric, isRateOfCounter } = expression
      const read = isRateOfCounter ? earlier(window, lookBackOfRate(ROLLUP_MS[rollup])) : window
      const inner = isRateOfCounter ? changesIn(options) : options
      const leaf = { metric, window: read, ...(inner.before !== undefined && { before: inner.before }) }
      const place = leaves.add(
        rollup === 'RAW' ? { kind: 'samples', ...leaf } : { kind: 'rollup', level: rollup, ...leaf },
      )
      // Others may want earlier points of the metric: they are read once.
      const points = (evaluation: Evaluation) => begin(evaluation.leaf(place), read.from, inner)
      if (!isRateOfCounter) return points
      const rate = rollup === 'RAW' ? derivativeOfCounter : rateOfRollup
      return (evaluation) => begin(rate(points(evaluation)), window.from, options)
    }
    case 'across': {
      const { metric, isRateOfCounter, plural, total, weight } = expression
      const read = isRateOfCounter ? earlier(window, lookBackOfRate(ROLLUP_MS[rollup])) : window
      const inner = isRateOfCounter ? changesIn(options) : options
      // A bucket of a total is made of all samples in it: a single one from far back would be a wrong one.
      const isBucketOfTotal = total && rollup !== 'RAW' && !isRateOfCounter
      const place = leaves.add({
        kind: 'across',
        metric,
        window: read,
        level: rollup,
        plural,
        total,
        isRateOfCounter,
        ...(weight !== undefined && { weight }),
        ...(inner.before !== undefined && !isBucketOfTotal && { before: inner.before }),
      })
      // As of a metric: others may want earlier points, and of a rate those are members' own.
      return (evaluation) => begin(evaluation.leaf(place), window.from, options)
    }
    case 'fact': {
      const { of, fallback } = expression
      return of === 'host'
        ? (evaluation) => evaluation.hostFact(evaluation.entity, fallback)
        : (evaluation) => evaluation.clusterFact(evaluation.entity, fallback)
    }
    case 'role-count': {
      const { roleType, roleState } = expression
      return (evaluation) => evaluation.roleCount(evaluation.entity, roleType, roleState)
    }
    case 'combine': {
      const { operator } = expression
      const left = compile(expression.left, options)
      const right = compile(expression.right, options)
      const leftIsScalar = expression.left.shape !== 'stream'
      const rightIsScalar = expression.right.shape !== 'stream'
      return (evaluation) =>
        combine(operator, left(evaluation), right(evaluation), leftIsScalar, rightIsScalar)
    }
    case 'when':
      return compileWhen(expression, options)
    case 'apply':
      return compileApplication(expression.apply, expression.argument, options)
    case 'group':
      throw new Error('a grouping is compiled by its item')
  }
}

function compileWhen(
  { condition, kept }: Extract<TypedExpression, { kind: 'when' }>,
  options: CompileOptions,
): Evaluator {
  const evaluate = compile(kept, options)
  const comparisons = comparisonsIn(condition).map((comparison) => {
    const { tested, operator, than } = comparison
    return { operator, than, isScalar: tested.shape !== 'stream', tested: compile(tested, options) }
  })
  let place = 0
  const placed = (node: PointCondition): Condition =>
    node.kind === 'compare' ? place++ : { kind: node.kind, operands: node.operands.map(placed) }
  const tree = placed(condition)
  const keptIsScalar = kept.shape !== 'stream'
  return (evaluation) => {
    const tested = comparisons.map((each) => ({ ...each, tested: each.tested(evaluation) }))
    return when(evaluate(evaluation), keptIsScalar, tree, tested)
  }
}

/** Of what a function of changes takes: a point before the window is wanted, and so before what the function itself needs one. */
function changesIn(options: CompileOptions): CompileOptions {
  return { ...options, before: Math.min(options.before ?? Number.POSITIVE_INFINITY, options.window.from) }
}

/** Points from a time on, and the one before where a function around them counts from it. */
const begin = (points: Points, from: number, { before }: CompileOptions): Points =>
  before === undefined ? pointsFrom(points, from) : pointsReaching(points, from, before, REACH)

const earlier = ({ from, to }: Window, ms: number): Window => ({ from: from - ms, to })

function compileApplication(
  apply: Application,
  argument: TypedExpression,
  options: CompileOptions,
): Evaluator {
  const { leaves, window, core, rollup, mayPushDown } = options
  const plain = rollup === 'RAW' && argument.kind === 'metric' && !argument.isRateOfCounter
  if (plain && apply.name === 'aggregate' && mayPushDown(argument.metric.index)) {
    const by: AggregateName = apply.by
    const place = leaves.add({ kind: 'aggregate', metric: argument.metric, window: core, by })
    return (evaluation) => evaluation.leaf(place)
  }
  if (apply.name === 'timeshift') {
    const shift = apply.seconds * 1000
    const shifted = ({ from, to }: Window) => ({ from: from - shift, to: to - shift })
    const before = options.before === undefined ? undefined : options.before - shift
    const inner = compile(argument, { ...options, window: shifted(window), core: shifted(core), before })
    return (evaluation) => applyFunction(apply, inner(evaluation), 0)
  }
  const bucketMs = ROLLUP_MS[rollup]
  if (apply.name === 'resample') {
    const step = apply.seconds * 1000
    const buckets = bucketWindow(window.from, window.to, step)
    const wanted = bucketWindow(core.from, core.to, step)
    if (wanted.count === 0) return () => NO_POINTS
    // Samples lie in [from, to) and times are whole milliseconds; rollup points are stamped at their end: (from, to].
    const whole = ({ from, to }: Window): Window =>
      bucketMs > 0 ? { from: from + 1, to } : { from, to: to - 1 }
    const inner = whole(buckets)
    if (plain && buckets.count <= MOST_GRID_BUCKETS && mayPushDown(argument.metric.index)) {
      const { metric } = argument
      const place = leaves.add({
        kind: 'grid',
        metric,
        window: inner,
        by: apply.by,
        step,
        count: buckets.count,
      })
      return (evaluation) => evaluation.leaf(place)
    }
    const evaluate = compile(argument, { ...options, window: inner, core: whole(wanted), before: undefined })
    return (evaluation) => applyFunction(apply, evaluate(evaluation), bucketMs)
  }
  if (SCALARS.has(apply.name)) {
    const evaluate = compile(argument, { ...options, window: core, before: undefined })
    return (evaluation) => applyFunction(apply, evaluate(evaluation), bucketMs)
  }
  const before = lookBack(apply, argument, bucketMs)
  const inner = countsChanges(apply) ? changesIn(options) : options
  const evaluate = compile(argument, before > 0 ? { ...inner, window: earlier(window, before) } : inner)
  if (before === 0) return (evaluation) => applyFunction(apply, evaluate(evaluation), bucketMs)
  return (evaluation) => {
    const result = applyFunction(apply, evaluate(evaluation), bucketMs)
    return typeof result === 'number' ? result : begin(result, window.from, options)
  }
}
