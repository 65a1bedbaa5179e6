import type {
  Binary,
  Call,
  Comparison,
  Expression,
  Predicate,
  Quantity,
  Script,
  SelectItem,
  Statement,
  Trigger,
  TriggerCondition,
  Value,
} from './ast.js'
import { FUNCTIONS } from './functions.js'
import { quote } from './strings.js'
import { isName, isWord } from './tokens.js'

/**
 * Normal form, as the time-series API has it in `expression`: keywords in upper case, aliases in double quotes, as few
 * parentheses as keep the meaning. What is printed parses to the same tree again, places and quotes apart.
 */
export function printScript(script: Script): string {
  return script.statements.map(printStatement).join('; ')
}

/** @example printStatement(script.statements[0]) // 'SELECT last(x) AS "a" WHERE entityName = "1" AND category = ROLE' */
export function printStatement(statement: Statement): string {
  const { explain, select, from, where, days, hours } = statement
  const parts = [explain ? 'EXPLAIN SELECT' : 'SELECT']
  parts.push('kind' in select ? '*' : select.map(printItem).join(', '))
  if (from) parts.push('FROM', from.name)
  if (where) parts.push('WHERE', printPredicate(where))
  if (days) parts.push(`DAY IN (${days.days.join(', ')})`)
  if (hours) parts.push(`HOUR IN [${hours.from}:${hours.to}]`)
  return parts.join(' ')
}

/** An item of the select list with its alias; its `metricName` in the API is `printExpression(item.expression)`. */
export function printItem(item: SelectItem): string {
  const expression = printExpression(item.expression)
  return item.alias === undefined ? expression : `${expression} AS ${quote(item.alias)}`
}

/** @example printExpression(expression) // 'last(moving_avg(fd_open, 300)) * 100' */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'number':
      return String(expression.value)
    case 'metric':
      return expression.name
    case 'word':
      return isName(expression.text) ? expression.text : quote(expression.text)
    case 'call':
      return printCall(expression)
    case 'negate':
      return `-${parenthesised(expression.operand, expression.operand.kind === 'binary')}`
    case 'binary':
      return printBinary(expression)
    case 'compare':
    case 'and':
    case 'or':
      return printPredicate(expression)
  }
}

function printCall({ name, args }: Call): string {
  return `${FUNCTIONS.get(name)?.spelling ?? name}(${args.map(printExpression).join(', ')})`
}

const precedence = (operator: Binary['operator']): number => (operator === '+' || operator === '-' ? 1 : 2)

/** Operators take their operands from the left, so the right one needs parentheses at equal precedence too. */
function printBinary({ operator, left, right }: Binary): string {
  const own = precedence(operator)
  const weakLeft = left.kind === 'binary' && precedence(left.operator) < own
  const weakRight = right.kind === 'binary' && precedence(right.operator) <= own
  return `${parenthesised(left, weakLeft)} ${operator} ${parenthesised(right, weakRight)}`
}

const parenthesised = (expression: Expression, needed: boolean): string =>
  needed ? `(${printExpression(expression)})` : printExpression(expression)

/** @example printPredicate(statement.where) // 'category = ROLE AND (roleType = DATANODE OR roleType = NAMENODE)' */
export function printPredicate(predicate: Predicate): string {
  switch (predicate.kind) {
    case 'or':
      return predicate.operands.map(printPredicate).join(' OR ')
    case 'and':
      return predicate.operands
        .map((p) => (p.kind === 'or' ? `(${printPredicate(p)})` : printPredicate(p)))
        .join(' AND ')
    case 'equals':
      return `${predicate.attribute} = ${printValue(predicate.attribute, predicate.value)}`
    case 'differs':
      return `${predicate.attribute} != ${printValue(predicate.attribute, predicate.value)}`
    case 'rlike':
      return `${predicate.attribute} RLIKE ${quote(predicate.pattern)}`
    case 'compare':
      return printComparison(predicate)
  }
}

/** As it was written, but `entityName` always has quotes and `category` none. */
function printValue(attribute: string, { text, form }: Value): string {
  if (form === 'variable') return `$${text}`
  const bare = attribute === 'category' || (form !== 'string' && attribute !== 'entityName')
  return bare && isWord(text) ? text : quote(text)
}

const printComparison = ({ left, operator, right }: Comparison): string =>
  `${printExpression(left)} ${operator} ${printQuantity(right)}`

const printQuantity = ({ value, unit }: Quantity): string => `${value}${unit ? ` ${unit}` : ''}`

/** @example printTrigger(trigger) // 'IF (SELECT fd_open WHERE last(fd_open) > 500) DO health:bad' */
export function printTrigger(trigger: Trigger): string {
  const { condition, action } = trigger
  const text = printCondition(condition)
  return `IF ${condition.kind === 'stream-count' ? text : `(${text})`} DO health:${action}`
}

function printCondition(condition: TriggerCondition): string {
  switch (condition.kind) {
    case 'stream-count':
      return `(${printStatement(condition.statement)})`
    case 'any':
      return condition.operands.map(printCondition).join(' OR ')
    case 'all':
      return condition.operands
        .map((c) => (c.kind === 'any' ? `(${printCondition(c)})` : printCondition(c)))
        .join(' AND ')
  }
}
