import type { AttributeEquals, Predicate, Statement } from './ast.js'
import { canonicalAttribute } from './attributes.js'
import { LIMITS } from './limits.js'
import { valueForm } from './literals.js'
import { join, node } from './nodes.js'
import { isKeyword, isNeverAValue } from './tokens.js'

export interface SplitQuery {
  /** The text up to WHERE: a statement by itself, with the same places. */
  readonly head: string
  readonly where: Predicate
}

/**
 * Divides `select … where name = word and name = word …` before WHERE, and reads the condition, without the parser: what
 * dashboards ask for differs in the entity and not in what is selected, which so need not be parsed and checked again. Undefined for any
 * condition but such ones: that is for the parser. The same tree as the parser's, if the head is a statement without a
 * condition.
 *
 *     splitWhere('select load_1 where hostname = a')?.head // 'select load_1'
 */
export function splitWhere(text: string): SplitQuery | undefined {
  const at = text.indexOf(WHERE)
  if (at < 0 || text.length > LIMITS.textLength) return undefined
  const where = readPredicate(text, at + WHERE.length)
  return where && { head: text.slice(0, at), where }
}

/** The statement that the text as a whole is. */
export function withWhere<P extends Predicate>(
  head: Statement,
  text: string,
  where: P,
): Statement & { readonly where: P } {
  const length = where.offset + where.length - head.offset
  return node({ ...head, text: text.slice(head.offset, head.offset + length), where, length })
}

const WHERE = ' where '
const CONDITION = /\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*([A-Za-z0-9_.:/][A-Za-z0-9_.:/-]*)(?=\s|$)/y
const JOINT = /\s+(?:(and)|or)(?=\s)/iy
const END = /\s*$/y
const MOST = 100

function readPredicate(text: string, start: number): Predicate | undefined {
  const alternatives: AttributeEquals[][] = [[]]
  for (let at = start, count = 0; count < MOST; count++) {
    const condition = readCondition(text, at)
    if (condition === undefined) return undefined
    alternatives.at(-1)?.push(condition)
    at = condition.offset + condition.length
    END.lastIndex = at
    if (END.test(text)) return joined(alternatives)
    JOINT.lastIndex = at
    const joint = JOINT.exec(text)
    if (joint === null) return undefined
    if (joint[1] === undefined) alternatives.push([])
    at += joint[0].length
  }
  return undefined
}

function readCondition(text: string, at: number): AttributeEquals | undefined {
  CONDITION.lastIndex = at
  const match = CONDITION.exec(text)
  if (match === null) return undefined
  const [all, name = '', word = ''] = match
  if (isKeyword(name) || isNeverAValue(word)) return undefined
  const end = at + all.length
  const offset = at + all.length - all.trimStart().length
  return node({
    kind: 'equals',
    attribute: canonicalAttribute(name),
    attributeSpan: node({ offset, length: name.length }),
    value: node({
      kind: 'value',
      text: word,
      form: valueForm(word),
      offset: end - word.length,
      length: word.length,
    }),
    offset,
    length: end - offset,
  })
}

/** AND before OR. */
function joined(alternatives: readonly (readonly Predicate[])[]): Predicate {
  return joinedBy(
    'or',
    alternatives.map((conditions) => joinedBy('and', conditions)),
  )
}

function joinedBy(kind: 'and' | 'or', operands: readonly Predicate[]): Predicate {
  const first = operands[0] as Predicate
  const last = operands.at(-1) as Predicate
  return join(kind, operands, {
    offset: first.offset,
    length: last.offset + last.length - first.offset,
  })
}
