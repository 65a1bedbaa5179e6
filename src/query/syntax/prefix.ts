import type { IToken, TokenType } from 'chevrotain'
import * as T from './tokens.js'

/** One list of operands: of a select list, of arguments, of conditions. */
interface Level {
  /** Where the text of the level begins. */
  start: number
  /** Where the current list begins. */
  list: number
  kind: 'select' | 'arguments' | 'selection' | 'days' | 'conditions' | 'group'
}

const stub = (tokenType: TokenType, image: string): IToken => ({
  image,
  startOffset: 0,
  tokenType,
  tokenTypeIdx: tokenType.tokenTypeIdx!,
})
const SELECT = stub(T.Select, 'select')
const NAME = stub(T.Name, 'x')
const NUMBER = stub(T.NumberToken, '1')
const CONDITION = [NAME, stub(T.Equals, '='), stub(T.Word, 'x')]
const COMPARISON = [NAME, stub(T.Greater, '>'), NUMBER]
const TRIGGER_CONDITION = [stub(T.ConditionOpen, '('), SELECT, NAME, stub(T.RParen, ')')]

const binary = new Set([T.Plus, T.Minus, T.Star, T.Slash])
const operandEnd = new Set([T.Name, T.NumberToken, T.RParen])

/**
 * The beginning of a text with all that is complete put in a nutshell: the same tokens can follow it. Earlier clauses,
 * items, conditions and operands become stubs, so mistakes in them do not matter, and what is left is as long as the
 * nesting is deep. Asking the grammar what can follow takes quadratic time, which is nothing then.
 */
export function shorten(tokens: readonly IToken[], entry: 'statement' | 'trigger' | 'condition'): IToken[] {
  const out: IToken[] = []
  const levels: Level[] = [{ start: 0, list: 0, kind: entry === 'statement' ? 'select' : 'conditions' }]
  const operand = (level: Level): readonly IToken[] => {
    if (level.kind === 'group') return CONDITION
    if (level.kind === 'selection') return COMPARISON
    if (level.kind === 'conditions') return entry === 'condition' ? CONDITION : TRIGGER_CONDITION
    return [level.kind === 'days' ? NUMBER : NAME]
  }
  const restart = (level: Level, before: readonly IToken[], token: IToken) => {
    out.length = level.start
    out.push(...before, token)
    level.list = out.length
  }
  for (const token of tokens) {
    const level = levels.at(-1)!
    const type = token.tokenType
    const previous = out.at(-1)
    if (type === T.Select || type === T.If) {
      restart(level, [], token)
      level.kind = type === T.If ? 'conditions' : 'select'
    } else if (type === T.From || type === T.Where || type === T.Day || type === T.Hour) {
      restart(level, [SELECT, NAME], token)
      level.kind = type === T.Day ? 'days' : 'group'
    } else if (type === T.Comma || type === T.And || type === T.Or) {
      out.length = level.list
      out.push(...operand(level), token)
    } else if (
      binary.has(type) &&
      previous &&
      operandEnd.has(previous.tokenType) &&
      out.length > level.list
    ) {
      out.length = operandStart(out, level)
      out.push(NAME, token)
    } else {
      out.push(token)
      if (type === T.LParen || type === T.GroupOpen || type === T.ConditionOpen)
        levels.push({ start: out.length, list: out.length, kind: kindOf(type, previous) })
      else if (type === T.RParen && levels.length > 1) levels.pop()
    }
  }
  return out
}

/** After the last separator of the level. */
function operandStart(out: readonly IToken[], level: Level): number {
  let depth = 0
  for (let i = out.length - 1; i >= level.list; i--) {
    const type = out[i]!.tokenType
    if (type === T.RParen) depth++
    else if (type === T.LParen || type === T.GroupOpen || type === T.ConditionOpen) depth--
    else if (depth === 0 && (type === T.Comma || type === T.And || type === T.Or)) return i + 1
  }
  return level.list
}

function kindOf(open: TokenType, previous: IToken | undefined): Level['kind'] {
  if (open === T.GroupOpen) return 'group'
  if (open === T.ConditionOpen) return 'conditions'
  if (previous?.tokenType === T.When) return 'selection'
  return previous?.tokenType === T.In ? 'days' : 'arguments'
}
