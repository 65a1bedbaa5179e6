import type { Metric } from '../../metrics/index.js'
import type { PointCondition, TypedExpression } from './typed.js'

/** The expressions of which an expression is made. */
export function partsOf(node: TypedExpression): readonly TypedExpression[] {
  switch (node.kind) {
    case 'combine':
      return [node.left, node.right]
    case 'apply':
    case 'group':
      return [node.argument]
    case 'when':
      return [node.kept, ...comparisonsIn(node.condition).map(({ tested }) => tested)]
    default:
      return []
  }
}

/** Every comparison in a condition of points, in the order in which they were written. */
export function comparisonsIn(condition: PointCondition): Extract<PointCondition, { kind: 'compare' }>[] {
  return condition.kind === 'compare' ? [condition] : condition.operands.flatMap(comparisonsIn)
}

/** The node and all below it. */
export function* nodesOf(node: TypedExpression): Generator<TypedExpression> {
  yield node
  for (const part of partsOf(node)) yield* nodesOf(part)
}

/** The same, without what an expression can do without: what stands in a condition beside OR. */
function* neededNodes(node: TypedExpression): Generator<TypedExpression> {
  yield node
  if (node.kind !== 'when') for (const part of partsOf(node)) yield* neededNodes(part)
  else {
    const { kept, condition } = node
    yield* neededNodes(kept)
    const needed = new Set(neededBy(condition))
    // What has no times of its own stands at those of the stream that is compared first.
    const tested = comparisonsIn(condition).map((comparison) => comparison.tested)
    const first = tested.find(({ shape }) => shape === 'stream')
    if (kept.shape !== 'stream' && first !== undefined) needed.add(first)
    for (const each of needed) yield* neededNodes(each)
  }
}

function neededBy(condition: PointCondition): TypedExpression[] {
  if (condition.kind === 'any') return []
  return condition.kind === 'compare' ? [condition.tested] : condition.operands.flatMap(neededBy)
}

/** Every metric in an expression, once. */
export const metricsOf = (expression: TypedExpression): Metric[] => metricsAmong(nodesOf(expression))

/** Every metric that an entity must have to give a stream, once. */
export const neededMetrics = (expression: TypedExpression): Metric[] => metricsAmong(neededNodes(expression))

function metricsAmong(nodes: Iterable<TypedExpression>): Metric[] {
  const found = new Map<number, Metric>()
  for (const node of nodes) if (node.kind === 'metric') found.set(node.metric.index, node.metric)
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

/** Whether it needs an unknown metric: then it has no streams. */
export function hasUnknownMetric(expression: TypedExpression): boolean {
  for (const { kind } of neededNodes(expression)) if (kind === 'unknown-metric') return true
  return false
}

/** Whether a value of a host, a cluster or a service is in it. */
export const hasFact = (expression: TypedExpression) => has(expression, 'fact', 'role-count')

/** Of which categories the entities are whose values these are. */
export const factCategories = (expression: TypedExpression): string[] =>
  [...nodesOf(expression)].flatMap((node) => {
    if (node.kind === 'role-count') return ['SERVICE']
    return node.kind === 'fact' ? [node.of === 'host' ? 'HOST' : 'CLUSTER'] : []
  })

/** Whether points are chosen by a condition in it. */
export const hasCondition = (expression: TypedExpression) => has(expression, 'when')

/** Whether something in it is over many entities. */
export const hasGrouping = (expression: TypedExpression) => has(expression, 'group')
