import type { IToken } from 'chevrotain'
import type { QueryProblem } from '../../wire/timeseries.js'
import type { RuleName } from './parser.js'
import { problem } from './problem.js'
import { endOf } from './tokens.js'

export function diagnose(
  _rule: RuleName,
  _text: string,
  tokens: readonly IToken[],
  failed: IToken,
): QueryProblem[] {
  const end = { offset: endOf(tokens.at(-1)!), length: 0 }
  return [problem(Number.isNaN(failed.startOffset) ? end : failed, 'Not expected here.')]
}
