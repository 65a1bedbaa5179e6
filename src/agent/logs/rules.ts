import type { Logger } from 'pino'
import { type Budget, compileRegex, type Regex, RegexTooSlowError } from '../../query/regex/index.js'
import { LOG_LEVELS, type LogLevel, type LogRule } from '../../wire/log-rules.js'
import type { LogRecord } from './assemble.js'

export interface Verdict {
  alert: boolean
  /** Records like this one that were left out for the rate since the last event. */
  leftOut: number
}

/** The rules of one role, and how often each was made use of. */
export interface LogFilter {
  /** Whether a record of this level may become an event: others need not be put together. */
  isWanted(level: LogLevel): boolean
  /** Undefined: it is no event. */
  judge(record: LogRecord): Verdict | undefined
}

interface Compiled {
  rule: LogRule
  least: number
  content: Regex | undefined
  exception: Regex | undefined
  windowStart: number
  count: number
  leftOut: number
  tooSlow: number
}

/** Steps of patterns for all records of a second, some 50 ms. */
export const STEPS_PER_ROUND = 10_000_000
const STEPS_PER_VALUE = 200_000
/** So often too slow in a row, and a rule is not asked any more. */
const MOST_TOO_SLOW = 5

/**
 * Patterns are matched by counted steps (`src/query/regex`), so that none, however it is written, stops the agent; `budget` is
 * refilled by whoever drives it. A rule whose pattern cannot be read matches nothing, and is logged.
 */
export function createLogFilter(
  rules: readonly LogRule[],
  budget: Budget,
  logger: Logger,
  now: () => number = Date.now,
): LogFilter {
  const compile = (pattern: string | undefined, index: number): Regex | undefined | 'bad' => {
    if (pattern === undefined) return undefined
    try {
      // A message may have several lines; Cloudera's patterns end in `.*`.
      return compileRegex(`(?s)${pattern}`, { budget, stepsPerValue: STEPS_PER_VALUE })
    } catch (error) {
      logger.error({ rule: index, reason: (error as Error).message }, 'A rule for log events cannot be read')
      return 'bad'
    }
  }
  const compiled = rules.flatMap((rule, index): Compiled[] => {
    const content = compile(rule.content, index)
    const exception = compile(rule.exceptiontype, index)
    if (content === 'bad' || exception === 'bad') return []
    const least = rule.threshold === undefined ? 0 : rank(rule.threshold)
    return [{ rule, least, content, exception, windowStart: 0, count: 0, leftOut: 0, tooSlow: 0 }]
  })
  const lowest = Math.min(
    ...compiled.filter(({ rule }) => rule.rate !== 0).map(({ least }) => least),
    LOG_LEVELS.length,
  )

  function matches(one: Compiled, record: LogRecord): boolean {
    if (rank(record.level) < one.least || one.tooSlow >= MOST_TOO_SLOW) return false
    try {
      if (one.content && !one.content.test(record.message)) return false
      if (one.exception && !record.exceptions.some((name) => one.exception!.test(name))) return false
      one.tooSlow = 0
      return true
    } catch (error) {
      if (!(error instanceof RegexTooSlowError)) throw error
      if (++one.tooSlow === MOST_TOO_SLOW)
        logger.error(
          { rule: one.rule.content ?? one.rule.exceptiontype },
          'A rule for log events is too slow; it is left out',
        )
      return false
    }
  }

  return {
    isWanted: (level) => rank(level) >= lowest,
    judge(record) {
      const one = compiled.find((each) => matches(each, record))
      if (!one || one.rule.rate === 0) return undefined
      const { alert, rate, periodminutes } = one.rule
      const time = now()
      if (time - one.windowStart >= periodminutes * 60_000 || time < one.windowStart) {
        one.windowStart = time
        one.count = 0
      }
      if (rate > 0 && one.count >= rate) {
        one.leftOut++
        return undefined
      }
      one.count++
      const { leftOut } = one
      one.leftOut = 0
      return { alert, leftOut }
    },
  }
}

const rank = (level: LogLevel) => LOG_LEVELS.indexOf(level)
