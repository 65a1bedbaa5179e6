import type { IToken } from 'chevrotain'
import { FUNCTIONS } from './functions.js'
import type { Suggestion } from './parser.js'
import * as T from './tokens.js'

/** Rules whose tokens are told by what they stand for. */
const RULES: Readonly<Record<string, string>> = {
  metric: 'a metric name',
  attribute: 'an attribute name',
  alias: 'an alias',
  collection: 'a collection',
  number: 'a number',
  value: 'a value',
  pattern: 'a pattern in quotes',
  quantity: 'a number',
  unit: 'a unit',
  day: 'a day, 1 to 7',
  hour: 'an hour, 0 to 23',
  comparator: 'a comparison',
  word: 'a word',
  duration: 'a number',
}

const OPERATORS = new Set([T.Plus, T.Minus, T.Star, T.Slash])

/** What can stand at a place, in plain words, each once. */
export function expectations(suggestions: readonly Suggestion[], previous: IToken | undefined): string[] {
  const words = new Set<string>()
  for (const suggestion of suggestions) {
    const text = describe(suggestion, previous)
    if (text) words.add(text)
  }
  if (words.has('a comparison')) for (const sign of ['=', '!=']) words.delete(sign)
  return [...words]
}

function describe({ nextTokenType: type, ruleStack }: Suggestion, previous: IToken | undefined) {
  const rule = ruleStack.at(-1)!
  if (type === T.Explain && previous) return undefined
  if (type === T.When) return 'a function'
  if (rule === 'call') return describeCall(type, previous)
  if (rule === 'factor') return type === T.Minus ? undefined : type.LABEL
  if (rule === 'term' || rule === 'expression') return OPERATORS.has(type) ? 'an operator' : type.LABEL
  if (rule === 'selectList' && type === T.Star) return '*'
  if (rule === 'action') return type === T.Colon ? ':' : 'health:bad'
  if (rule === 'duration' && type === T.Name) return 'a unit of time'
  return RULES[rule] ?? type.LABEL
}

function describeCall(type: Suggestion['nextTokenType'], previous: IToken | undefined) {
  if (type === T.Name) return 'a function'
  if (type === T.LParen) return FUNCTIONS.has(previous?.image.toLowerCase() ?? '') ? '(' : undefined
  return type.LABEL
}

/** `a, b or c`; signs stand in quotes. */
export function listed(words: readonly string[]): string {
  const quoted = words.map((word) => (/^\W+$/.test(word) ? `“${word}”` : word))
  if (quoted.length < 2) return quoted.join('')
  return `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`
}
