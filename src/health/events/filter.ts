import { EVENT_CATEGORIES, EVENT_SEVERITIES } from '../../wire/event.js'
import { EventQueryError } from './errors.js'

/**
 * The query language of `/events`: constraints joined by `;`, all of which must hold.
 *
 *     category==LOG_EVENT;severity==critical important;attributes.host==node7*;timeReceived=ge=2026-11-20T03:00
 */
export type Constraint =
  | { kind: 'words'; field: 'category' | 'severity'; negated: boolean; values: string[] }
  | { kind: 'alert'; negated: boolean; value: boolean }
  | { kind: 'id'; negated: boolean; values: string[] }
  | { kind: 'time'; field: 'occurred' | 'received'; operator: TimeOperator; time: number }
  | { kind: 'content'; negated: boolean; values: Text[] }
  | { kind: 'attribute'; negated: boolean; name: string; values: Text[] }

export type TimeOperator = '=' | '!=' | '<' | '<=' | '>' | '>='

/** `*` in it stands for any characters, unless it was quoted. */
export interface Text {
  text: string
  quoted: boolean
}

export const FILTER_LIMITS = { characters: 10_000, constraints: 50, values: 60 }

const OPERATORS = ['==', '!=', '=lt=', '=le=', '=gt=', '=ge='] as const
type Operator = (typeof OPERATORS)[number]
const TIME_OPERATORS: Record<Operator, TimeOperator> = {
  '==': '=',
  '!=': '!=',
  '=lt=': '<',
  '=le=': '<=',
  '=gt=': '>',
  '=ge=': '>=',
}

const FIELDS = 'id, content, timeOccurred, timeReceived, category, severity, alert or attributes.NAME'
const FIELD = /[^=!;\s"]+/y
const OPERATOR = /==|!=|=(?:lt|le|gt|ge)=/y

/**
 * Reads a query; an empty one has no constraints. Field names, categories and severities may be in any case, values of
 * attributes may not. Several values separated by blanks: one of them must match (with `!=`: none may).
 *
 * Throws `EventQueryError` with the place of the first mistake.
 */
export function parseFilter(query: string): Constraint[] {
  if (query.length > FILTER_LIMITS.characters)
    throw new EventQueryError(
      `A query has at most ${FILTER_LIMITS.characters} characters.`,
      FILTER_LIMITS.characters,
      0,
    )
  const constraints: Constraint[] = []
  let at = 0
  const blanks = () => {
    while (/\s/.test(query[at] ?? '')) at++
  }
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at
    const found = pattern.exec(query)?.[0] ?? ''
    at += found.length
    return found
  }
  for (;;) {
    blanks()
    if (at >= query.length) break
    if (query[at] === ';') {
      at++
      continue
    }
    const start = at
    const field = take(FIELD)
    if (field === '') throw new EventQueryError(`A constraint begins with ${FIELDS}.`, at, 1)
    blanks()
    const operator = take(OPERATOR) as Operator | ''
    if (operator === '')
      throw new EventQueryError(
        `After ${field} there has to be one of ${OPERATORS.join(' ')}.`,
        at,
        Math.min(1, query.length - at),
      )
    const valuesAt = at
    const values = readValues()
    if (values.length === 0) throw new EventQueryError(`${field}${operator} has no value.`, start, at - start)
    if (values.length > FILTER_LIMITS.values)
      throw new EventQueryError(
        `At most ${FILTER_LIMITS.values} values stand after ${operator}.`,
        valuesAt,
        at - valuesAt,
      )
    if (constraints.length >= FILTER_LIMITS.constraints)
      throw new EventQueryError(
        `A query has at most ${FILTER_LIMITS.constraints} constraints.`,
        start,
        at - start,
      )
    constraints.push(constraintOf(field, operator, values, { offset: start, length: at - start }))
  }
  return constraints

  function readValues(): Text[] {
    const values: Text[] = []
    for (;;) {
      blanks()
      const next = query[at]
      if (next === undefined || next === ';') return values
      if (next === '"') {
        const end = closing(at + 1)
        if (end < 0) throw new EventQueryError('The " that begins here is not closed.', at, query.length - at)
        values.push({ text: query.slice(at + 1, end).replace(/\\(["\\])/g, '$1'), quoted: true })
        at = end + 1
      } else values.push({ text: take(/[^;\s]+/y), quoted: false })
    }
  }

  function closing(from: number): number {
    for (let i = from; i < query.length; i++) {
      if (query[i] === '\\') i++
      else if (query[i] === '"') return i
    }
    return -1
  }
}

/** A query of negative constraints only finds nothing: there is nothing to take away from. */
export const isOnlyNegative = (constraints: readonly Constraint[]): boolean =>
  constraints.length > 0 &&
  constraints.every((one) => (one.kind === 'time' ? one.operator === '!=' : one.negated))

function constraintOf(
  field: string,
  operator: Operator,
  values: Text[],
  place: { offset: number; length: number },
): Constraint {
  const wrong = (message: string) => new EventQueryError(message, place.offset, place.length)
  const name = field.toLowerCase()
  const [first] = values
  if (name === 'timeoccurred' || name === 'timereceived') {
    const time = values.length === 1 ? timeOf(first!.text) : undefined
    if (time === undefined)
      throw wrong(`${field} is compared with one time in ISO 8601, such as 2026-11-20T03:00 (in UTC).`)
    return {
      kind: 'time',
      field: name === 'timeoccurred' ? 'occurred' : 'received',
      operator: TIME_OPERATORS[operator],
      time,
    }
  }
  if (operator !== '==' && operator !== '!=')
    throw wrong(`${operator} compares times; ${field} takes == and !=.`)
  const negated = operator === '!='
  switch (name) {
    case 'category':
    case 'severity': {
      const words: readonly string[] = name === 'category' ? EVENT_CATEGORIES : EVENT_SEVERITIES
      return {
        kind: 'words',
        field: name,
        negated,
        values: values.map(({ text }) => {
          const word = text.toUpperCase()
          if (!words.includes(word))
            throw wrong(`There is no ${name} ${JSON.stringify(text.slice(0, 50))}: ${words.join(', ')}.`)
          return word
        }),
      }
    }
    case 'alert': {
      const word = first!.text.toLowerCase()
      if (values.length !== 1 || (word !== 'true' && word !== 'false'))
        throw wrong('alert is compared with true or false.')
      return { kind: 'alert', negated, value: word === 'true' }
    }
    case 'id':
      return { kind: 'id', negated, values: values.map(({ text }) => text) }
    case 'content':
      return { kind: 'content', negated, values }
    default: {
      if (!name.startsWith('attributes.') || name.length === 'attributes.'.length)
        throw wrong(`There is no field ${JSON.stringify(field.slice(0, 100))}: ${FIELDS}.`)
      return { kind: 'attribute', negated, name: attributeName(field.slice('attributes.'.length)), values }
    }
  }
}

/** As it is stored. An event may be of several hosts, so its attribute is called HOSTS; people ask for the host. */
function attributeName(name: string): string {
  const upper = name.toUpperCase()
  if (upper === 'HOST') return 'HOSTS'
  return upper === 'HOST_ID' ? 'HOST_IDS' : upper
}

const TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/

/** Without a zone it is UTC. A query in a URL may have lost the `+` of a zone to a blank; then it is no time. */
function timeOf(text: string): number | undefined {
  const found = TIME.exec(text)
  if (!found) return undefined
  const time = Date.parse(found[1] !== undefined && found[4] === undefined ? `${text}Z` : text)
  return Number.isNaN(time) || time < 0 || time > Date.UTC(2200, 0) ? undefined : time
}
