import type { Entity } from '../../metrics/index.js'
import { OPERATORS } from '../check/collections.js'
import { type Filter, selects } from '../check/statement.js'
import type { Evaluation } from '../plan/compile.js'
import type { PlannedComparison } from '../plan/item.js'

/** Whether an entity with its streams fulfils the predicate. A condition on a stream without points is not fulfilled. */
export function fulfils(
  filter: Filter,
  entity: Entity,
  comparisons: ReadonlyMap<Filter, PlannedComparison>,
  evaluation: Evaluation,
): boolean {
  switch (filter.kind) {
    case 'select':
      return selects(filter, entity) === true
    case 'all':
      return filter.operands.every((operand) => fulfils(operand, entity, comparisons, evaluation))
    case 'any':
      return filter.operands.some((operand) => fulfils(operand, entity, comparisons, evaluation))
    case 'compare': {
      const left = comparisons.get(filter)?.evaluate(evaluation)
      if (left === undefined) return false
      const value =
        typeof left === 'number' ? left : left.end > left.start ? left.values[left.end - 1] : undefined
      return value !== undefined && OPERATORS[filter.operator](value, filter.right)
    }
  }
}
