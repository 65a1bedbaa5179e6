import type { IToken } from 'chevrotain'
import type { QueryProblem } from '../../wire/timeseries.js'
import { nearest } from '../names/index.js'
import type { CollectionName, Quantity, Span, Trigger, Value } from './ast.js'
import { COLLECTIONS } from './attributes.js'
import { FUNCTIONS } from './functions.js'
import { foreignWord } from './hints.js'
import { problem } from './problem.js'
import { unquote } from './strings.js'
import * as T from './tokens.js'
import { COMMON_UNITS, DURATION_UNITS, isUnit, secondsIn } from './unit-names.js'

/** What tokens mean, and what is wrong with those that are well formed and mean nothing. */

const SUGGESTIONS = 3

export function starAlone(star: Span): QueryProblem {
  return problem(
    star,
    'SELECT * needs a WHERE that says of which entities, e.g. SELECT * WHERE category = HOST.',
  )
}

export function toNumber(token: IToken, problems: QueryProblem[]): number {
  const value = Number(token.image)
  if (value === Number.POSITIVE_INFINITY)
    problems.push(problem(token, `“${token.image}” is too large a number.`))
  return value
}

export function toInteger(
  token: IToken,
  range: { what: string; from: number; to: number; hint: string },
  problems: QueryProblem[],
): number {
  const value = Number(token.image)
  const { what, from, to, hint } = range
  if (!(Number.isInteger(value) && value >= from && value <= to))
    problems.push(
      problem(
        token,
        `“${token.image}” is not ${what}: it must be a whole number from ${from} to ${to}${hint}.`,
        [`${what}, ${from} to ${to}`],
      ),
    )
  return value
}

export function functionName(token: IToken, problems: QueryProblem[]): void {
  if (FUNCTIONS.has(token.image.toLowerCase())) return
  const known = [...FUNCTIONS.values()].map((f) => f.spelling)
  const near = nearest(token.image, known, SUGGESTIONS)
  problems.push(
    problem(token, `There is no function “${token.image}”.${didYouMean(near)}`, ['a function'], near),
  )
}

export function duration(number: IToken, unit: IToken, problems: QueryProblem[]): number {
  const seconds = secondsIn(unit.image)
  if (seconds === undefined)
    problems.push(
      problem(unit, `“${unit.image}” is no unit of time; there are ${DURATION_UNITS.join(', ')}.`, [
        'a unit of time',
      ]),
    )
  return toNumber(number, problems) * (seconds ?? 1)
}

export function collection(token: IToken, problems: QueryProblem[]): CollectionName {
  const name = token.image.toUpperCase()
  const known = COLLECTIONS.find((c) => c === name)
  if (known) return known
  const near = nearest(name, COLLECTIONS, SUGGESTIONS)
  problems.push(
    problem(
      token,
      `There is no collection “${token.image}”; there are ${COLLECTIONS.join(', ')}.${didYouMean(near)}`,
      ['a collection'],
      near,
    ),
  )
  return 'ENTITY_DATA'
}

const NUMERIC = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** How a value without quotes is written. */
export const valueForm = (text: string): 'number' | 'word' => (NUMERIC.test(text) ? 'number' : 'word')

export function attributeValue(token: IToken): Pick<Value, 'text' | 'form'> {
  const { image, tokenType } = token
  if (tokenType === T.StringToken) return { text: unquote(image), form: 'string' }
  if (tokenType === T.Variable) return { text: image.slice(1), form: 'variable' }
  return { text: image, form: valueForm(image) }
}

export const word = (token: IToken): string =>
  token.tokenType === T.StringToken ? unquote(token.image) : token.image

const QUANTITY = /^(-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([A-Za-z]*)$/

/** A number with its unit. After `=` both are in one `Word`. */
export function quantity(
  number: IToken,
  negative: boolean,
  unit: IToken | undefined,
  problems: QueryProblem[],
): Pick<Quantity, 'value' | 'unit'> {
  const match = QUANTITY.exec(number.image)
  if (!match) {
    problems.push(problem(number, `“${number.image}” is not a number.`, ['a number']))
    return { value: 0 }
  }
  const [, digits = '', attached = ''] = match
  const value = Number(digits) * (negative ? -1 : 1)
  if (!Number.isFinite(value)) problems.push(problem(number, `“${digits}” is too large a number.`))
  const place = attached ? { offset: number.startOffset + digits.length, length: attached.length } : unit
  const name = attached || unit?.image
  if (attached && unit) problems.push(problem(unit, `“${attached}” has a unit already.`, ['AND', 'OR']))
  if (!name || !place) return { value }
  if (!isUnit(name)) {
    const near = nearest(name, attached ? COMMON_UNITS : [...COMMON_UNITS, 'AND', 'OR'], SUGGESTIONS)
    const advice = didYouMean(near) || ` ${foreignWord(name)}`.trimEnd()
    problems.push(problem(place, `“${name}” is no unit.${advice}`, ['a unit', 'AND', 'OR'], near))
  }
  return { value, unit: name.toLowerCase() }
}

export function action(subject: IToken, state: IToken, problems: QueryProblem[]): Trigger['action'] {
  const word = state.image.toLowerCase()
  if (subject.image.toLowerCase() !== 'health')
    problems.push(problem(subject, 'An action is health:bad or health:concerning.', ['health'], ['health']))
  else if (word !== 'bad' && word !== 'concerning')
    problems.push(
      problem(
        state,
        'An action is health:bad or health:concerning.',
        ['bad', 'concerning'],
        [...nearest(word, ['bad', 'concerning'], 1)],
      ),
    )
  return word === 'concerning' ? 'concerning' : 'bad'
}

/** ` Did you mean “x”?`, or nothing. */
export function didYouMean(names: readonly string[]): string {
  return names.length === 0 ? '' : ` Did you mean ${names.map((n) => `“${n}”`).join(' or ')}?`
}
