/** Units as two lists, as metrics have them: `bytes` per `seconds`. */
export interface Units {
  readonly numerators: readonly string[]
  readonly denominators: readonly string[]
}

export const NO_UNITS: Units = { numerators: [], denominators: [] }

/** A second of processor time in every second is one core: beside cores, a rate of such seconds is a plain number. */
const CORES = 'cores'

/** Units that are on both sides go away. */
export function reduceUnits(numerators: readonly string[], denominators: readonly string[]): Units {
  const below = [...denominators]
  const above = numerators.filter((unit) => {
    const at = below.indexOf(unit)
    if (at >= 0) below.splice(at, 1)
    return at < 0
  })
  const cancelled = numerators.includes('seconds') && !above.includes('seconds')
  if (cancelled && above.length === 0 && below.length === 1 && below[0] === CORES) return NO_UNITS
  return { numerators: above, denominators: below }
}

const hasNone = (units: Units) => units.numerators.length === 0 && units.denominators.length === 0

export function unitsOfOperation(operator: string, a: Units, b: Units): Units {
  // Seconds per second stay what they are beside a plain number.
  if ((operator === '*' || operator === '/') && hasNone(b)) return a
  if (operator === '*' && hasNone(a)) return b
  if (operator === '*')
    return reduceUnits([...a.numerators, ...b.numerators], [...a.denominators, ...b.denominators])
  if (operator === '/')
    return reduceUnits([...a.numerators, ...b.denominators], [...a.denominators, ...b.numerators])
  // A sum, a difference, a maximum: those of the side that has some.
  return hasNone(a) ? b : a
}

/** Of a rate: always with a denominator, so the rate of a time is seconds per second, as Cloudera Manager has it. */
export const perSecond = (units: Units): Units => ({
  numerators: units.numerators,
  denominators: [...units.denominators, 'seconds'],
})

export const timesSeconds = (units: Units): Units =>
  reduceUnits([...units.numerators, 'seconds'], units.denominators)
