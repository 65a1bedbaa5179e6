import type { IToken } from 'chevrotain'
import type { QueryProblem } from '../../wire/timeseries.js'
import { nearest } from '../names/index.js'
import { expectations, listed } from './expected.js'
import { hint } from './hints.js'
import { didYouMean } from './literals.js'
import { following, type RuleName, type Suggestion } from './parser.js'
import { shorten } from './prefix.js'
import { clip, problem } from './problem.js'
import * as T from './tokens.js'

/**
 * Says what is wrong where the parser stopped.
 *
 * @param tokens what was parsed, not empty or with a `next`
 * @param failed the token at which the parser gave up, which may be earlier than the mistake
 * @param next the token after the part that was parsed, where it is only a part of a statement
 */
export function diagnose(
  rule: RuleName,
  tokens: readonly IToken[],
  failed: IToken,
  next?: IToken,
): { problem: QueryProblem; index: number } {
  const { index, suggestions } = locate(rule, tokens, failed)
  const found = tokens[index] ?? next
  const previous = tokens[index - 1]
  const expected = expectations(suggestions, previous)
  const near = found ? suggestFor(found, suggestions) : []
  const sentences = [
    `${unexpected(found, previous)}; expected ${listed(expected)}.`,
    found ? '' : unclosed(tokens),
    didYouMean(near).trim() || hint(found, previous),
  ]
  const at = found ?? { offset: previous ? T.endOf(previous) : 0, length: 0 }
  return { problem: problem(at, sentences.filter(Boolean).join(' '), expected, near), index }
}

/** The parser looks two tokens ahead and so may stop before the mistake: go on as long as the tokens can follow. */
function locate(rule: RuleName, tokens: readonly IToken[], failed: IToken) {
  const start = tokens.indexOf(failed)
  let index = start === -1 ? tokens.length : start
  let suggestions = after(rule, tokens, index)
  while (index < tokens.length && suggestions.some((s) => s.nextTokenType === tokens[index]!.tokenType)) {
    const more = after(rule, tokens, index + 1)
    if (more.length === 0) break
    suggestions = more
    index++
  }
  return { index, suggestions }
}

function after(rule: RuleName, tokens: readonly IToken[], length: number): Suggestion[] {
  const prefix = tokens.slice(0, length)
  if (rule === 'statement' || rule === 'trigger') return following(rule, shorten(prefix, rule))
  if (rule === 'predicate') return following(rule, shorten(prefix, 'condition'))
  return following(rule, prefix.length > PART ? shorten(prefix, 'condition') : prefix)
}

/** Tokens of a part of a statement up to which it is looked at as it is. */
const PART = 50

function unexpected(found: IToken | undefined, previous: IToken | undefined): string {
  const place = previous ? ` after “${clip(previous.image)}”` : ''
  return found ? `“${clip(found.image)}” cannot stand here${place}` : `The text ends too early${place}`
}

function unclosed(tokens: readonly IToken[]): string {
  const open: IToken[] = []
  for (const token of tokens) {
    const type = token.tokenType
    if (type === T.LParen || type === T.GroupOpen || type === T.ConditionOpen) open.push(token)
    else if (type === T.RParen) open.pop()
  }
  const last = open.at(-1)
  return last ? `The “(” at character ${last.startOffset + 1} is not closed.` : ''
}

/** The keywords that a misspelt word may be meant for. */
function suggestFor(found: IToken, suggestions: readonly Suggestion[]): string[] {
  if (found.tokenType !== T.Name && found.tokenType !== T.Word) return []
  const keywords = suggestions.map((s) => s.nextTokenType).filter((type) => T.KEYWORDS.includes(type))
  return nearest(found.image, new Set(keywords.map((type) => type.name)), 2)
}
