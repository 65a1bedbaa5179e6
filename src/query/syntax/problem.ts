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
    message: clipQuoted(message),
    offset: span.offset,
    length: span.length,
    expected: [...expected],
    suggestions: [...suggestions],
  }
}

const LONGEST = 120

/** A text from outside as it is told again: no longer than can be read. */
export const clip = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text)

/** The same of what stands in quotes in a message. */
export const clipQuoted = (message: string): string =>
  message.length <= LONGEST ? message : message.replace(/“([^”]*)”/g, (_, text: string) => `“${clip(text)}”`)
