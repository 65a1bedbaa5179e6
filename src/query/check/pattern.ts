import type { QueryProblem } from '../../wire/timeseries.js'
import { badQuery } from '../errors.js'
import { type Budget, compileRegex, RegexSyntaxError, RegexTooSlowError } from '../regex/index.js'
import type { AttributeMatches } from '../syntax/index.js'
import { problemAt } from './arguments.js'
import { isCaseSensitive } from './attributes.js'

/**
 * The test of an `attribute RLIKE "pattern"`: Java's syntax, against the whole value, with regard to case only where the
 * attribute's values are compared so. A pattern that takes too many steps makes the query fail with its place.
 */
export function compilePattern(
  node: AttributeMatches,
  budget: Budget,
): { matches: (value: string) => boolean } | { problem: QueryProblem } {
  const refuse = (error: unknown): QueryProblem => {
    if (!(error instanceof RegexSyntaxError || error instanceof RegexTooSlowError)) throw error
    const { offset, length } = node.patternSpan
    if (error instanceof RegexTooSlowError) return problemAt(node.patternSpan, error.message)
    // One on for the quote; the place may be the end of the pattern.
    const at = Math.min(offset + 1 + error.offset, offset + length - 1)
    return problemAt({ offset: at, length: Math.min(error.length, offset + length - at) }, error.message)
  }
  try {
    const regex = compileRegex(node.pattern, { caseInsensitive: !isCaseSensitive(node.attribute), budget })
    return {
      matches(value) {
        try {
          return regex.test(value)
        } catch (error) {
          throw badQuery([refuse(error)])
        }
      },
    }
  } catch (error) {
    return { problem: refuse(error) }
  }
}
