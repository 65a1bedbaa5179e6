import { duration } from '../../config/index.js'

export type Json = Record<string, unknown>

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Reads the fields of one object of the settings. A bad field adds a line to `problems`, with its place, and reads as its
 * default, so that all problems are found at once. `end` names fields that nobody has asked for: most often a typing error.
 */
export function fields(value: unknown, place: string, problems: string[]) {
  const object = isObject(value) ? value : {}
  if (!isObject(value)) problems.push(`${place || 'the file'} must be an object`)
  const known = new Set<string>()
  const at = (key: string) => (place === '' ? key : `${place}.${key}`)
  const wrong = (key: string, what: string) => problems.push(`${at(key)} ${what}`)
  const get = (key: string): unknown => {
    known.add(key)
    return object[key] ?? undefined
  }

  /** The text of a field; without a default it must be there. */
  function text(key: string, fallback?: string, max = 500): string {
    const given = get(key)
    if (given === undefined) {
      if (fallback === undefined) wrong(key, 'is missing')
      return fallback ?? ''
    }
    if (typeof given !== 'string' || given === '') wrong(key, 'is not a text')
    else if (given.length > max) wrong(key, `has more than ${max} characters`)
    else if (/\p{Cc}/u.test(given)) wrong(key, 'holds line breaks or other control characters')
    else return given
    return fallback ?? ''
  }

  return {
    problems,
    at,
    wrong,
    get,
    text,
    has: (key: string) => get(key) !== undefined,
    word<T extends string>(key: string, words: readonly T[], fallback: T): T {
      const given = get(key)
      if (given === undefined) return fallback
      const found = words.find((each) => each === given)
      if (!found) wrong(key, `is not one of ${words.join(', ')}`)
      return found ?? fallback
    },
    whole(key: string, min: number, max: number, fallback: number): number {
      const given = get(key)
      if (given === undefined) return fallback
      if (typeof given === 'number' && Number.isInteger(given) && given >= min && given <= max) return given
      wrong(key, `is not a whole number from ${min} to ${max}`)
      return fallback
    },
    flag(key: string, fallback: boolean): boolean {
      const given = get(key)
      if (given === undefined) return fallback
      if (typeof given !== 'boolean') wrong(key, 'is not true or false')
      return given === true
    },
    /** Milliseconds, from a text such as `10s`. */
    time(key: string, min: number, max: number, fallback: number): number {
      const given = get(key)
      if (given === undefined) return fallback
      try {
        const ms = duration(String(given))
        if (ms >= min && ms <= max) return ms
        wrong(key, `is not from ${min / 1000} s to ${max / 1000} s`)
      } catch (error) {
        wrong(key, (error as Error).message)
      }
      return fallback
    },
    /** Each element, with its place. */
    list(key: string, max = 1_000): [value: unknown, place: string][] {
      const given = get(key)
      if (given === undefined) return []
      if (!Array.isArray(given)) {
        wrong(key, 'is not an array')
        return []
      }
      if (given.length > max) wrong(key, `has more than ${max} elements`)
      return given.slice(0, max).map((each, index) => [each, `${at(key)}[${index}]`])
    },
    /** Texts; a single text stands for an array of it. */
    texts(key: string, max = 1_000): string[] {
      const given = get(key)
      if (given === undefined) return []
      const all = Array.isArray(given) ? given : [given]
      if (all.length > max) wrong(key, `has more than ${max} elements`)
      const texts = all.filter((each) => typeof each === 'string' && each !== '' && each.length <= 500)
      if (texts.length < all.length) wrong(key, 'must hold texts of 1 to 500 characters')
      return texts.slice(0, max) as string[]
    },
    end() {
      for (const key of Object.keys(object))
        if (!known.has(key)) wrong(key, `is not known here; known are ${[...known].join(', ')}`)
    },
  }
}

export type Fields = ReturnType<typeof fields>
