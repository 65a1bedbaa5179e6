import { BAD, CONCERNING, DISABLED, GOOD, type Health, isKnown, NOT_AVAILABLE } from '../summary.js'
import type { Limits } from '../tests/thresholds.js'

/** A result that may count: of a test of an entity, or of an entity among others. */
export interface Counted {
  readonly health: Health
  readonly suppressed?: boolean
}

/**
 * The worst of the tests that are not suppressed: BAD, else CONCERNING, else GOOD. Tests that are switched off, or have no
 * figures, count only when there is no other: NOT_AVAILABLE if there is one without figures, else DISABLED.
 */
export function worst(results: Iterable<Counted>): Health {
  let found: Health = DISABLED
  for (const { health, suppressed } of results) if (!suppressed) found = worse(found, health)
  return found
}

/** The one of two results that counts: the steps of `worst`. */
export function worse(a: Health, b: Health): Health {
  if (isKnown(a) && isKnown(b)) return a > b ? a : b
  if (isKnown(a)) return a
  if (isKnown(b)) return b
  return a === DISABLED && b === DISABLED ? DISABLED : NOT_AVAILABLE
}

export interface Census {
  readonly health: Health
  readonly good: number
  readonly concerning: number
  readonly bad: number
  /** Of those that have figures; the others do not count. */
  readonly total: number
  readonly unknown: number
  readonly percentGood: number
  readonly percentGoodOrConcerning: number
}

/**
 * Of a group, such as the roles of a type: GOOD when at least `warning` percent are GOOD; else CONCERNING when at least
 * `critical` percent are GOOD or CONCERNING; else BAD. `never` (NaN) asks for nothing. Members that are DISABLED are not of
 * the group; those without figures are counted apart.
 */
export function percentHealthy(members: Iterable<Health>, { warning, critical }: Limits): Census {
  const counts = [0, 0, 0, 0, 0, 0]
  for (const health of members) counts[health]!++
  const [good, concerning, bad] = counts as [number, number, number]
  const unknown = counts[NOT_AVAILABLE]!
  const total = good + concerning + bad
  const percentGood = total === 0 ? 0 : (100 * good) / total
  const percentGoodOrConcerning = total === 0 ? 0 : (100 * (good + concerning)) / total
  const health =
    total === 0
      ? unknown > 0
        ? NOT_AVAILABLE
        : DISABLED
      : percentGoodOrConcerning < critical
        ? BAD
        : percentGood < warning
          ? CONCERNING
          : GOOD
  return { health, good, concerning, bad, total, unknown, percentGood, percentGoodOrConcerning }
}

/** The service's one role: its health. DISABLED where a service has none, such as an HDFS with two NameNodes no secondary one. */
export function singleton(members: readonly Health[]): Health {
  return worst(members.map((health) => ({ health })))
}

export interface PairMember {
  readonly health: Health
  /** By its metric; undefined: it does not say (any more). */
  readonly active: boolean | undefined
}

/**
 * Active and standby. `active`: the health of the active one; BAD without one, or with two. `standby`: the best of the
 * others; CONCERNING without one that is not BAD. A single member has no standby, and needs none: DISABLED.
 *
 * This is what is so at a moment; the tolerance for a failover is a matter of `tolerated`.
 */
export function pair(members: readonly PairMember[], part: 'active' | 'standby'): Health {
  const running = members.filter(({ health }) => health !== DISABLED)
  if (running.length === 0) return DISABLED
  const active = running.filter((member) => member.active === true)
  if (part === 'active') {
    if (active.length > 1) return BAD
    const [one] = active
    if (one !== undefined) return one.health
    return running.every(({ health, active }) => health === NOT_AVAILABLE && active === undefined)
      ? NOT_AVAILABLE
      : BAD
  }
  if (members.length < 2) return DISABLED
  if (active.length === 0) return NOT_AVAILABLE
  const others = running.filter((member) => member.active !== true && isKnown(member.health))
  const best = others.reduce<Health>((least, { health }) => (health < least ? health : least), BAD)
  return best === BAD ? CONCERNING : best
}

/** A bad result counts when it has held for the window, as a failover must be allowed to take its time. */
export function tolerated(observed: Health, badSince: number, windowMs: number, now: number): boolean {
  return (observed === BAD || observed === CONCERNING) && now - badSince < windowMs
}
