import type { Predicate, Statement, Value } from './ast.js'
import { node } from './nodes.js'

/**
 * The values `$NAME` of a statement, in the order of the text. Inside quotes `$` is an ordinary character.
 *
 * @example variablesOf(statement).map((v) => v.text) // ['HOSTID']
 */
export function variablesOf(statement: Statement): Value[] {
  const found: Value[] = []
  if (statement.where)
    mapValues(statement.where, (value) => {
      if (value.form === 'variable') found.push(value)
      return value
    })
  return found
}

/**
 * A statement with its variables filled in; those without a value stay.
 *
 * @param values by name without `$`, upper case, e.g. `{ HOSTID: 'c7b6…' }`; names in the text match in any case
 */
export function bindVariables(statement: Statement, values: ReadonlyMap<string, string>): Statement {
  if (!statement.where) return statement
  const where = mapValues(statement.where, (value) => {
    const text = value.form === 'variable' ? values.get(value.text.toUpperCase()) : undefined
    return text === undefined ? value : node({ ...value, text, form: 'string' })
  })
  return node({ ...statement, where })
}

function mapValues(predicate: Predicate, change: (value: Value) => Value): Predicate {
  switch (predicate.kind) {
    case 'and':
    case 'or': {
      const operands = predicate.operands.map((operand) => mapValues(operand, change))
      return node({ ...predicate, operands: Object.freeze(operands) })
    }
    case 'equals':
    case 'differs':
      return node({ ...predicate, value: change(predicate.value) })
    default:
      return predicate
  }
}
