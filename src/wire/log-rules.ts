import {
  byDefault,
  type Check,
  finite,
  list,
  oneOf,
  optional,
  ShapeError,
  shape,
  text,
  truth,
  whole,
} from './shape.js'

/** Which lines of a role's logs become events: the first rule that matches a record decides. What none matches is no event. */
export interface LogRule {
  /** The event is an alert. Default: false. */
  alert: boolean
  /** Events in `periodminutes` at most, of one role; negative: any number, 0: none. */
  rate: number
  /** Default 1. */
  periodminutes: number
  /** The least level. Default: any. */
  threshold?: LogLevel | undefined
  /** Java regular expression that the whole message must match. */
  content?: string | undefined
  /** Java regular expression that the whole class name of an exception in the record must match. */
  exceptiontype?: string | undefined
}

export const LOG_LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** What becomes an event where nothing is configured: little, and nothing of it is an alert. */
export const DEFAULT_LOG_RULES: readonly LogRule[] = [
  { alert: false, rate: 0, periodminutes: 1, content: '.* is deprecated\\. Instead, use .*' },
  { alert: false, rate: 10, periodminutes: 1, threshold: 'FATAL' },
  { alert: false, rate: 2, periodminutes: 2, threshold: 'WARN', exceptiontype: '.*' },
  { alert: false, rate: 2, periodminutes: 1, threshold: 'ERROR' },
  { alert: false, rate: 1, periodminutes: 1, threshold: 'WARN' },
]

const level: Check<LogLevel> = (value, path) =>
  oneOf(...LOG_LEVELS)(typeof value === 'string' ? value.toUpperCase() : value, path)

/** Figures may be texts, as in configurations that people have written by hand. */
const figure: Check<number> = (value, path) =>
  finite(typeof value === 'string' && /^-?\d{1,9}$/.test(value) ? Number(value) : value, path)

const rule = shape<LogRule>({
  alert: byDefault(
    (value, path) => truth(value === 'true' ? true : value === 'false' ? false : value, path),
    false,
  ),
  rate: (value, path) => {
    if (value === undefined) throw new ShapeError(path, 'a number of events: it has no default')
    return figure(value, path)
  },
  periodminutes: byDefault((value, path) => whole(1, 100_000)(figure(value, path), path), 1),
  threshold: optional(level),
  content: optional(text(2_000)),
  exceptiontype: optional(text(2_000)),
})

export const logRules: Check<LogRule[]> = list(rule, 200)

/**
 * Reads rules as they are configured: the array, or Cloudera's `{"version":"0","rules":[…]}`, as JSON text or value. Throws
 * `ShapeError`, which says where.
 *
 * @example
 * parseLogRules('{"version":"0","rules":[{"rate":1,"threshold":"WARN"}]}')[0].periodminutes // 1
 */
export function parseLogRules(value: unknown): LogRule[] {
  let given = value
  if (typeof value === 'string') {
    try {
      given = JSON.parse(value)
    } catch {
      throw new ShapeError('the rules', 'JSON')
    }
  }
  const { rules } = (given ?? {}) as { rules?: unknown }
  return logRules(Array.isArray(given) ? given : rules, 'rules')
}
