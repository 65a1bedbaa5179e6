import type { ThresholdsDefinition } from '../../wire/health-tests.js'
import { BAD, CONCERNING, GOOD, type Health } from '../summary.js'

/** Thresholds as numbers. `NaN` never fires: nothing compares with it. */
export interface Limits {
  readonly warning: number
  readonly critical: number
  readonly above: boolean
  /** A value at the limit is beyond it. */
  readonly inclusive?: boolean
}

/**
 * Reads `{"warning":"50.0","critical":"never"}`. What is missing or cannot be read is as in the definition: a mistake in one
 * threshold does not switch the other one off.
 */
export function parseLimits(given: string | undefined, definition: ThresholdsDefinition): Limits {
  let words: { warning?: unknown; critical?: unknown } = {}
  if (given !== undefined)
    try {
      const value: unknown = JSON.parse(given)
      if (typeof value === 'object' && value !== null) words = value
    } catch {
      // Configuration has refused it when it was set; an older one may still be there.
    }
  const { inclusive = false, direction } = definition
  const read = (word: unknown) => (word === 'any' && inclusive ? Number.MIN_VALUE : limit(word))
  return {
    warning: read(words.warning) ?? read(definition.warning) ?? Number.NaN,
    critical: read(words.critical) ?? read(definition.critical) ?? Number.NaN,
    above: direction === 'above',
    ...(inclusive && { inclusive }),
  }
}

function limit(word: unknown): number | undefined {
  if (word === 'never') return Number.NaN
  if (word === 'any') return 0
  if (typeof word === 'number') return Number.isFinite(word) ? word : undefined
  if (typeof word !== 'string' || word.trim() === '') return undefined
  const value = Number(word)
  return Number.isFinite(value) ? value : undefined
}

export const isOff = ({ warning, critical }: Limits): boolean =>
  Number.isNaN(warning) && Number.isNaN(critical)

/** How far a value must be on the good side of a threshold, as a part of it, before the result gets better again. */
const DEAD_BAND = 0.05

/**
 * GOOD, CONCERNING or BAD. A value at the threshold is on its good side, unless the limits include it. With the result before, a value that has just come
 * back over a threshold does not count as better until it is 5 % past it, so that one that hovers there does not flap.
 */
export function judge(value: number, limits: Limits, before: Health = GOOD): Health {
  const plain = compare(value, limits, 0)
  if (before > BAD || plain >= before) return plain
  // Better than before: as good as it is beyond the dead band, and never worse than it was.
  return Math.min(before, compare(value, limits, DEAD_BAND)) as Health
}

function compare(value: number, limits: Limits, band: number): Health {
  if (isBeyond(value, limits.critical, limits, band)) return BAD
  return isBeyond(value, limits.warning, limits, band) ? CONCERNING : GOOD
}

function isBeyond(value: number, limit: number, { above, inclusive }: Limits, band: number): boolean {
  const edge = above ? limit - band * Math.abs(limit) : limit + band * Math.abs(limit)
  return value === edge ? inclusive === true : above ? value > edge : value < edge
}

/** For sentences: the threshold that the value is beyond, or nothing. */
export function limitBeyond({ warning, critical }: Limits, health: Health): number | undefined {
  const limit = health === BAD ? critical : health === CONCERNING ? warning : Number.NaN
  return Number.isNaN(limit) ? undefined : limit
}
