import type { IToken } from 'chevrotain'
import type { And, Binary, Expression, Or, Predicate, Span, TriggerCondition } from './ast.js'
import { endOf } from './tokens.js'

/** From the first character of one token or node to the last of another. */
export function spanOf(first: IToken, last: IToken = first): Span {
  return { offset: first.startOffset, length: endOf(last) - first.startOffset }
}

/** A frozen node. */
export function node<const N extends object>(fields: N): N {
  return Object.freeze(fields)
}

export function binary(operator: IToken, left: Expression, right: Expression, span: Span): Binary {
  return node({
    kind: 'binary',
    operator: operator.image as Binary['operator'],
    left,
    right,
    ...span,
  })
}

/** Joins conditions; one alone stays itself, and those of the same kind are taken in, so that the tree is flat. */
export function join(kind: 'and' | 'or', operands: readonly Predicate[], span: Span): Predicate {
  if (operands.length === 1) return operands[0]!
  const flat = operands.flatMap((p) => (p.kind === kind ? (p as And | Or).operands : [p]))
  return node({ kind, operands: Object.freeze(flat), ...span })
}

export function joinConditions(
  kind: 'all' | 'any',
  operands: readonly TriggerCondition[],
  span: Span,
): TriggerCondition {
  if (operands.length === 1) return operands[0]!
  const flat = operands.flatMap((c) => (c.kind === kind ? c.operands : [c]))
  return node({ kind, operands: Object.freeze(flat), ...span })
}
