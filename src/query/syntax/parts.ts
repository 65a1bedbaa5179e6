import type { IToken } from 'chevrotain'
import type { RuleName } from './parser.js'
import * as T from './tokens.js'

/** A part of a statement that can be parsed on its own, as tokens from `start` to before `end`. */
export interface Part {
  rule: RuleName
  start: number
  end: number
}

/** Items, collection, conditions and time clauses of a statement, so that a mistake in one does not hide another's. */
export function partsOf(tokens: readonly IToken[]): Part[] {
  const parts: Part[] = []
  let rule: RuleName | undefined
  let start = 0
  let depth = 0
  const next = (index: number, following: RuleName | undefined, from = index + 1) => {
    if (rule) parts.push({ rule, start, end: index })
    rule = following
    start = from
  }
  tokens.forEach((token, i) => {
    const type = token.tokenType
    if (type === T.LParen || type === T.GroupOpen || type === T.ConditionOpen) depth++
    else if (type === T.RParen) depth--
    else if (depth > 0) return
    else if (type === T.Select) next(i, 'item')
    else if (type === T.Comma && rule === 'item') next(i, 'item')
    else if (type === T.From) next(i, 'fromClause', i)
    else if (type === T.Where) next(i, 'condition')
    else if ((type === T.And || type === T.Or) && rule === 'condition') next(i, 'condition')
    else if ((type === T.Day || type === T.Hour) && rule !== 'timeClauses') {
      const bare = tokens[i - 1]?.tokenType === T.Where
      if (bare) rule = undefined
      next(i, 'timeClauses', i)
    }
  })
  next(tokens.length, undefined)
  return parts
}
