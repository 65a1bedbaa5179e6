import type { Catalogue, Entity, EntityIndex } from '../../metrics/index.js'
import type { QueryProblem } from '../../wire/timeseries.js'
import type { CompareOperator, Comparison, Predicate, Statement } from '../syntax/index.js'
import { problemAt } from './arguments.js'
import { normalizeAttribute } from './attributes.js'
import { type CheckContext, checkExpression } from './expression.js'
import { compilePattern, printExpression, quantityIn } from './language.js'
import { type Activity, type Candidates, equalsSelector, matchSelector, type Selector } from './selection.js'
import type { TypedExpression, TypedItem } from './typed.js'

/** The predicate, checked: conditions on attributes, known beforehand, and on streams, known when they are read. */
export type Filter =
  | { readonly kind: 'all' | 'any'; readonly operands: readonly Filter[] }
  | { readonly kind: 'select'; readonly selector: Selector }
  | {
      readonly kind: 'compare'
      readonly left: TypedExpression
      readonly operator: CompareOperator
      /** In the unit of the left side. */
      readonly right: number
    }

export interface CheckedStatement {
  readonly statement: Statement
  /** Undefined for `*`: the items depend on the entities. */
  readonly items: readonly TypedItem[] | undefined
  readonly filter: Filter | undefined
  readonly candidates: Candidates
  readonly warnings: readonly string[]
}

export interface CheckOptions {
  readonly catalogue: Catalogue
  readonly activity: Activity
  /** What `$NAME` stands for, by name in lower case. */
  readonly variables: ReadonlyMap<string, string>
  readonly movingAverageSeconds: number
}

/** Checks one statement. With problems, it is to be refused. */
export function checkStatement(
  statement: Statement,
  options: CheckOptions,
): { checked: CheckedStatement; problems: QueryProblem[] } {
  const context: CheckContext = {
    catalogue: options.catalogue,
    problems: [],
    warnings: [],
    movingAverageSeconds: options.movingAverageSeconds,
  }
  const { select, where } = statement
  let items: TypedItem[] | undefined
  if (Array.isArray(select)) {
    items = select.map((item) => {
      const { offset, length, alias } = item
      const expression = checkExpression(item.expression, context)
      const text = printExpression(item.expression)
      return { expression, text, span: { offset, length }, ...(alias !== undefined && { alias }) }
    })
  }
  const filter = where === undefined ? undefined : checkPredicate(where, context, options)
  return {
    checked: {
      statement,
      items,
      filter,
      candidates: where === undefined ? {} : candidatesOf(where, options.variables),
      warnings: context.warnings,
    },
    problems: context.problems,
  }
}

function checkPredicate(node: Predicate, context: CheckContext, options: CheckOptions): Filter {
  const { catalogue, activity, variables } = options
  switch (node.kind) {
    case 'and':
    case 'or':
      return {
        kind: node.kind === 'and' ? 'all' : 'any',
        operands: node.operands.map((operand) => checkPredicate(operand, context, options)),
      }
    case 'equals': {
      const value = resolveVariable(node.value, variables)
      if (value === undefined) {
        context.problems.push(
          problemAt(
            node.value,
            `$${node.value.text} has no value here: write the value, or give it as variable.${node.value.text}.`,
            ['a value'],
          ),
        )
        return { kind: 'all', operands: [] }
      }
      return { kind: 'select', selector: equalsSelector(node.attribute, value, catalogue, activity) }
    }
    case 'rlike': {
      const compiled = compilePattern(node.pattern)
      if ('problem' in compiled) {
        context.problems.push(problemAt(node.patternSpan, compiled.problem))
        return { kind: 'all', operands: [] }
      }
      return {
        kind: 'select',
        selector: matchSelector(node.attribute, compiled.matches, catalogue, activity),
      }
    }
    case 'compare':
      return checkComparison(node, context)
  }
}

function checkComparison(node: Comparison, context: CheckContext): Filter {
  const left = checkExpression(node.left, context)
  if (left.shape === 'stream' && left.kind !== 'unknown-metric')
    context.problems.push(
      problemAt(
        node.left,
        'A condition compares a scalar: last(…), min(…), max(…) or the like of this stream.',
        [`last(${printExpression(node.left)})`],
      ),
    )
  const right = quantityIn(node.right, left.units)
  if (typeof right === 'string') context.problems.push(problemAt(node.right, right))
  return { kind: 'compare', left, operator: node.operator, right: typeof right === 'string' ? 0 : right }
}

function resolveVariable(value: { form: string; text: string }, variables: ReadonlyMap<string, string>) {
  if (value.form !== 'variable') return value as never
  const text = variables.get(value.text.toLowerCase())
  return text === undefined ? undefined : ({ ...value, text, form: 'string' } as never)
}

/** Category and name, where every answer must have them: then not every entity need be looked at. */
function candidatesOf(node: Predicate, variables: ReadonlyMap<string, string>): Candidates {
  const parts = node.kind === 'and' ? node.operands : [node]
  let category: string | undefined
  let entityName: string | undefined
  for (const part of parts) {
    if (part.kind !== 'equals') continue
    const value = resolveVariable(part.value, variables) as { text: string } | undefined
    const name = normalizeAttribute(part.attribute)
    if (name === 'category') category = value?.text.toUpperCase()
    if (name === 'entityname') entityName = value?.text
  }
  return { ...(category !== undefined && { category }), ...(entityName !== undefined && { entityName }) }
}

/**
 * Whether an entity's attributes fulfil the predicate; undefined when a condition on its streams decides.
 */
export function selects(filter: Filter | undefined, entity: Entity): boolean | undefined {
  if (filter === undefined) return true
  if (filter.kind === 'select') return filter.selector(entity)
  if (filter.kind === 'compare') return undefined
  const decisive = filter.kind === 'any'
  let open = false
  for (const operand of filter.operands) {
    const result = selects(operand, entity)
    if (result === decisive) return decisive
    if (result === undefined) open = true
  }
  return open ? undefined : !decisive
}

/** Every comparison of a filter. */
export function comparisonsOf(filter: Filter | undefined): Extract<Filter, { kind: 'compare' }>[] {
  if (filter === undefined || filter.kind === 'select') return []
  return filter.kind === 'compare' ? [filter] : filter.operands.flatMap(comparisonsOf)
}

export type { EntityIndex }
