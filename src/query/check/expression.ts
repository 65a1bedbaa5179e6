import type { Catalogue } from '../../metrics/index.js'
import { nearest } from '../names/index.js'
import { didYouMean, type Expression, FUNCTIONS, type MetricName } from '../syntax/index.js'
import { acrossHint } from './across-hint.js'
import { acrossNames } from './across-names.js'
import { problemAt } from './arguments.js'
import { checkCall } from './call.js'
import type { CheckContext } from './context.js'
import { metricNames, resolveMetric } from './metric-names.js'
import { type TypedExpression, widest } from './typed.js'
import { NO_UNITS, unitsOfOperation } from './units.js'

/** Resolves names and checks arguments. Reports mistakes in `context.problems` and then gives something to go on with. */
export function checkExpression(node: Expression, context: CheckContext): TypedExpression {
  switch (node.kind) {
    case 'number':
      return { kind: 'number', shape: 'number', units: NO_UNITS, value: node.value }
    case 'metric':
      return checkMetric(node, context)
    case 'word':
      context.problems.push(problemAt(node, `“${node.text}” cannot stand here.`, ['an expression']))
      return { kind: 'number', shape: 'number', units: NO_UNITS, value: 0 }
    case 'compare':
    case 'and':
    case 'or':
      context.problems.push(
        problemAt(node, 'A comparison can stand in WHERE and as the first argument of when.', [
          'an expression',
        ]),
      )
      return { kind: 'number', shape: 'number', units: NO_UNITS, value: 0 }
    case 'negate': {
      const argument = checkExpression(node.operand, context)
      if (argument.kind === 'number') return { ...argument, value: -argument.value }
      return {
        kind: 'apply',
        apply: { name: 'pointwise', by: 'negate' },
        argument,
        shape: argument.shape,
        units: argument.units,
      }
    }
    case 'binary': {
      const left = checkExpression(node.left, context)
      const right = checkExpression(node.right, context)
      return {
        kind: 'combine',
        operator: node.operator,
        left,
        right,
        shape: widest(left.shape, right.shape),
        units: unitsOfOperation(node.operator, left.units, right.units),
      }
    }
    case 'call': {
      const signature = FUNCTIONS.get(node.name)
      if (signature !== undefined)
        return checkCall(node, signature, context, (argument) => checkExpression(argument, context))
      const near = nearest(node.name, FUNCTIONS.keys(), 3)
      context.problems.push(
        problemAt(
          node.nameSpan,
          `There is no function “${node.name}”.${didYouMean(near)}`,
          ['a function'],
          near,
        ),
      )
      return { kind: 'number', shape: 'number', units: NO_UNITS, value: 0 }
    }
  }
}

function checkMetric(node: MetricName, { catalogue, warnings }: CheckContext): TypedExpression {
  const { name } = node
  const found = resolveMetric(catalogue, name)
  if (found !== undefined) {
    const { metric, isRateOfCounter, units } = found
    return { kind: 'metric', shape: 'stream', units, metric, isRateOfCounter }
  }
  for (const { base, plural, total, statistic } of acrossNames(name.toLowerCase())) {
    const member = resolveMetric(catalogue, base)
    if (member === undefined) continue
    const { metric, isRateOfCounter, units } = member
    const hint = acrossHint(node, metric, plural, catalogue)
    if (hint !== undefined) warnings.push(hint)
    // A counter, or its rate, is no average of anything.
    const isAverage = !total && !isRateOfCounter && metric.weightingMetricName !== ''
    const weight = isAverage ? catalogue.findMetric(metric.weightingMetricName) : undefined
    const across: TypedExpression = {
      kind: 'across',
      shape: 'stream',
      units,
      metric,
      isRateOfCounter,
      plural,
      total,
      ...(weight !== undefined && { weight }),
    }
    if (statistic === undefined) return across
    return { kind: 'apply', apply: { name: 'stats', statistic }, argument: across, shape: 'stream', units }
  }
  const near = nearestMetrics(name, catalogue)
  warnings.push(problemAt(node, `There is no metric “${name}”.${didYouMean(near)}`, [], near))
  return { kind: 'unknown-metric', shape: 'stream', units: NO_UNITS, name }
}

/** Names of metrics like this one; of an aggregate across entities, like what it is of. */
function nearestMetrics(name: string, catalogue: Catalogue): string[] {
  const [across] = acrossNames(name)
  if (across === undefined) return nearest(name, metricNames(catalogue), 3)
  const { base, plural, total } = across
  return nearest(base, metricNames(catalogue), 3).map(
    (near) => `${total ? 'total_' : ''}${near}_across_${plural}`,
  )
}
