import type { Problem, ProblemCode } from '../problem.js'
import type { Document, Segment } from './parse.js'

/**
 * Readers turn parsed JSON into the model. They coerce scalars both ways (`"true"` is true, `4` is `"4"`: descriptors in
 * the field quote numbers and booleans as they like), take null for absent, ignore fields they do not know, and report
 * every mistake with its path instead of stopping at the first.
 */
export interface Place {
  readonly path: readonly Segment[]
  readonly reporter: Reporter
}

export interface Reporter {
  report(path: readonly Segment[], level: Problem['level'], code: ProblemCode, message: string): void
}

/** Returns undefined after having reported why. */
export type Read<T> = (value: unknown, at: Place) => T | undefined

/** One field of an object; `missing` is what stands for an absent value. */
export interface Field<T> {
  readonly read: Read<T>
  readonly missing: ((at: Place) => T | undefined) | undefined
}

/** A reporter that fills `problems`, with lines from the document. */
export function collect(problems: Problem[], file: string, document?: Document): Reporter {
  return {
    report(path, level, code, message) {
      problems.push({ level, code, file, path: pathText(path), ...document?.locate(path), message })
    },
  }
}

/** `['roles', 0, 'name']` → `roles[0].name`. */
export function pathText(path: readonly Segment[]): string {
  let out = ''
  for (const segment of path) {
    if (typeof segment === 'number') out += `[${segment}]`
    else if (/^[\w$-]+$/.test(segment)) out += out === '' ? segment : `.${segment}`
    else out += `[${JSON.stringify(segment)}]`
  }
  return out
}

export const inside = (at: Place, segment: Segment): Place => ({ ...at, path: [...at.path, segment] })

export function fail(
  at: Place,
  code: ProblemCode,
  message: string,
  level: Problem['level'] = 'error',
): undefined {
  at.reporter.report(at.path, level, code, message)
  return undefined
}

export const required = <T>(read: Read<T>): Field<T> => ({ read, missing: undefined })
export const optional = <T>(read: Read<T>): Field<T | undefined> => ({ read, missing: () => undefined })
export const withDefault = <T>(read: Read<T>, value: T): Field<T> => ({ read, missing: () => value })

export function object<T>(fields: { readonly [K in keyof T]: Field<T[K]> }): Read<T> {
  return (value, at) => {
    if (!isObject(value)) return wrong(at, 'an object', value)
    const out: Record<string, unknown> = {}
    let good = true
    for (const [name, field] of Object.entries(fields) as [string, Field<unknown>][]) {
      const place = inside(at, name)
      const given = value[name]
      if (given !== undefined && given !== null) {
        // What is wrong has been reported; reading goes on, as if it were absent, to find the other mistakes.
        out[name] = field.read(given, place) ?? field.missing?.(place)
        if (out[name] === undefined && field.missing === undefined) good = false
      } else if (field.missing) out[name] = field.missing(place)
      else {
        good = false
        fail(place, 'MISSING', 'is missing; add it')
      }
    }
    return good ? (out as T) : undefined
  }
}

export function list<T>(read: Read<T>, options: { nonEmpty?: boolean } = {}): Read<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) return wrong(at, 'a list', value)
    if (options.nonEmpty && value.length === 0)
      return fail(at, 'BAD_VALUE', 'must have at least one element; add one')
    const out: T[] = []
    for (const [index, each] of value.entries()) {
      const one = read(each, inside(at, index))
      if (one !== undefined) out.push(one)
    }
    return out
  }
}

/** An object as ordered pairs, such as environment variables. */
export function pairs<T>(read: Read<T>): Read<readonly (readonly [string, T])[]> {
  return (value, at) => {
    if (!isObject(value)) return wrong(at, 'an object', value)
    const out: [string, T][] = []
    for (const [name, each] of Object.entries(value)) {
      if (each === null) continue
      const one = read(each, inside(at, name))
      if (one !== undefined) out.push([name, one])
    }
    return out
  }
}

export const text: Read<string> = (value, at) => {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return wrong(at, 'text', value)
}

/** Text that says something: not empty, not only blanks. */
export const words: Read<string> = (value, at) => {
  const out = text(value, at)
  if (out?.trim() === '') return fail(at, 'BAD_VALUE', 'must not be blank; fill it in')
  return out
}

export const flag: Read<boolean> = (value, at) => {
  if (typeof value === 'boolean') return value
  if (value === 'true' || value === 'True' || value === 'TRUE') return true
  if (value === 'false' || value === 'False' || value === 'FALSE') return false
  return wrong(at, 'true or false', value)
}

/** A number, whole or not, within bounds (both included). */
export function number(
  options: { whole?: boolean; least?: number; most?: number; atFault?: Problem['level'] } = {},
): Read<number> {
  return (value, at) => {
    const given = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    if (typeof given !== 'number' || !Number.isFinite(given)) return wrong(at, 'a number', value)
    if (options.whole && !Number.isInteger(given)) return wrong(at, 'a whole number', value)
    if (options.least !== undefined && given < options.least)
      return fail(at, 'BAD_VALUE', `must be at least ${options.least}, not ${given}`)
    if (options.most !== undefined && given > options.most)
      return fail(at, 'BAD_VALUE', `must be at most ${options.most}, not ${given}`)
    return given
  }
}

/** One of the words; any other is reported with the given level and read as `other`. */
export function oneOf<T extends string>(allowed: readonly T[], other?: { value: T; what: string }): Read<T> {
  return (value, at) => {
    if (allowed.includes(value as T)) return value as T
    const choices = allowed.filter((each) => each !== other?.value).join(', ')
    const choice = `${shown(value)} is not one of ${choices}`
    if (!other) return fail(at, 'BAD_VALUE', `${choice}; use one of them`)
    fail(at, 'UNKNOWN_TYPE', `${choice}; ${other.what}`, 'warning')
    return other.value
  }
}

export function matching(pattern: RegExp, what: string): Read<string> {
  return (value, at) => {
    const out = text(value, at)
    if (out === undefined) return undefined
    return pattern.test(out) ? out : fail(at, 'BAD_VALUE', `${shown(out)} ${what}`)
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(at: Place, expected: string, value: unknown): undefined {
  return fail(at, 'WRONG_TYPE', `must be ${expected}, not ${shown(value)}`)
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (isObject(value)) return 'an object'
  const out = JSON.stringify(value) ?? 'nothing'
  return out.length > 80 ? `${out.slice(0, 77)}…` : out
}
