import type { IToken } from 'chevrotain'
import type { QueryProblem } from '../../wire/timeseries.js'
import type { Span } from './ast.js'
import { spanOf } from './nodes.js'

/** Makes a problem at a token or a place of the text. */
export function problem(
  at: IToken | Span,
  message: string,
  expected: readonly string[] = [],
  suggestions: readonly string[] = [],
): QueryProblem {
  const span = 'startOffset' in at ? spanOf(at) : at
  return {
    message,
    offset: span.offset,
    length: span.length,
    expected: [...expected],
    suggestions: [...suggestions],
  }
}
