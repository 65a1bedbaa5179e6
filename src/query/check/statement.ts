import type { Catalogue, Entity } from '../../metrics/index.js'
import type { QueryProblem } from '../../wire/timeseries.js'
import { STEPS_IN_ALL } from '../regex/index.js'
import {
  type CompareOperator,
  type Comparison,
  collectionUnit,
  type Predicate,
  printExpression,
  resolveQuantity,
  type Span,
  type Statement,
  type Value,
} from '../syntax/index.js'
import { problemAt } from './arguments.js'
import { normalizeAttribute } from './attributes.js'
import { numberSelector, recordCategory } from './collections.js'
import { comparedWith } from './comparison.js'
import type { CheckContext } from './context.js'
import { checkExpression } from './expression.js'
import { type Belonging, formerOwners, formerOwnersLike } from './former-names.js'
import { compilePattern } from './pattern.js'
import {
  type Activity,
  type Candidates,
  equalsSelector,
  matchSelector,
  type Pin,
  type Selector,
} from './selection.js'
import type { TypedExpression, TypedItem } from './typed.js'
import { hasFact, hasGrouping, partsOf } from './walk.js'

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
  /** What is answered, but probably not what was meant, with its place. */
  readonly warnings: readonly QueryProblem[]
  /** Whether the selection of entities depends on the catalogue only, not on time or variables. */
  readonly timeless: boolean
  /** Whether a condition uses a fact of a host, a cluster or a service. */
  readonly usesFacts: boolean
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
    budget: { steps: STEPS_IN_ALL },
  }
  const { select, where } = statement
  let items: TypedItem[] | undefined
  if (Array.isArray(select)) {
    items = select.map((item) => {
      const { offset, length, alias } = item
      const expression = checkExpression(item.expression, context)
      checkGroupings(expression, item, context)
      const text = printExpression(item.expression)
      return { expression, text, span: { offset, length }, ...(alias !== undefined && { alias }) }
    })
  }
  const category = recordCategory(statement)
  const condition =
    where === undefined
      ? undefined
      : checkPredicate(where, { ...context, records: category !== undefined }, options)
  const filter = ofCategory(category, condition)
  return {
    checked: {
      statement,
      items,
      filter,
      candidates: {
        ...(where !== undefined && candidatesOf(where, options)),
        ...(category !== undefined && { category }),
      },
      warnings: context.warnings,
      timeless: where === undefined || isTimeless(where),
      usesFacts: comparisonsOf(filter).some((comparison) => hasFact(comparison.left)),
    },
    problems: context.problems,
  }
}

/**
 * The same with a condition of attributes alone (`splitWhere`), where all but that is checked. With problems, it is to be
 * refused, and `checkStatement` says all that is wrong.
 */
export function withCondition(
  head: CheckedStatement,
  statement: Statement & { readonly where: Predicate },
  options: CheckOptions,
): { checked: CheckedStatement; problems: readonly QueryProblem[] } {
  const { catalogue, movingAverageSeconds } = options
  const { where } = statement
  const budget = { steps: STEPS_IN_ALL }
  const context: CheckContext = { catalogue, problems: [], warnings: [], movingAverageSeconds, budget }
  const filter = checkPredicate(where, context, options)
  const checked = {
    ...head,
    statement,
    filter,
    candidates: candidatesOf(where, options),
    timeless: isTimeless(where),
  }
  return { checked, problems: context.problems }
}

/** Records of a collection are entities of one category. */
function ofCategory(category: string | undefined, condition: Filter | undefined): Filter | undefined {
  if (category === undefined) return condition
  const selector: Filter = { kind: 'select', selector: (entity) => entity.category === category }
  return condition === undefined ? selector : { kind: 'all', operands: [selector, condition] }
}

/** What is over many entities cannot be mixed with what is of one: there is no entity to take. */
function checkGroupings(expression: TypedExpression, at: Span, context: CheckContext): void {
  if (!hasGrouping(expression)) return
  const kinds = new Set<string>()
  const visit = (node: TypedExpression, inside: boolean): void => {
    if (node.kind === 'group') {
      if (inside)
        context.problems.push(
          problemAt(at, `${node.group.name} cannot stand inside another function over entities.`),
        )
      kinds.add(
        JSON.stringify(
          'attributes' in node.group ? node.group.attributes.map(normalizeAttribute) : node.group,
        ),
      )
      visit(node.argument, true)
    } else if (!inside && (node.kind === 'metric' || node.kind === 'fact' || node.kind === 'role-count'))
      kinds.add('')
    else for (const part of partsOf(node)) visit(part, inside)
  }
  visit(expression, false)
  if (kinds.size > 1)
    context.problems.push(
      problemAt(
        at,
        'Streams of groups can be combined with numbers and with streams of the same groups only.',
      ),
    )
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
    case 'equals':
    case 'differs': {
      const value = checkValue(node, context, variables)
      if (value === undefined) return { kind: 'all', operands: [] }
      const equals = orBelonging(
        equalsSelector(node.attribute, value, catalogue, activity),
        formerOwners(catalogue, node.attribute, value.text),
        options,
      )
      const selector: Selector = node.kind === 'equals' ? equals : (entity) => equals(entity) === false
      return { kind: 'select', selector }
    }
    case 'rlike': {
      const compiled = compilePattern(node, context.budget)
      if ('problem' in compiled) {
        context.problems.push(compiled.problem)
        return { kind: 'all', operands: [] }
      }
      return {
        kind: 'select',
        selector: orBelonging(
          matchSelector(node.attribute, compiled.matches, catalogue, activity),
          formerOwnersLike(catalogue, node.attribute, compiled.matches),
          options,
        ),
      }
    }
    case 'compare':
      return checkComparison(node, context)
  }
}

/** The condition, or that an entity belongs to one of these. */
function orBelonging(
  selector: Selector,
  owners: readonly Belonging[],
  { catalogue, activity }: CheckOptions,
): Selector {
  if (owners.length === 0) return selector
  const others = owners.map((pins) =>
    pins.map(({ attribute, value }) => equalsSelector(attribute, { text: value }, catalogue, activity)),
  )
  return (entity) => selector(entity) || others.some((all) => all.every((one) => one(entity) === true))
}

function checkComparison(node: Comparison, context: CheckContext): Filter {
  if (context.records && node.left.kind === 'metric') {
    const { name } = node.left
    const right = resolveQuantity(node.right, collectionUnit(name), name)
    if ('problem' in right) context.problems.push(right.problem)
    else return { kind: 'select', selector: numberSelector(name, node.operator, right.value) }
  }
  const left = checkExpression(node.left, context)
  if (hasGrouping(left))
    context.problems.push(
      problemAt(node.left, 'A condition is about one entity: functions over many cannot stand here.'),
    )
  if (left.shape === 'stream' && left.kind !== 'unknown-metric')
    context.problems.push(
      problemAt(
        node.left,
        'A condition compares a scalar: last(…), min(…), max(…) or the like of this stream.',
        [`last(${printExpression(node.left)})`],
      ),
    )
  return { kind: 'compare', left, operator: node.operator, right: comparedWith(node, left, context) }
}

/** The value that an attribute is compared with; undefined, with a problem, when it has none or cannot have that one. */
function checkValue(
  { attribute, value: node }: Extract<Predicate, { kind: 'equals' | 'differs' }>,
  { problems }: CheckContext,
  variables: ReadonlyMap<string, string>,
): Value | undefined {
  const value = resolveVariable(node, variables)
  if (value === undefined) {
    const message = `$${node.text} has no value here: write the value, or give it as variable.${node.text}.`
    problems.push(problemAt(node, message, ['a value']))
    return undefined
  }
  if (normalizeAttribute(attribute) === 'active' && !/^(true|false)$/i.test(value.text)) {
    problems.push(problemAt(node, 'active is true or false.', ['true', 'false'], ['true', 'false']))
    return undefined
  }
  return value
}

function resolveVariable(value: Value, variables: ReadonlyMap<string, string>): Value | undefined {
  if (value.form !== 'variable') return value
  const text = variables.get(value.text.toLowerCase())
  return text === undefined ? undefined : { ...value, text, form: 'string' }
}

/** What every selected entity must have: then not every entity need be looked at. */
function candidatesOf(node: Predicate, options: CheckOptions): Candidates {
  const parts = node.kind === 'and' ? node.operands : [node]
  let category: string | undefined
  let entityName: string | undefined
  let pins: Pin[] | undefined
  for (const part of parts) {
    const own = pinsOf(part, options)
    if (own === undefined) continue
    const [only] = own
    const name = own.length === 1 && only !== undefined ? normalizeAttribute(only.attribute) : ''
    if (name === 'category') category = only?.value.toUpperCase()
    else if (name === 'entityname') entityName = only?.value
    if (name !== 'category' && (pins === undefined || own.length < pins.length)) pins = own
  }
  return {
    ...(category !== undefined && { category }),
    ...(entityName !== undefined && { entityName }),
    ...(pins !== undefined && { pins }),
  }
}

/** `hostname = a`, or `hostname = a OR hostname = b`: the values, and what stands for earlier names; undefined for any other condition. */
function pinsOf(node: Predicate, options: CheckOptions): Pin[] | undefined {
  if (node.kind === 'or') {
    const all = node.operands.map((operand) => pinsOf(operand, options))
    return all.some((pins) => pins === undefined) ? undefined : all.flatMap((pins) => pins ?? [])
  }
  if (node.kind !== 'equals' || normalizeAttribute(node.attribute) === 'active') return undefined
  const value = resolveVariable(node.value, options.variables)
  if (value === undefined) return undefined
  const formerly = formerOwners(options.catalogue, node.attribute, value.text)
  return [{ attribute: node.attribute, value: value.text }, ...formerly.flatMap((pins) => pins[0] ?? [])]
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

function isTimeless(node: Predicate): boolean {
  if (node.kind === 'and' || node.kind === 'or') return node.operands.every(isTimeless)
  if (node.kind === 'compare') return true
  if (node.kind !== 'rlike' && node.value.form === 'variable') return false
  return normalizeAttribute(node.attribute) !== 'active'
}
