import { BAD, GOOD, type Health } from '../summary.js'

/**
 * What is remembered of a test so that it does not flap. Getting worse is never delayed. Getting better is not either, the
 * first times; from the third time that it gets worse within 15 minutes of the last, it must stay better for 30 s, then twice
 * as long each time, up to 8 minutes.
 */
export interface Course {
  summary: Health
  /** When it got worse last, milliseconds since the epoch, and how often in a row. */
  worseAt: number
  worsenings: number
  /** Since when it has been seen to be better than `summary`; 0: it is not. */
  betterSince: number
}

const ROW_MS = 15 * 60_000
const FREE = 2
const FIRST_HOLD_MS = 30_000
const LONGEST_HOLD_MS = 480_000

/** How long a better result must hold, milliseconds. */
export function holdMs({ worsenings, worseAt }: Course, now: number): number {
  if (worsenings <= FREE || now - worseAt > ROW_MS) return 0
  return Math.min(FIRST_HOLD_MS * 2 ** Math.min(worsenings - FREE - 1, 10), LONGEST_HOLD_MS)
}

/** Takes an observation over, or not yet; changes `course`. True when the summary has changed. */
export function follow(course: Course, observed: Health, now: number): boolean {
  const { summary } = course
  if (observed === summary) {
    // It was better, but not for long enough: that it flaps is still so.
    if (course.betterSince !== 0) course.worseAt = now
    course.betterSince = 0
    return false
  }
  const better = observed < summary && summary <= BAD
  if (!better) {
    if (observed <= BAD && observed > GOOD && summary <= BAD) {
      course.worsenings = now - course.worseAt > ROW_MS ? 1 : Math.min(course.worsenings + 1, 200)
      course.worseAt = now
    }
    course.summary = observed
    course.betterSince = 0
    return true
  }
  if (course.betterSince === 0) course.betterSince = now
  if (now - course.betterSince < holdMs(course, now)) return false
  course.summary = observed
  course.betterSince = 0
  return true
}
