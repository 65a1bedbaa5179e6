import { fieldsOf, type Shape, shapeOf } from '../contract/shape.js'
import type { TypeOf } from '../contract/types.js'
import { badRequest } from './errors.js'

const MAX_PROBLEMS = 20
/** PostgreSQL's texts hold no NUL; half a surrogate pair is no character at all. */
const UNSTORABLE = /\0|\p{Surrogate}/u

interface Found {
  problems: string[]
}

/**
 * Checks a request's body against a model and returns a copy with the model's fields alone.
 *
 * Unknown fields are left out, since newer clients send more; so is null, which means "not there". Numbers and booleans
 * are taken for texts, as Cloudera Manager does (`{"name": "port", "value": 8020}`). Anything else of a wrong type is a 400
 * that names each field (`items[0].hostRef: must be an object`).
 */
export function validateBody(type: string, body: unknown): unknown {
  const found: Found = { problems: [] }
  const shape = shapeOf(type)
  const value = check(shape, body, '', found)
  if (value === undefined && found.problems.length === 0)
    found.problems.push(`the body: must be ${expected(shape)}`)
  if (found.problems.length > 0) throw badRequest(summary(type, found.problems), found.problems)
  return value
}

const summary = (type: string, [first, ...rest]: string[]) =>
  `The body is no valid ${type}: ${first}${rest.length > 0 ? ` (and ${rest.length} more, see "causes")` : ''}.`

function check(shape: Shape, value: unknown, path: string, found: Found): unknown {
  if (value === null || value === undefined || found.problems.length >= MAX_PROBLEMS) return undefined
  const wrong = (what = `must be ${expected(shape)}`) => {
    found.problems.push(`${path || 'the body'}: ${what}, not ${shown(value)}`)
    return undefined
  }
  switch (shape.kind) {
    case 'string': {
      if (typeof value === 'number' || typeof value === 'boolean') return String(value)
      if (typeof value !== 'string') return wrong()
      return UNSTORABLE.test(value) ? wrong('must hold characters that can be stored') : value
    }
    case 'boolean':
      return typeof value === 'boolean' ? value : wrong()
    case 'integer':
      return Number.isSafeInteger(value) ? value : wrong()
    case 'number':
      return Number.isFinite(value) ? value : wrong()
    case 'enum': {
      const word =
        typeof value === 'string' ? shape.words.find((each) => each === value.toUpperCase()) : undefined
      return word ?? (shape.words.includes(value as string) ? value : wrong())
    }
    case 'object':
      return value
    case 'list': {
      if (!Array.isArray(value)) return wrong()
      return value.map((each, i) => {
        const item = check(shape.of, each, `${path}[${i}]`, found)
        if (each === null) found.problems.push(`${path}[${i}]: must be ${expected(shape.of)}, not null`)
        return item
      })
    }
    case 'map': {
      if (!isObject(value)) return wrong()
      return Object.fromEntries(
        Object.entries(value).map(([key, each]) => [key, check(shape.of, each, `${path}.${key}`, found)]),
      )
    }
    case 'model': {
      if (!isObject(value)) return wrong()
      const result: Record<string, unknown> = {}
      for (const field of fieldsOf(shape.name)) {
        if (!Object.hasOwn(value, field.name)) continue
        const read = check(field.shape, value[field.name], path ? `${path}.${field.name}` : field.name, found)
        if (read !== undefined) result[field.name] = read
      }
      return result
    }
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function expected(shape: Shape): string {
  switch (shape.kind) {
    case 'string':
      return 'a text'
    case 'boolean':
      return 'true or false'
    case 'integer':
      return 'a whole number'
    case 'number':
      return 'a number'
    case 'enum':
      return `one of ${shape.words.join(', ')}`
    case 'list':
      return 'a list'
    case 'object':
    case 'map':
      return 'an object'
    case 'model':
      return `an object (${shape.name})`
  }
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/**
 * Checks a small body of ours, every field of which must be there.
 *
 * @example
 * validateFields({ name: 'string' }, { name: 'a', more: 1 }) // { name: 'a' }
 */
export function validateFields<F extends Readonly<Record<string, 'string' | 'boolean' | 'integer'>>>(
  fields: F,
  body: unknown,
): { [K in keyof F]: TypeOf<F[K]> } {
  const found: Found = { problems: [] }
  const result: Record<string, unknown> = {}
  const given = isObject(body) ? body : {}
  for (const [name, type] of Object.entries(fields)) {
    const shape = shapeOf(type)
    result[name] = check(shape, given[name], name, found)
    if (given[name] === undefined || given[name] === null)
      found.problems.push(`${name}: must be ${expected(shape)}`)
  }
  if (found.problems.length > 0) throw badRequest(`The body is wrong: ${found.problems[0]}.`, found.problems)
  return result as { [K in keyof F]: TypeOf<F[K]> }
}
