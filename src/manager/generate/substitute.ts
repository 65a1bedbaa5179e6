import type { GenerationProblem } from './problem.js'

/** The value of a name in a template; undefined for a name that is not known there. */
export type Lookup = (name: string) => string | undefined

/**
 * Replaces every `${name}`, in one pass and literally: what a value contains is never looked at again, whether it is
 * `$&`, a backslash or another `${name}`. `{{X}}` is left alone.
 *
 * An unknown name is a problem and stays as it is in the result.
 *
 * ```ts
 * substitute('${host}:${port}', lookup, 'args[0]', problems) // 'h1:8080'
 * ```
 */
export function substitute(
  template: string,
  lookup: Lookup,
  place: string,
  problems: GenerationProblem[],
): string {
  return template.replace(/\$\{([^}]+)\}/g, (token, name: string) => {
    const value = lookup(name)
    if (value !== undefined) return value
    problems.push({ place, message: `${token} is not known here; correct the name in the descriptor` })
    return token
  })
}
