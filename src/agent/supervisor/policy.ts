import { forkedAway, tooManyExits } from './problems.js'
import type { ProcessStat } from './proc.js'
import type { Exit, Launch, Problem } from './protocol.js'

/** What is known of a process's ends when it is decided how to go on. */
export interface Ends {
  /** Within the start window, in a row, this one included. */
  quickExits: number
  /** Times of the other ends that nobody asked for, this one included; milliseconds. */
  crashes: readonly number[]
}

export type Decision = { kind: 'restart'; delayMs: number } | { kind: 'give-up' } | { kind: 'leave' }

const FIRST_MS = 1000
const LONGEST_MS = 60_000
/** Crashes older than this no longer count. */
const CRASH_WINDOW_MS = 600_000

/**
 * How to go on after a process that is to keep running has ended by itself. Within the start window it is tried again
 * `startRetries` times, whatever `autoRestart` says: a port may still be in use, a disk slow. After it, `autoRestart` decides:
 * the first time at once, then after 1 s, 2 s, … one minute.
 */
export function decide(
  launch: Pick<Launch, 'autoRestart' | 'startRetries'>,
  early: boolean,
  ends: Ends,
): Decision {
  if (early)
    return ends.quickExits > launch.startRetries
      ? { kind: 'give-up' }
      : { kind: 'restart', delayMs: doubled(ends.quickExits) }
  if (!launch.autoRestart) return { kind: 'leave' }
  return { kind: 'restart', delayMs: ends.crashes.length <= 1 ? 0 : doubled(ends.crashes.length - 1) }
}

const doubled = (n: number) => Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(20, n - 1))

export interface Judged extends Ends {
  state: 'EXITED' | 'FATAL' | 'BACKOFF'
  problem?: Problem
  /** With `BACKOFF`: until it is started again. */
  delayMs: number
}

/**
 * What an end means that nobody asked for. `before`: what was known until then; `left`: processes that it left behind; `ranMs`: for
 * how long it ran.
 */
export function judgeEnd(
  launch: Launch,
  before: Ends,
  end: { exit: Exit; ranMs: number; left: readonly ProcessStat[] },
): Judged {
  const { exit, ranMs, left } = end
  if (launch.run === 'once') return { ...before, state: 'EXITED', delayMs: 0 }
  const early = launch.startSeconds > 0 && ranMs < launch.startSeconds * 1000
  const recent = before.crashes.filter((at) => exit.at - at < CRASH_WINDOW_MS)
  const ends: Ends = early
    ? { quickExits: before.quickExits + 1, crashes: before.crashes }
    : { quickExits: 0, crashes: [...recent, exit.at] }
  if (early && exit.code === 0 && left.length > 0)
    return { ...ends, state: 'FATAL', problem: forkedAway(left), delayMs: 0 }
  const decision = decide(launch, early, ends)
  if (decision.kind === 'restart') return { ...ends, state: 'BACKOFF', delayMs: decision.delayMs }
  if (decision.kind === 'leave') return { ...ends, state: 'EXITED', delayMs: 0 }
  return { ...ends, state: 'FATAL', problem: tooManyExits(exit, ends.quickExits, launch), delayMs: 0 }
}
