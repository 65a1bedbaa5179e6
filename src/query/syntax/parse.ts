import type { IToken } from 'chevrotain'
import type { QueryProblem } from '../../wire/timeseries.js'
import type { Predicate, Script, Statement, Trigger } from './ast.js'
import { classify, type Entry } from './classify.js'
import { diagnose } from './diagnose.js'
import { LIMITS } from './limits.js'
import { starAlone } from './literals.js'
import { node } from './nodes.js'
import { grammar, type RuleName } from './parser.js'
import { partsOf } from './parts.js'
import { problem } from './problem.js'
import * as T from './tokens.js'

/** A tree, or what is wrong with the text; never both, never neither. */
export type Parsed<Name extends string, Tree> =
  | ({ readonly problems: readonly [] } & { readonly [N in Name]: Tree })
  | ({ readonly problems: readonly QueryProblem[] } & { readonly [N in Name]?: undefined })

/**
 * Parses statements, divided by `;`. Empty statements are left out. Each statement with a mistake is reported, with as
 * many mistakes as can be told apart; every problem has a place inside the text. Never throws, and takes time in
 * proportion to the text, which is limited (`LIMITS`).
 *
 * @example
 * const { script, problems } = parseScript('select cpu_percent where category = HOST')
 */
export function parseScript(text: string): Parsed<'script', Script> {
  const { tokens, problems } = read(text, 'script')
  if (problems.length > 0) return { problems }
  const parts = split(tokens)
  if (parts.length === 0) return { problems: [nothing(text, 'a query', 'SELECT')] }
  if (parts.length > LIMITS.statements)
    return {
      problems: [
        problem(parts[LIMITS.statements]![0]!, `A text has at most ${LIMITS.statements} statements.`),
      ],
    }
  const statements: Statement[] = []
  const found: QueryProblem[] = []
  for (const part of parts) {
    const { tree, problems } = run('statement', text, part)
    if (tree) statements.push(tree)
    found.push(...problems)
  }
  return found.length > 0 ? { problems: tidy(found) } : { script: scriptOf(statements), problems: [] }
}

/**
 * Parses a trigger's expression.
 *
 * @example
 * parseTrigger('IF (SELECT fd_open WHERE last(fd_open) > 500) DO health:bad').trigger?.action // 'bad'
 */
export function parseTrigger(text: string): Parsed<'trigger', Trigger> {
  return parseOne(text, 'trigger', 'trigger', (trigger) => ({ trigger, problems: [] }))
}

/**
 * Parses what could stand after WHERE, without `day in` and `hour in`: a filter of another endpoint.
 *
 * @example
 * parsePredicate('user = root and query_duration > 5s').predicate?.kind // 'and'
 */
export function parsePredicate(text: string): Parsed<'predicate', Predicate> {
  return parseOne(text, 'predicate', 'predicate', (predicate) => ({ predicate, problems: [] }))
}

const scriptOf = (statements: Statement[]): Script =>
  node({ kind: 'script', statements: Object.freeze(statements) })

interface Trees {
  statement: Statement
  trigger: Trigger
  predicate: Predicate
}

function parseOne<R extends 'trigger' | 'predicate', Result>(
  text: string,
  entry: Entry,
  rule: R,
  wrap: (tree: Trees[R]) => Result,
): Result | { problems: QueryProblem[] } {
  const { tokens, problems } = read(text, entry)
  if (problems.length > 0) return { problems }
  if (tokens.length === 0)
    return { problems: [nothing(text, `a ${rule}`, rule === 'trigger' ? 'IF' : 'a condition')] }
  const { tree, problems: found } = run(rule, text, tokens)
  return tree ? wrap(tree) : { problems: tidy(found) }
}

/** Tokens of a text, classified; or why it is not to be parsed at all. */
function read(text: string, entry: Entry): { tokens: IToken[]; problems: QueryProblem[] } {
  if (text.length > LIMITS.textLength) {
    const excess = { offset: LIMITS.textLength, length: text.length - LIMITS.textLength }
    const message = `The text has ${text.length} characters; at most ${LIMITS.textLength} are taken.`
    return { tokens: [], problems: [problem(excess, message)] }
  }
  const { tokens, strays } = T.tokenize(text)
  const open = tokens.find((token) => token.tokenType === T.OpenString)
  const problems = strays.map((stray) => strayProblem(stray, text))
  if (open) {
    const mark = open.image[0]!
    problems.push(problem(open, `The string that begins here is not closed: ${mark} is missing.`, [mark]))
  }
  if (problems.length > 0) return { tokens, problems: tidy(problems) }
  return { tokens, problems: classify(tokens, entry) }
}

function strayProblem(stray: { offset: number; length: number }, text: string): QueryProblem {
  const image = text.slice(stray.offset, stray.offset + stray.length)
  const hint =
    STRAY_HINTS.find(([pattern]) => pattern.test(image))?.[1] ?? 'Text like this must be in quotes.'
  return problem(stray, `“${image.slice(0, 20)}” cannot stand here. ${hint}`)
}

const STRAY_HINTS: readonly (readonly [RegExp, string])[] = [
  [/^[“”‘’„«»`]/, 'Quotes are " or \'.'],
  [/^[−–—]/, 'A minus is the plain hyphen -.'],
  [/^!/, 'For “not equal” write !=.'],
  [/^\$/, 'A variable is $ and a name, e.g. $HOSTNAME.'],
  [/^%/, 'A percentage is a plain number, without %.'],
  [/^[\u200b-\u200f\u2060]/, 'It cannot be seen; type the text anew.'],
  [/^[&|]/, 'Conditions are joined by AND and OR.'],
]

function nothing(text: string, what: string, expected: string): QueryProblem {
  return problem({ offset: text.length, length: 0 }, `There is no text: ${what} begins with ${expected}.`, [
    expected,
  ])
}

function split(tokens: readonly IToken[]): IToken[][] {
  const parts: IToken[][] = [[]]
  for (const token of tokens) {
    if (token.tokenType === T.Semicolon) parts.push([])
    else parts.at(-1)!.push(token)
  }
  return parts.filter((part) => part.length > 0)
}

function run<R extends keyof Trees>(
  rule: R,
  text: string,
  tokens: IToken[],
): { tree?: Trees[R]; problems: QueryProblem[] } {
  const { tree, failed, problems } = attempt(rule, text, tokens)
  if (failed) {
    const first = diagnose(rule, tokens, failed)
    const cause = tokens[first.index - 1]?.startOffset
    if (problems.some((p) => p.offset === cause)) return { problems }
    const rest = rule === 'statement' ? furtherProblems(text, tokens, first.index) : []
    return { problems: [...problems, first.problem, ...rest] }
  }
  const made = tree as Trees[R]
  if (made.kind === 'statement' && 'kind' in made.select && !made.where) problems.push(starAlone(made.select))
  return problems.length > 0 ? { problems } : { tree: made, problems: [] }
}

function attempt(rule: RuleName, text: string, tokens: IToken[]) {
  grammar.text = text
  grammar.problems = []
  grammar.input = tokens
  const tree = grammar[rule]()
  const { problems, errors } = grammar
  grammar.input = []
  return { tree, failed: errors[0]?.token, problems }
}

/** Mistakes in the parts of a statement that begin after the first one. */
function furtherProblems(text: string, tokens: readonly IToken[], from: number): QueryProblem[] {
  const problems: QueryProblem[] = []
  for (const part of partsOf(tokens)) {
    if (part.start <= from) continue
    if (problems.length >= LIMITS.problems) break
    const slice = tokens.slice(part.start, part.end)
    const next = tokens[part.end]
    const { failed, problems: found } = attempt(part.rule, text, slice)
    problems.push(...found)
    if (failed) problems.push(diagnose(part.rule, slice, failed, next).problem)
  }
  return problems
}

/** In the order of the text, each place once. */
function tidy(problems: QueryProblem[]): QueryProblem[] {
  const places = new Set<number>()
  return problems
    .sort((a, b) => a.offset - b.offset)
    .filter(({ offset }) => !places.has(offset) && places.add(offset))
    .slice(0, LIMITS.problems)
}
