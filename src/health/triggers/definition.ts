import { parseTrigger, type Trigger } from '../../query/index.js'
import type { QueryProblem } from '../../wire/timeseries.js'

/** A trigger as it is configured, with its defaults filled in. */
export interface TriggerDefinition {
  /** Unique within its entity. */
  triggerName: string
  /** `IF (…) DO health:bad`. */
  triggerExpression: string
  /** A condition holds when more streams than this come out of it. Default 0: any does. */
  streamThreshold: number
  enabled: boolean
  /** Evaluated and shown, but not counted. */
  suppressed: boolean
  /** How far back a condition looks. Default: 5 minutes. */
  validityWindowInMs: number
}

export interface TriggerProblem {
  /** Of the trigger in its list. */
  index: number
  name?: string
  message: string
  /** Places in the expression. */
  problems?: readonly QueryProblem[]
}

export const TRIGGER_LIMITS = {
  /** Of one entity. */
  triggers: 100,
  name: 200,
  expression: 20_000,
  shortestWindowMs: 10_000,
  longestWindowMs: 86_400_000,
}

const DEFAULT_WINDOW_MS = 300_000

/**
 * Reads the value of a `…_triggers` parameter: a JSON text, or the list in it. Good triggers are returned, each bad one is named.
 *
 * @example
 * readTriggers('[{"triggerName":"fds","triggerExpression":"IF (SELECT fd_open WHERE last(fd_open) > 500) DO health:bad"}]')
 */
export function readTriggers(value: unknown): { triggers: TriggerDefinition[]; problems: TriggerProblem[] } {
  let list = value
  if (typeof value === 'string') {
    if (value.trim() === '') return { triggers: [], problems: [] }
    try {
      list = JSON.parse(value)
    } catch {
      return { triggers: [], problems: [{ index: -1, message: 'The triggers are no JSON.' }] }
    }
  }
  if (!Array.isArray(list))
    return { triggers: [], problems: [{ index: -1, message: 'The triggers are no list.' }] }
  const triggers: TriggerDefinition[] = []
  const problems: TriggerProblem[] = []
  const names = new Set<string>()
  list.forEach((item: unknown, index) => {
    const read =
      index < TRIGGER_LIMITS.triggers
        ? readTrigger(item)
        : { message: `There can be ${TRIGGER_LIMITS.triggers} triggers at most.` }
    if ('message' in read) {
      const name = (item as { triggerName?: unknown } | null)?.triggerName
      problems.push({ index, ...(typeof name === 'string' ? { name: name.slice(0, 200) } : {}), ...read })
    } else if (names.has(read.triggerName))
      problems.push({ index, name: read.triggerName, message: 'There is another trigger of that name.' })
    else {
      names.add(read.triggerName)
      triggers.push(read)
    }
  })
  return { triggers, problems }
}

function readTrigger(item: unknown): TriggerDefinition | Pick<TriggerProblem, 'message' | 'problems'> {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return { message: 'It is no object.' }
  const given = item as Record<string, unknown>
  const { triggerName, triggerExpression } = given
  if (
    typeof triggerName !== 'string' ||
    triggerName.trim() === '' ||
    triggerName.length > TRIGGER_LIMITS.name
  )
    return { message: `triggerName has to be a text of 1 to ${TRIGGER_LIMITS.name} characters.` }
  if (typeof triggerExpression !== 'string') return { message: 'triggerExpression has to be a text.' }
  const { problems } = parseExpression(triggerExpression)
  if (problems.length > 0) return { message: problems[0]!.message, problems }
  const streamThreshold = whole(given.streamThreshold, 0, 0, 1_000_000)
  if (streamThreshold === undefined) return { message: 'streamThreshold has to be a whole number from 0 on.' }
  const { shortestWindowMs, longestWindowMs } = TRIGGER_LIMITS
  const validityWindowInMs = whole(
    given.validityWindowInMs,
    DEFAULT_WINDOW_MS,
    shortestWindowMs,
    longestWindowMs,
  )
  if (validityWindowInMs === undefined)
    return { message: `validityWindowInMs has to be from ${shortestWindowMs} to ${longestWindowMs}.` }
  const enabled = truth(given.enabled, true)
  const suppressed = truth(given.suppressed, false)
  if (enabled === undefined || suppressed === undefined)
    return { message: 'enabled and suppressed have to be true or false.' }
  return { triggerName, triggerExpression, streamThreshold, enabled, suppressed, validityWindowInMs }
}

/** The syntax tree, or what is wrong and where. */
export function parseExpression(text: string): {
  trigger?: Trigger | undefined
  problems: readonly QueryProblem[]
} {
  if (text.length > TRIGGER_LIMITS.expression) {
    const message = `An expression has at most ${TRIGGER_LIMITS.expression} characters.`
    return { problems: [{ message, offset: TRIGGER_LIMITS.expression, length: 0 } as QueryProblem] }
  }
  return parseTrigger(text)
}

/** Numbers and truth values may be texts: so they are in configurations that have been in use for years. */
function whole(value: unknown, byDefault: number, least: number, most: number): number | undefined {
  if (value === undefined || value === null) return byDefault
  const number = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most
    ? number
    : undefined
}

function truth(value: unknown, byDefault: boolean): boolean | undefined {
  if (value === undefined || value === null) return byDefault
  if (value === true || value === 'true') return true
  return value === false || value === 'false' ? false : undefined
}
