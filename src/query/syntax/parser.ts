import type { IToken } from 'chevrotain'
import { Grammar } from './grammar.js'

/** The one parser: making it analyses the grammar, which costs some milliseconds; it keeps no state between calls. */
export const grammar = new Grammar()

/** The rules a text, or a part of one, is parsed by. */
export type RuleName =
  | 'statement'
  | 'trigger'
  | 'predicate'
  | 'item'
  | 'fromClause'
  | 'condition'
  | 'timeClauses'

export type Suggestion = ReturnType<typeof grammar.computeContentAssist>[number]

/** What can stand after these tokens; empty where they are no beginning of the rule. */
export function following(rule: RuleName, tokens: readonly IToken[]): Suggestion[] {
  return grammar.computeContentAssist(rule, tokens as IToken[])
}
