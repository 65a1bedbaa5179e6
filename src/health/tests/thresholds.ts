import type { ThresholdsDefinition } from '../../wire/health-tests.js'
import { BAD, CONCERNING, GOOD, type Health } from '../summary.js'

/** Thresholds as numbers. `NaN` never fires: nothing compares with it. */
export interface Limits {
  readonly warning: number
  readonly critical: number
  readonly above: boolean
  /** A value at the threshold is on its bad side. */
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
  return {
    warning: limit(words.warning) ?? limit(definition.warning) ?? Number.NaN,
    critical: limit(words.critical) ?? limit(definition.critical) ?? Number.NaN,
    above: definition.direction === 'above',
    ...(definition.inclusive && { inclusive: true }),
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
 * GOOD, CONCERNING or BAD. A value at the threshold is on its good side. With the result before, a value that has just come
 * back over a threshold does not count as better until it is 5 % past it, so that one that hovers there does not flap.
 */
export function judge(value: number, limits: Limits, before: Health = GOOD): Health {
  const plain = compare(value, limits, 0)
  if (before > BAD || plain >= before) return plain
  // Better than before: as good as it is beyond the dead band, and never worse than it was.
  return Math.min(before, compare(value, limits, DEAD_BAND)) as Health
}

function compare(value: number, { warning, critical, above, inclusive }: Limits, band: number): Health {
  if (inclusive && band === 0 && value === critical) return BAD
  if (inclusive && band === 0 && value === warning) return isBeyond(value, critical, above) ? BAD : CONCERNING
  if (above) {
    if (value > critical - band * Math.abs(critical)) return BAD
    return value > warning - band * Math.abs(warning) ? CONCERNING : GOOD
  }
  if (value < critical + band * Math.abs(critical)) return BAD
  return value < warning + band * Math.abs(warning) ? CONCERNING : GOOD
}

const isBeyond = (value: number, limit: number, above: boolean) => (above ? value > limit : value < limit)

/** For sentences: the threshold that the value is beyond, or nothing. */
export function limitBeyond({ warning, critical }: Limits, health: Health): number | undefined {
  const limit = health === BAD ? critical : health === CONCERNING ? warning : Number.NaN
  return Number.isNaN(limit) ? undefined : limit
}
