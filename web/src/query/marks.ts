/** Error marks: a query's text cut into plain and marked pieces, and a suggestion put in the place of a mark. */

import type { QueryProblem } from '../../../src/wire/timeseries.js'

export interface Piece {
  readonly text: string
  /** The place in the list of problems; null for plain text. */
  readonly problem: number | null
}

/**
 * Cuts the text at the problems. A problem without length, or at the very end, marks the character before its place, or a
 * space of its own where the text ends. Where problems overlap, the first one has the place.
 */
export function markPieces(text: string, problems: readonly QueryProblem[]): Piece[] {
  const spans = problems
    .map((problem, index) => ({ ...spanOf(problem, text.length), index }))
    .sort((a, b) => a.start - b.start)
  const pieces: Piece[] = []
  let at = 0
  for (const { start, end, index } of spans) {
    if (start < at) continue
    if (start > at) pieces.push({ text: text.slice(at, start), problem: null })
    pieces.push({ text: text.slice(start, end) || ' ', problem: index })
    // A mark at the end of the text stands on a space of its own: another one there would add a second.
    at = Math.max(end, start + 1)
  }
  if (at < text.length) pieces.push({ text: text.slice(at), problem: null })
  return pieces
}

function spanOf(problem: QueryProblem, length: number): { start: number; end: number } {
  const start = Math.max(0, Math.min(length, Math.floor(problem.offset) || 0))
  const end = Math.max(start, Math.min(length, start + (Math.floor(problem.length) || 0)))
  return { start, end: end === start && start < length ? start + 1 : end }
}

/** The text with a suggestion in the place of a problem, and where the cursor then stands. */
export function applySuggestion(
  text: string,
  problem: QueryProblem,
  suggestion: string,
): { text: string; cursor: number } {
  const start = Math.max(0, Math.min(text.length, problem.offset))
  const end = Math.max(start, Math.min(text.length, problem.offset + problem.length))
  const before = text.slice(0, start)
  const glue = start === end && before !== '' && !/\s$/.test(before) ? ' ' : ''
  const head = before + glue + suggestion
  return { text: head + text.slice(end), cursor: head.length }
}

/** Line and column, from 1, of an offset: for a message that is read aloud. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, Math.max(0, offset))
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: before.length - lineStart + 1 }
}
