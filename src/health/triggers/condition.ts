import type { Expression, Predicate, Statement, TriggerCondition } from '../../query/index.js'

/** The statements of a condition, in the order in which they stand. */
export function statementsOf(condition: TriggerCondition): Statement[] {
  return condition.kind === 'stream-count' ? [condition.statement] : condition.operands.flatMap(statementsOf)
}

/** Whether the condition holds, from how many streams each of its statements gave (in the order of `statementsOf`). */
export function holds(condition: TriggerCondition, counts: readonly number[], threshold: number): boolean {
  let next = 0
  const visit = (node: TriggerCondition): boolean => {
    if (node.kind === 'stream-count') return (counts[next++] ?? 0) > threshold
    // All of them are visited: each takes its count.
    const operands = node.operands.map(visit)
    return node.kind === 'all' ? operands.every(Boolean) : operands.some(Boolean)
  }
  return visit(condition)
}

/** How to ask for all owners at once: the statement without the owner's own condition, and what tells the streams apart. */
export interface Shared {
  statement: Statement
  /** Normalised: lower case without `_`. */
  attribute: string
  /** Upper case: its value is the attribute's of each owner. */
  variable: string
}

/** Attributes that every stream of an owner has as one value, compared without case. */
const OWNERS = new Set(['rolename', 'servicename', 'hostid', 'hostname', 'clustername', 'clusterid'])
/** Functions of one stream at a time: what they make of an entity does not depend on which others are asked for. */
const OF_ONE = new Set(
  'avg sum min max last dt dt0 integral counter_delta moving_avg greatest least stats abs ceil floor round ln log10 sqrt percentile stddev count count_non_nan rate increase predict_linear resample'.split(
    ' ',
  ),
)

/**
 * The same trigger stands on each of a thousand roles, with `roleName = $ROLENAME` in it; one query without that condition
 * answers all of them. Undefined where it would not mean the same: then each owner is asked for by itself.
 */
export function sharedOf(statement: Statement): Shared | undefined {
  const { where, select } = statement
  if (!where || statement.from || statement.explain || 'kind' in select) return undefined
  if (!select.every(({ expression }) => isOfOne(expression))) return undefined
  const operands = where.kind === 'and' ? where.operands : [where]
  const own = operands.filter(isOwners)
  if (own.length !== 1 || operands.some((one) => one !== own[0] && (hasVariable(one) || !isPlain(one))))
    return undefined
  const [found] = own
  if (found?.kind !== 'equals') return undefined
  const others = operands.filter((one) => one !== found)
  const { where: _, ...rest } = statement
  return {
    statement:
      others.length === 0
        ? rest
        : { ...rest, where: others.length === 1 ? others[0]! : { ...where, kind: 'and', operands: others } },
    attribute: normalized(found.attribute),
    variable: found.value.text.toUpperCase(),
  }
}

export const normalized = (attribute: string): string => attribute.toLowerCase().replaceAll('_', '')

const isOwners = (one: Predicate): boolean =>
  one.kind === 'equals' && one.value.form === 'variable' && OWNERS.has(normalized(one.attribute))

function hasVariable(one: Predicate): boolean {
  if (one.kind === 'and' || one.kind === 'or') return one.operands.some(hasVariable)
  if (one.kind === 'equals' || one.kind === 'differs') return one.value.form === 'variable'
  return false
}

function isPlain(one: Predicate): boolean {
  if (one.kind === 'and' || one.kind === 'or') return one.operands.every(isPlain)
  return one.kind !== 'compare' || isOfOne(one.left)
}

function isOfOne(expression: Expression): boolean {
  switch (expression.kind) {
    case 'number':
    case 'word':
      return true
    case 'metric':
      // Made from all entities below another one.
      return !/_across_/i.test(expression.name)
    case 'negate':
      return isOfOne(expression.operand)
    case 'binary':
      return isOfOne(expression.left) && isOfOne(expression.right)
    case 'compare':
    case 'and':
    case 'or':
      return isPlain(expression)
    case 'call':
      return OF_ONE.has(expression.name) && expression.args.every(isOfOne)
  }
}
