import type { Entity } from '../../metrics/index.js'
import type { Rollup } from '../../wire/timeseries.js'
import type { Application, TypedExpression } from '../check/typed.js'
import type { AggregateName } from '../functions/aggregate.js'
import { combine, type Operand } from '../functions/arithmetic.js'
import { NO_POINTS, type Points } from '../functions/points.js'
import { bucketWindow } from '../functions/resample.js'
import { ROLLUP_MS } from '../functions/rollup.js'
import { applyFunction, rateOfRollup } from './apply.js'
import type { Leaves, Window } from './leaf.js'

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
  readonly window: Window
  readonly rollup: Rollup
  /** Whether the store may aggregate this metric; false where its samples are read anyway. */
  readonly mayPushDown: (metricIndex: number) => boolean
  /** Streams of groups of entities, by the place of the grouping in the item: see `plan/grouping.ts`. */
  readonly grouped?: (expression: TypedExpression) => Evaluator | undefined
}

/** Buckets of one series that the store may compute at once; beyond, samples are read and put into buckets here. */
export const MOST_GRID_BUCKETS = 5_000

/** Turns a checked expression into a function of an entity's columns; what has to be read goes into `leaves`. */
export function compile(expression: TypedExpression, options: CompileOptions): Evaluator {
  const { leaves, window, rollup } = options
  const grouped = options.grouped?.(expression)
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
      if (rollup === 'RAW') {
        const place = leaves.add({ kind: 'samples', metric, window })
        if (!isRateOfCounter) return (evaluation) => evaluation.leaf(place)
        return (evaluation) => applyFunction({ name: 'dt0' }, evaluation.leaf(place), 0)
      }
      const place = leaves.add({ kind: 'rollup', metric, window, level: rollup })
      if (!isRateOfCounter) return (evaluation) => evaluation.leaf(place)
      return (evaluation) => rateOfRollup(evaluation.leaf(place))
    }
    case 'across': {
      const { metric, isRateOfCounter, plural, total } = expression
      const place = leaves.add({
        kind: 'across',
        metric,
        window,
        level: rollup,
        plural,
        total,
        isRateOfCounter,
      })
      return (evaluation) => evaluation.leaf(place)
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
    case 'apply':
      return compileApplication(expression.apply, expression.argument, options)
    case 'group':
      throw new Error('a grouping is compiled by its item')
  }
}

function compileApplication(
  apply: Application,
  argument: TypedExpression,
  options: CompileOptions,
): Evaluator {
  const { leaves, window, rollup, mayPushDown } = options
  const plain = rollup === 'RAW' && argument.kind === 'metric' && !argument.isRateOfCounter
  if (plain && apply.name === 'aggregate' && mayPushDown(argument.metric.index)) {
    const by: AggregateName = apply.by
    const place = leaves.add({ kind: 'aggregate', metric: argument.metric, window, by })
    return (evaluation) => evaluation.leaf(place)
  }
  if (apply.name === 'timeshift') {
    const shift = apply.seconds * 1000
    const shifted = { from: window.from - shift, to: window.to - shift }
    const inner = compile(argument, { ...options, window: shifted })
    return (evaluation) => applyFunction(apply, inner(evaluation), 0)
  }
  const bucketMs = ROLLUP_MS[rollup]
  if (apply.name === 'resample') {
    const step = apply.seconds * 1000
    const buckets = bucketWindow(window.from, window.to, step)
    if (buckets.count === 0) return () => NO_POINTS
    // Samples lie in [from, to) and times are whole milliseconds; rollup points are stamped at their end: (from, to].
    const inner = {
      from: buckets.from + (bucketMs > 0 ? 1 : 0),
      to: buckets.to - (bucketMs > 0 ? 0 : 1),
    }
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
    const evaluate = compile(argument, { ...options, window: inner })
    return (evaluation) => applyFunction(apply, evaluate(evaluation), bucketMs)
  }
  const evaluate = compile(argument, options)
  return (evaluation) => applyFunction(apply, evaluate(evaluation), bucketMs)
}
