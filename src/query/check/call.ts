import { RESAMPLE_NAMES, type ResampleName } from '../functions/resample.js'
import { nearest } from '../names/index.js'
import {
  type Call,
  didYouMean,
  type Expression,
  type FunctionSignature,
  type Predicate,
} from '../syntax/index.js'
import { checkArity, constantArgument, problemAt, wordOf } from './arguments.js'
import { attributeNames, isAttribute } from './attribute-names.js'
import { normalizeAttribute } from './attributes.js'
import { comparedWith } from './comparison.js'
import type { CheckContext } from './context.js'
import { counterBeside } from './metric-names.js'
import {
  type Application,
  type PointCondition,
  type PointwiseName,
  type Shape,
  type StatisticName,
  type TypedExpression,
  widest,
} from './typed.js'
import { NO_UNITS, perSecond, timesSeconds, type Units } from './units.js'
import { comparisonsIn } from './walk.js'

/** Checks an argument. */
type Check = (node: Expression) => TypedExpression

/** A call, and what its check needs. */
interface Checking extends CheckContext {
  readonly check: Check
}

const NOTHING: TypedExpression = { kind: 'number', shape: 'number', units: NO_UNITS, value: 0 }

/** Checks a call of a known function. */
export function checkCall(
  call: Call,
  signature: FunctionSignature,
  outer: CheckContext,
  check: Check,
): TypedExpression {
  const context: Checking = { ...outer, check }
  if (!checkArity(call, signature, context.problems)) return NOTHING
  const [first, second] = call.args
  switch (call.name) {
    case 'last':
    case 'min':
    case 'max':
    case 'avg':
    case 'sum':
    case 'stddev':
      return apply(call, context, { name: 'aggregate', by: call.name }, 'scalar')
    case 'count':
    case 'count_non_nan':
      return apply(call, context, { name: 'aggregate', by: 'count' }, 'scalar', () => NO_UNITS)
    case 'dt':
    case 'dt0':
      return apply(call, context, { name: call.name }, 'stream', perSecond)
    case 'integral':
      return apply(call, context, { name: 'integral' }, 'stream', timesSeconds)
    case 'counter_delta':
      return counterDelta(call, context)
    case 'rate':
    case 'increase': {
      const seconds = second === undefined ? undefined : positive(second, 'The window', context)
      const application = seconds === undefined ? { name: call.name } : { name: call.name, seconds }
      return apply(
        call,
        context,
        application as Application,
        'stream',
        call.name === 'rate' ? perSecond : same,
      )
    }
    case 'moving_avg': {
      const seconds =
        second === undefined ? context.movingAverageSeconds : positive(second, 'The window', context)
      return apply(call, context, { name: 'moving_avg', seconds }, 'stream')
    }
    case 'when':
      return selection(call, context)
    case 'timeshift':
      return apply(
        call,
        context,
        { name: 'timeshift', seconds: seconds(second, 'The shift', context) },
        'stream',
      )
    case 'predict_linear':
      return apply(
        call,
        context,
        { name: 'predict_linear', seconds: seconds(second, 'The time ahead', context) },
        'scalar',
      )
    case 'percentile': {
      const percent = range(second, 'The percentage', 0, 100, context)
      return apply(call, context, { name: 'percentile', percent }, 'scalar')
    }
    case 'abs':
    case 'ceil':
    case 'floor':
    case 'ln':
    case 'log10':
    case 'sqrt':
      return pointwise(call, context, call.name)
    case 'round': {
      const decimals = second === undefined ? 0 : range(second, 'The number of decimals', -15, 15, context)
      return pointwise(call, context, 'round', decimals)
    }
    case 'resample':
      return resample(call, context)
    case 'stats':
      return stats(call, context)
    case 'greatest':
    case 'least':
      return extremeOf(call, call.name, context)
    case 'gethostfact':
    case 'getclusterfact':
      return fact(call, context)
    case 'count_service_roles':
      return roleCount(call)
    case 'sum_by':
    case 'avg_by':
    case 'max_by':
    case 'min_by': {
      const argument = streamArgument(call, first as Expression, context)
      const attributes = groupAttributes(call.args.slice(1), context)
      const group = { name: call.name, attributes } as const
      return { kind: 'group', group, argument, shape: argument.shape, units: argument.units }
    }
    case 'top':
    case 'bottom': {
      const argument = streamArgument(call, first as Expression, context)
      const count = Math.round(range(second, 'The number of streams', 1, 100_000, context))
      return {
        kind: 'group',
        group: { name: call.name, count },
        argument,
        shape: argument.shape,
        units: argument.units,
      }
    }
    case 'histogram_quantile': {
      const quantile = range(first, 'The quantile', 0, 1, context)
      const argument = streamArgument(call, second as Expression, context)
      return {
        kind: 'group',
        group: { name: 'histogram_quantile', quantile },
        argument,
        shape: argument.shape,
        units: NO_UNITS,
      }
    }
  }
  context.problems.push(problemAt(call.nameSpan, `${signature.spelling} cannot be evaluated here yet.`))
  return NOTHING
}

const same = (units: Units) => units

function apply(
  call: Call,
  context: Checking,
  application: Application,
  shape: Shape,
  units: (units: Units) => Units = same,
): TypedExpression {
  const argument = streamArgument(call, call.args[0] as Expression, context)
  return { kind: 'apply', apply: application, argument, shape, units: units(argument.units) }
}

/** An argument that has points: not a plain number. */
function streamArgument(call: Call, node: Expression, context: Checking): TypedExpression {
  const argument = context.check(node)
  if (argument.shape === 'number')
    context.problems.push(
      problemAt(node, `${call.name} takes a metric or what is made of one, not a number.`, ['a metric']),
    )
  return argument
}

function pointwise(call: Call, context: Checking, by: PointwiseName, decimals?: number): TypedExpression {
  const argument = context.check(call.args[0] as Expression)
  const application: Application =
    decimals === undefined ? { name: 'pointwise', by } : { name: 'pointwise', by, decimals }
  return { kind: 'apply', apply: application, argument, shape: argument.shape, units: argument.units }
}

/** The true difference of the counter under a rate; for what is no rate of a stored counter, its integral. */
function counterDelta(call: Call, context: Checking): TypedExpression {
  const node = call.args[0] as Expression
  const argument = streamArgument(call, node, context)
  const counter = counterUnder(argument, context)
  if (counter !== undefined)
    return {
      kind: 'apply',
      apply: { name: 'counter_delta' },
      argument: counter,
      shape: 'stream',
      units: counter.units,
    }
  const units = timesSeconds(argument.units)
  return { kind: 'apply', apply: { name: 'integral' }, argument, shape: 'stream', units }
}

/** The counter itself, of a counter, of its rate, and of a rate that is stored together with its counter. */
function counterUnder(argument: TypedExpression, { catalogue }: Checking): TypedExpression | undefined {
  if (argument.kind !== 'metric') return undefined
  const metric =
    argument.isRateOfCounter || argument.metric.isCounter || saysTotal(argument.metric.name)
      ? argument.metric
      : counterBeside(catalogue, argument.metric)
  if (metric === undefined) return undefined
  const units = { numerators: metric.unitNumerators, denominators: metric.unitDenominators }
  return { ...argument, metric, isRateOfCounter: false, units }
}

/** Line protocol and others cannot say that a metric is a counter; a name that says total does. */
const saysTotal = (name: string) => /^total_|_total$/.test(name)

function resample(call: Call, context: Checking): TypedExpression {
  const [, second, third] = call.args
  const step = positive(second as Expression, 'The length of a bucket', context)
  let by: ResampleName = 'avg'
  if (third !== undefined) {
    const word = wordOf(third)?.toLowerCase()
    const known = RESAMPLE_NAMES.find((name) => name === word)
    if (known === undefined)
      context.problems.push(
        problemAt(third, `resample takes one of ${RESAMPLE_NAMES.join(', ')}.`, RESAMPLE_NAMES),
      )
    else by = known
  }
  if (step < 1)
    context.problems.push(
      problemAt(second as Expression, 'A bucket of resample is at least one second long.'),
    )
  return apply(
    call,
    context,
    { name: 'resample', seconds: Math.max(1, Math.round(step)), by },
    'stream',
    by === 'count' ? () => NO_UNITS : same,
  )
}

const STATISTICS: readonly StatisticName[] = ['max', 'min', 'avg', 'std_dev', 'sample', 'counter', 'total']

function stats(call: Call, context: Checking): TypedExpression {
  const node = call.args[1] as Expression
  const word = wordOf(node)?.toLowerCase()
  const statistic = STATISTICS.find((name) => name === word)
  if (statistic === undefined) {
    context.problems.push(
      problemAt(
        node,
        `There is no statistic “${word ?? ''}”; there are ${STATISTICS.join(', ')}.`,
        STATISTICS,
      ),
    )
    return NOTHING
  }
  if (statistic === 'counter') {
    const argument = streamArgument(call, call.args[0] as Expression, context)
    const counter = counterUnder(argument, context)
    if (counter !== undefined) return counter
  }
  return apply(call, context, { name: 'stats', statistic }, 'stream')
}

/** The points of the second argument, or of what is compared first, at times at which the condition holds. */
function selection(call: Call, context: Checking): TypedExpression {
  const [first, second] = call.args as [Expression, Expression?]
  const condition = pointCondition(first, context)
  if (condition === undefined) {
    context.problems.push(
      problemAt(first, 'when takes a condition first, e.g. cpu_percent > 90.', ['a comparison']),
    )
    return NOTHING
  }
  const tested = comparisonsIn(condition).map((comparison) => comparison.tested)
  const kept = second === undefined ? (tested[0] as TypedExpression) : context.check(second)
  const shape = tested.reduce((widestYet, { shape }) => widest(widestYet, shape), kept.shape)
  if (shape === 'number')
    context.problems.push(
      problemAt(call, 'when takes a metric or what is made of one on one side at least.', ['a metric']),
    )
  return { kind: 'when', condition, kept, shape, units: kept.units }
}

function pointCondition(node: Expression | Predicate, context: Checking): PointCondition | undefined {
  if (node.kind === 'compare') {
    const tested = context.check(node.left)
    const than = comparedWith(node, tested, context)
    return { kind: 'compare', tested, operator: node.operator, than }
  }
  if (node.kind !== 'and' && node.kind !== 'or') return undefined
  const operands: PointCondition[] = []
  for (const operand of node.operands) {
    const condition = pointCondition(operand, context)
    if (condition === undefined) return undefined
    operands.push(condition)
  }
  return { kind: node.kind === 'and' ? 'all' : 'any', operands }
}

function extremeOf(call: Call, operator: 'greatest' | 'least', context: Checking): TypedExpression {
  const [first, second] = call.args as [Expression, Expression]
  const left = context.check(first)
  const right = context.check(second)
  if (left.shape === 'number')
    context.problems.push(
      problemAt(first, `The first argument of ${operator} is a stream: a metric or what is made of one.`, [
        'a metric',
      ]),
    )
  if (right.shape === 'stream')
    context.problems.push(
      problemAt(
        second,
        `The second argument of ${operator} is a scalar: a number, last(…), max(…) and so on.`,
        ['a scalar'],
      ),
    )
  const units = left.units
  return {
    kind: 'combine',
    operator,
    left,
    right,
    shape: left.shape === 'number' ? 'stream' : left.shape,
    units,
  }
}

function fact(call: Call, context: Checking): TypedExpression {
  const [name, fallback] = call.args as [Expression, Expression]
  const word = wordOf(name)
  if (word?.toLowerCase() !== 'numcores')
    context.problems.push(
      problemAt(name, `There is no fact “${word ?? ''}”; there is numCores.`, ['numCores']),
    )
  const value = constantArgument(context.check(fallback), fallback, 'The default', context.problems)
  const of = call.name === 'gethostfact' ? 'host' : 'cluster'
  return { kind: 'fact', of, fallback: value ?? 1, shape: 'number', units: NO_UNITS }
}

function roleCount(call: Call): TypedExpression {
  const [type, state] = call.args.map((argument) => normalizeAttribute(wordOf(argument) ?? ''))
  return {
    kind: 'role-count',
    shape: 'number',
    units: NO_UNITS,
    ...(type !== undefined && { roleType: type }),
    ...(state !== undefined && { roleState: state }),
  }
}

/** The attributes to group by. One that no entity has is a warning: all entities lack it, so that nothing would be left. */
function groupAttributes(words: readonly Expression[], { catalogue, warnings }: Checking): string[] {
  return words.map((word) => {
    const name = wordOf(word) ?? ''
    if (!isAttribute(catalogue, name)) {
      const near = nearest(name, attributeNames(catalogue), 3)
      warnings.push(problemAt(word, `No entity has an attribute “${name}”.${didYouMean(near)}`, [], near))
    }
    return name
  })
}

function positive(node: Expression, what: string, context: Checking): number {
  const value = seconds(node, what, context)
  if (value > 0) return value
  context.problems.push(problemAt(node, `${what} must be more than zero seconds.`, ['a number of seconds']))
  return 1
}

/** At most ten years either way, so that no time leaves what a time can be. */
const MOST_SECONDS = 315_360_000

function seconds(node: Expression | undefined, what: string, context: Checking): number {
  return range(node, what, -MOST_SECONDS, MOST_SECONDS, context)
}

function range(
  node: Expression | undefined,
  what: string,
  least: number,
  most: number,
  context: Checking,
): number {
  if (node === undefined) return least
  const value = constantArgument(context.check(node), node, what, context.problems)
  if (value === undefined) return least
  if (value >= least && value <= most) return value
  context.problems.push(problemAt(node, `${what} must be from ${least} to ${most}.`, [`${least} to ${most}`]))
  return least
}
