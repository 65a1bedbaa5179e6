import type { CompareOperator, Statement } from '../syntax/index.js'
import { attributeReader } from './attributes.js'
import type { Selector } from './selection.js'

/** Categories of the entities that a collection of FROM is about; undefined: all. */
const CATEGORIES: Readonly<Record<string, string>> = {
  IMPALA_QUERIES: 'IMPALA_QUERY',
  IMPALA_QUERY_DETAILS: 'IMPALA_QUERY',
  YARN_APPLICATIONS: 'YARN_APPLICATION',
}

/** The category of the records that a statement is about; undefined when it is about monitored entities. */
export const recordCategory = (statement: Statement): string | undefined =>
  statement.from === undefined ? undefined : CATEGORIES[statement.from.name]

export const OPERATORS: Readonly<Record<CompareOperator, (left: number, right: number) => boolean>> = {
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '=': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>=': (left, right) => left >= right,
  '>': (left, right) => left > right,
}

/** `query_duration > 5s` of records: numbers among their attributes. A record without the attribute does not fulfil it. */
export function numberSelector(attribute: string, operator: CompareOperator, right: number): Selector {
  const read = attributeReader(attribute)
  const holds = OPERATORS[operator]
  return (entity) => {
    const text = read(entity)
    if (text === undefined || text.trim() === '') return false
    const value = Number(text)
    return !Number.isNaN(value) && holds(value, right)
  }
}
