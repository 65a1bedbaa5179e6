import { type CustomPatternMatcherFunc, createToken, type IToken, Lexer, type TokenType } from 'chevrotain'

/**
 * The token types. The lexer makes `Name` of every word; `classify` turns those that are keywords at their place into
 * keyword tokens, so that `day` or `do` stay usable as names.
 */
const token = (name: string, pattern: RegExp | string, label = name): TokenType =>
  createToken({ name, pattern, label })
const context = (name: string, label = name): TokenType => createToken({ name, pattern: Lexer.NA, label })

export const Equals = token('Equals', '=', '=')
export const NotEquals = token('NotEquals', '!=', '!=')
export const LessEqual = token('LessEqual', '<=', '<=')
export const GreaterEqual = token('GreaterEqual', '>=', '>=')
export const Less = token('Less', '<', '<')
export const Greater = token('Greater', '>', '>')
export const Plus = token('Plus', '+', '+')
export const Minus = token('Minus', '-', '-')
export const Star = token('Star', '*', '*')
export const Slash = token('Slash', '/', '/')
export const Comma = token('Comma', ',', ',')
export const Semicolon = token('Semicolon', ';', ';')
export const Colon = token('Colon', ':', ':')
export const RParen = token('RParen', ')', ')')
export const LBracket = token('LBracket', '[', '[')
export const RBracket = token('RBracket', ']', ']')
/** Opens the arguments of a call or a part of an expression. */
export const LParen = token('LParen', '(', '(')
/** Opens a part of a predicate. */
export const GroupOpen = context('GroupOpen', '(')
/** Opens a condition of a trigger: a SELECT stands somewhere inside. */
export const ConditionOpen = context('ConditionOpen', '(')

export const Name = token('Name', /[A-Za-z_][A-Za-z0-9_]*/)
/** The name of the function whose first argument is a condition, where `(` follows it. */
export const When = context('When', 'when')
/** A name where a function takes a word and not an expression. */
export const WordArgument = context('WordArgument')
export const NumberToken = token('Number', /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/)
export const Variable = token('Variable', /\$[A-Za-z_][A-Za-z0-9_]*/)
export const StringToken = createToken({
  name: 'String',
  pattern: /"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'/,
  line_breaks: true,
})
export const OpenString = createToken({ name: 'OpenString', pattern: /["'][\s\S]*/, line_breaks: true })
const WhiteSpace = createToken({
  name: 'WhiteSpace',
  pattern: /\s+/,
  group: Lexer.SKIPPED,
  line_breaks: true,
})

/** The first part is a number such as `1e+21`: elsewhere `+` ends a word. */
const WORD = /-?(?:\d+\.?\d*|\.\d+)[eE]\+\d+[A-Za-z]*|(?:-(?=[.\d]))?[A-Za-z0-9_.:/][A-Za-z0-9_.:/-]*/y
/** Words that never are a value without quotes: after `=` they say that the value was forgotten. */
const NEVER_A_VALUE = /^(?:and|or|select|from|where)$/i

const matchWord: CustomPatternMatcherFunc = (text, offset, matched) => {
  const previous = matched.at(-1)?.tokenType
  if (previous !== Equals && previous !== NotEquals) return null
  WORD.lastIndex = offset
  const match = WORD.exec(text)
  return match && !NEVER_A_VALUE.test(match[0]) ? match : null
}

/** A value without quotes, directly after `=` or `!=` only: there `-`, `.`, `:` and `/` belong to the word. */
export const Word = createToken({
  name: 'Word',
  pattern: matchWord,
  start_chars_hint: [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:/-'],
  line_breaks: false,
})

/** Words that a condition cannot have for a value: it was forgotten then. */
export const isNeverAValue = (word: string): boolean => NEVER_A_VALUE.test(word)

/** Whether a text can stand as a value without quotes. */
export function isWord(text: string): boolean {
  WORD.lastIndex = 0
  return WORD.exec(text)?.[0] === text && !NEVER_A_VALUE.test(text)
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
/** Whether a text can stand as a name: of a metric, an attribute, an alias. */
export const isName = (text: string): boolean => NAME.test(text)

export const Select = context('SELECT')
export const From = context('FROM')
export const Where = context('WHERE')
export const And = context('AND')
export const Or = context('OR')
export const As = context('AS')
export const Rlike = context('RLIKE')
export const Day = context('DAY')
export const Hour = context('HOUR')
export const In = context('IN')
export const Explain = context('EXPLAIN')
export const If = context('IF')
export const Do = context('DO')

/** Keywords wherever they stand, by their lower-case text. */
export const RESERVED: ReadonlyMap<string, TokenType> = new Map([
  ['select', Select],
  ['from', From],
  ['where', Where],
  ['and', And],
  ['or', Or],
  ['as', As],
  ['rlike', Rlike],
])
export const KEYWORDS: readonly TokenType[] = [...RESERVED.values(), Day, Hour, In, Explain, If, Do]

const keywords = new Set(['day', 'hour', 'in', 'explain', 'if', 'do', ...RESERVED.keys()])
/** Whether a word is a keyword somewhere; some are names elsewhere. */
export const isKeyword = (word: string): boolean => keywords.has(word.toLowerCase())

const lexed = [
  WhiteSpace,
  Word,
  Name,
  NumberToken,
  StringToken,
  OpenString,
  Variable,
  NotEquals,
  LessEqual,
  GreaterEqual,
  Equals,
  Less,
  Greater,
  Plus,
  Minus,
  Star,
  Slash,
  Comma,
  Semicolon,
  Colon,
  LParen,
  RParen,
  LBracket,
  RBracket,
]

export const vocabulary: TokenType[] = [...lexed, GroupOpen, ConditionOpen, When, WordArgument, ...KEYWORDS]

const lexer = new Lexer(lexed, { positionTracking: 'onlyOffset', ensureOptimizations: true })

export interface Lexed {
  tokens: IToken[]
  /** Characters that begin no token. */
  strays: { offset: number; length: number }[]
}

/** Splits a text into tokens; what belongs to no token is left out and reported. */
export function tokenize(text: string): Lexed {
  const { tokens, errors } = lexer.tokenize(text)
  return { tokens, strays: errors.map(({ offset, length }) => ({ offset, length })) }
}

/** Gives a token the type that it has at its place. */
export function retag(token: IToken, type: TokenType): void {
  token.tokenType = type
  token.tokenTypeIdx = type.tokenTypeIdx!
}

export const endOf = (token: IToken): number => token.startOffset + token.image.length
