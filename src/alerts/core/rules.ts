import type { AlertEvent } from '../../wire/alert.js'
import { type Matcher, type MatchField, matches, valuesOf } from './match.js'

/** What grouping and routing go by. Times in milliseconds. */
export interface Rules {
  routes: Route[]
  /** Get what no route matches. */
  defaultReceivers: string[]
  /** All receivers there are. */
  receivers: ReadonlySet<string>
  grouping: Grouping
}

export interface Route {
  match: Matcher
  receivers: string[]
  /** Look at the following routes too. */
  continue: boolean
}

export interface Grouping {
  by: MatchField[]
  /** From the first change of a quiet group to its message. */
  waitMs: number
  /** To the next message of a group, doubled from message to message up to `longestIntervalMs`. */
  intervalMs: number
  longestIntervalMs: number
  /** What goes on is told again after this; 0: never. */
  repeatMs: number
  /** Messages that a receiver gets at once, and the time after which it may get one more. */
  burst: number
  refillMs: number
  /** So many changes of health within the window are flapping; it ends after half a window without any. */
  flapChanges: number
  flapWindowMs: number
}

export const DEFAULT_GROUPING: Grouping = {
  by: ['cluster', 'service'],
  waitMs: 3_000,
  intervalMs: 15_000,
  longestIntervalMs: 120_000,
  repeatMs: 4 * 3_600_000,
  burst: 3,
  refillMs: 30_000,
  flapChanges: 6,
  flapWindowMs: 600_000,
}

/** Names of the receivers that an event goes to, each once. */
export function route(event: AlertEvent, rules: Rules): string[] {
  const found = new Set<string>()
  let matched = false
  for (const each of rules.routes) {
    if (!matches(each.match, event)) continue
    matched = true
    for (const receiver of each.receivers) found.add(receiver)
    if (!each.continue) break
  }
  if (!matched) for (const receiver of rules.defaultReceivers) found.add(receiver)
  return [...found]
}

export function labelsOf(event: AlertEvent, by: readonly MatchField[]): Record<string, string> {
  return Object.fromEntries(by.map((field) => [field, valuesOf(event, field)[0] ?? '']))
}
