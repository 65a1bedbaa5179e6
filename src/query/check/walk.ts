import type { Metric } from '../../metrics/index.js'
import type { TypedExpression } from './typed.js'

/** The node and all below it. */
export function* nodesOf(node: TypedExpression): Generator<TypedExpression> {
  yield node
  if (node.kind === 'combine') {
    yield* nodesOf(node.left)
    yield* nodesOf(node.right)
  } else if (node.kind === 'apply' || node.kind === 'group') yield* nodesOf(node.argument)
}

/** Every metric in an expression, once. */
export function metricsOf(expression: TypedExpression): Metric[] {
  const found = new Map<number, Metric>()
  for (const node of nodesOf(expression))
    if (node.kind === 'metric') found.set(node.metric.index, node.metric)
  return [...found.values()]
}

export type AcrossExpression = Extract<TypedExpression, { kind: 'across' }>

/** Every aggregate across entities in an expression. */
export function acrossOf(expression: TypedExpression): AcrossExpression[] {
  const found: AcrossExpression[] = []
  for (const node of nodesOf(expression)) if (node.kind === 'across') found.push(node)
  return found
}

function has(expression: TypedExpression, ...kinds: TypedExpression['kind'][]): boolean {
  for (const node of nodesOf(expression)) if (kinds.includes(node.kind)) return true
  return false
}

/** Whether an unknown metric is in it: then it has no streams. */
export const hasUnknownMetric = (expression: TypedExpression) => has(expression, 'unknown-metric')

/** Whether a value of a host, a cluster or a service is in it. */
export const hasFact = (expression: TypedExpression) => has(expression, 'fact', 'role-count')

/** Whether something in it is over many entities. */
export const hasGrouping = (expression: TypedExpression) => has(expression, 'group')
