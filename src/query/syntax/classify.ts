import type { IToken } from 'chevrotain'
import type { QueryProblem } from '../../wire/timeseries.js'
import { takesWord } from './functions.js'
import { LIMITS } from './limits.js'
import { problem } from './problem.js'
import * as T from './tokens.js'

/** What a text is: statements, a trigger, or only the part after WHERE. */
export type Entry = 'script' | 'trigger' | 'predicate'

/** Token types that end an operand: a name cannot follow one, so a word there is a keyword. */
const operandEnd = new Set([
  T.Name,
  T.WordArgument,
  T.NumberToken,
  T.StringToken,
  T.Variable,
  T.Word,
  T.RParen,
  T.RBracket,
  T.Star,
])
/** What follows the `)` of a part of an expression; after that of a predicate it cannot stand. */
const continuesExpression = new Set([
  T.Plus,
  T.Minus,
  T.Star,
  T.Slash,
  T.Less,
  T.LessEqual,
  T.Greater,
  T.GreaterEqual,
  T.Equals,
  T.NotEquals,
])
const lowerName = (token: IToken | undefined): string =>
  token?.tokenType === T.Name ? token.image.toLowerCase() : ''

interface Open {
  index: number
  call: string | undefined
  argument: number
}

interface Counts {
  items: number
  operators: number
  conditions: number
}

/**
 * Gives every token the type that it has at its place: keywords, the three kinds of `(`, words among arguments. This
 * makes the grammar one that needs no backtracking, here and in completion. Returns what breaks a limit; then the
 * tokens are not to be parsed.
 */
export function classify(tokens: readonly IToken[], entry: Entry): QueryProblem[] {
  tagReserved(tokens)
  const closing = matchParentheses(tokens)
  if (!Array.isArray(closing)) return [closing]
  const opens: Open[] = []
  let counts: Counts = { items: 0, operators: 0, conditions: 0 }
  let signs = 0
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!
    const previous = tokens[i - 1]
    const type = token.tokenType
    if (type === T.Name) {
      const at = opens.at(-1)
      const keyword = contextualKeyword(tokens, i, entry)
      if (keyword) T.retag(token, keyword)
      else if (at?.call && isWordArgument(tokens, i, at)) T.retag(token, T.WordArgument)
    } else if (type === T.LParen) {
      if (opensGroup(tokens, i, closing, entry)) T.retag(token, T.GroupOpen)
      else if (entry === 'trigger' && opensCondition(previous, opens)) T.retag(token, T.ConditionOpen)
      const named = previous?.tokenType === T.Name || previous?.tokenType === T.When
      const call = named ? previous.image.toLowerCase() : undefined
      opens.push({ index: i, call, argument: 0 })
    } else if (type === T.ConditionOpen) {
      opens.push({ index: i, call: undefined, argument: 0 })
    } else if (type === T.RParen) {
      opens.pop()
    } else if (type === T.Semicolon) {
      opens.length = 0
      counts = { items: 0, operators: 0, conditions: 0 }
    } else if (type === T.Comma) {
      const at = opens.at(-1)
      if (at) at.argument++
      counts.items++
    } else if (type === T.And || type === T.Or) {
      counts.conditions++
    }
    if (isOperator(type)) counts.operators++
    if (type === T.Minus) signs++
    else if (type !== T.LParen) signs = 0
    const broken = overLimit(counts, signs)
    if (broken) return [problem(token, broken)]
  }
  return []
}

const isOperator = (type: unknown): boolean =>
  type === T.Plus || type === T.Minus || type === T.Star || type === T.Slash

function overLimit(counts: Counts, signs: number): string | undefined {
  if (counts.items >= LIMITS.items) return `A statement has at most ${LIMITS.items} items and arguments.`
  if (counts.operators > LIMITS.operators) return `A statement has at most ${LIMITS.operators} operators.`
  if (counts.conditions > LIMITS.conditions) return `A statement has at most ${LIMITS.conditions} conditions.`
  if (signs > LIMITS.depth) return `At most ${LIMITS.depth} signs can stand in a row.`
  return undefined
}

function tagReserved(tokens: readonly IToken[]): void {
  for (const token of tokens) {
    if (token.tokenType !== T.Name) continue
    const keyword = T.RESERVED.get(token.image.toLowerCase())
    if (keyword) T.retag(token, keyword)
  }
}

/**
 * The index of each `(`'s own `)`, and undefined for one that is not closed. A `(` with a SELECT inside becomes a
 * `ConditionOpen`. Returns a problem where they are nested too deep.
 */
function matchParentheses(tokens: readonly IToken[]): (number | undefined)[] | QueryProblem {
  const closing: (number | undefined)[] = []
  const open: number[] = []
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!
    const type = token.tokenType
    if (type === T.LParen) {
      open.push(i)
      if (open.length > LIMITS.depth)
        return problem(token, `Parentheses can be nested ${LIMITS.depth} deep at most.`)
    } else if (type === T.RParen) {
      const start = open.pop()
      if (start !== undefined) closing[start] = i
    } else if (type === T.Semicolon) {
      open.length = 0
    } else if (type === T.Select) {
      for (const index of open) T.retag(tokens[index]!, T.ConditionOpen)
    }
  }
  return closing
}

/** Whether the `(` stands where a condition may begin and holds conditions, not a part of an expression. */
function opensGroup(
  tokens: readonly IToken[],
  index: number,
  closing: readonly (number | undefined)[],
  entry: Entry,
): boolean {
  const before = tokens[index - 1]?.tokenType
  const inWhen = before === T.LParen && tokens[index - 2]?.tokenType === T.When
  const mayBegin =
    inWhen ||
    before === T.Where ||
    before === T.And ||
    before === T.Or ||
    before === T.GroupOpen ||
    (before === undefined && entry === 'predicate')
  if (!mayBegin) return false
  const end = closing[index]
  const after = end === undefined ? undefined : tokens[end + 1]?.tokenType
  return after === undefined || !continuesExpression.has(after)
}

/** A `(` of a trigger in which the SELECT is missing. */
function opensCondition(previous: IToken | undefined, opens: readonly Open[]): boolean {
  const before = previous?.tokenType
  return (
    before === T.If ||
    before === T.ConditionOpen ||
    (opens.length === 0 && (before === T.And || before === T.Or))
  )
}

function contextualKeyword(tokens: readonly IToken[], index: number, entry: Entry) {
  const word = tokens[index]!.image.toLowerCase()
  const before = tokens[index - 1]?.tokenType
  const starts = before === undefined || before === T.Semicolon
  switch (word) {
    case 'explain':
      return starts && entry === 'script' ? T.Explain : undefined
    case 'if':
      return starts && entry === 'trigger' ? T.If : undefined
    case 'do':
      return before === T.RParen && entry === 'trigger' ? T.Do : undefined
    case 'when':
      return tokens[index + 1]?.tokenType === T.LParen ? T.When : undefined
    case 'in':
      return before === T.Day || before === T.Hour ? T.In : undefined
    case 'day':
    case 'hour': {
      const tail = lowerName(tokens[index + 1]) === 'in' || (before !== undefined && operandEnd.has(before))
      return tail ? (word === 'day' ? T.Day : T.Hour) : undefined
    }
  }
  return undefined
}

function isWordArgument(tokens: readonly IToken[], index: number, at: Open): boolean {
  const before = tokens[index - 1]?.tokenType
  const after = tokens[index + 1]?.tokenType
  return (
    (before === T.LParen || before === T.Comma) &&
    (after === undefined || after === T.Comma || after === T.RParen) &&
    takesWord(at.call!, at.argument)
  )
}
