/** Checks of what comes in from outside, each with the path of what is wrong. */

/** `path` is as in `processes[3].name`; the message holds path and rule, never the value: it may be secret. */
export class ShapeError extends Error {
  override name = 'ShapeError'
  readonly path: string
  readonly expected: string
  constructor(path: string, expected: string) {
    super(`${path || 'the message'} must be ${expected}`)
    this.path = path
    this.expected = expected
  }
}

export type Check<T> = (value: unknown, path: string) => T

const fail = (path: string, expected: string): never => {
  throw new ShapeError(path, expected)
}

/** A text of at most `max` UTF-16 units, without NUL. */
export const text =
  (max: number, form?: RegExp, what = `a text of the form ${form}`): Check<string> =>
  (value, path) => {
    if (typeof value !== 'string' || value.length > max || value.includes('\0'))
      return fail(path, `a text of at most ${max} characters`)
    return form && !form.test(value) ? fail(path, what) : value
  }

export const whole =
  (min: number, max: number): Check<number> =>
  (value, path) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? (value as number)
      : fail(path, `a whole number from ${min} to ${max}`)

export const finite: Check<number> = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) ? value : fail(path, 'a number')

export const truth: Check<boolean> = (value, path) =>
  typeof value === 'boolean' ? value : fail(path, 'true or false')

export const oneOf =
  <T extends string>(...words: readonly T[]): Check<T> =>
  (value, path) =>
    words.includes(value as T) ? (value as T) : fail(path, `one of ${words.join(', ')}`)

export const list =
  <T>(check: Check<T>, max: number): Check<T[]> =>
  (value, path) => {
    if (!Array.isArray(value) || value.length > max) return fail(path, `a list of at most ${max}`)
    return value.map((one, i) => check(one, `${path}[${i}]`))
  }

/** An object with keys of any name, as an object without a prototype: `__proto__` is a key like any other. */
export const record =
  <T>(check: Check<T>, max: number, key: RegExp = /^[^\0]{1,500}$/): Check<Record<string, T>> =>
  (value, path) => {
    if (!isObject(value)) return fail(path, 'an object')
    const entries = Object.entries(value)
    if (entries.length > max) return fail(path, `an object of at most ${max} members`)
    const out: Record<string, T> = Object.create(null)
    for (const [name, one] of entries) {
      if (!key.test(name)) return fail(path, `an object whose keys are of the form ${key}`)
      out[name] = check(one, `${path}.${name}`)
    }
    return out
  }

/** May be missing or null. */
export const optional =
  <T>(check: Check<T>): Check<T | undefined> =>
  (value, path) =>
    value === undefined || value === null ? undefined : check(value, path)

/** Missing or null stands for `value`. */
export const byDefault =
  <T>(check: Check<T>, standard: T): Check<T> =>
  (value, path) =>
    value === undefined || value === null ? standard : check(value, path)

/** An object with these members. Others are left out: a newer sender may have more. */
export const shape =
  <T extends object>(members: { [K in keyof T]-?: Check<T[K] | undefined> }): Check<T> =>
  (value, path) => {
    if (!isObject(value)) return fail(path, 'an object')
    const out: Record<string, unknown> = {}
    for (const name of Object.keys(members) as (keyof T & string)[]) {
      const checked = members[name](value[name], path ? `${path}.${name}` : name)
      if (checked !== undefined) out[name] = checked
    }
    return out as T
  }

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
