import { requiredText } from './literal.js'
import { type Budget, Matcher } from './matcher.js'
import { parsePattern } from './parse.js'
import { compileProgram } from './program.js'
import { shortcut } from './shortcut.js'

export { RegexSyntaxError, RegexTooSlowError } from './errors.js'
export type { Budget } from './matcher.js'

export interface RegexOptions {
  /** Letters of any alphabet match in any case; default false. */
  caseInsensitive?: boolean
  /** Steps for one value; default 1,000,000, some milliseconds. */
  stepsPerValue?: number
  /**
   * Steps in all, counted down; share one object among the patterns of a query. Default: 100,000,000 of its own, about
   * half a second, so compile a pattern anew for each query.
   */
  budget?: Budget
}

export interface Regex {
  /**
   * Whether the pattern matches the whole value.
   *
   * @throws RegexTooSlowError when steps run out; the same pattern and values always stop at the same place
   */
  test(value: string): boolean
}

export const STEPS_PER_VALUE = 1_000_000
export const STEPS_IN_ALL = 100_000_000

/**
 * A regular expression of Java (`java.util.regex`), for whole values as with `matches()`. What a pattern or a value may
 * do to the time is bounded by counted steps, not by a clock.
 *
 * Not supported: `\X`, `\N{…}`, `\b{g}`, most Unicode blocks (`\p{InGreek}` and a few more are), canonical equivalence.
 *
 * @throws RegexSyntaxError with the place in the pattern
 * @example
 * compileRegex('^(?!YARN).*').test('HDFS') // true
 * compileRegex('host[0-3]+.*', { caseInsensitive: true }).test('HOST12.example.com') // true
 */
export function compileRegex(pattern: string, options: RegexOptions = {}): Regex {
  const { caseInsensitive = false, stepsPerValue = STEPS_PER_VALUE } = options
  const budget = options.budget ?? { steps: STEPS_IN_ALL }
  const parsed = parsePattern(pattern, caseInsensitive)
  const matcher = new Matcher(compileProgram(parsed), pattern, budget, stepsPerValue)
  const short = shortcut(parsed.tree)
  if (short) return { test: (value) => short(value) ?? matcher.test(value) }
  const text = requiredText(parsed.tree)
  if (text === '') return matcher
  return { test: (value) => value.includes(text) && matcher.test(value) }
}
