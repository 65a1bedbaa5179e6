import { type Comparison, printExpression, resolveQuantity } from '../syntax/index.js'
import { problemAt } from './arguments.js'
import type { CheckContext } from './context.js'
import type { TypedExpression } from './typed.js'

/** The number that a comparison is with, in the unit of its left side. */
export function comparedWith(
  { left: node, right: quantity }: Comparison,
  left: TypedExpression,
  context: CheckContext,
): number {
  const right = resolveQuantity(quantity, left.units, printExpression(node))
  if ('problem' in right) {
    context.problems.push(right.problem)
    return 0
  }
  if (right.assumed && left.kind !== 'unknown-metric')
    context.warnings.push(
      problemAt(
        quantity,
        `${printExpression(node)} has no unit: “${quantity.unit}” was taken as bytes or seconds.`,
      ),
    )
  return right.value
}
