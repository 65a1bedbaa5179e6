/** Units as two lists, as metrics have them: `bytes` per `seconds`. */
export interface Units {
  readonly numerators: readonly string[]
  readonly denominators: readonly string[]
}

export const NO_UNITS: Units = { numerators: [], denominators: [] }

/** Units that are on both sides go away. */
export function reduceUnits(numerators: readonly string[], denominators: readonly string[]): Units {
  const below = [...denominators]
  const above = numerators.filter((unit) => {
    const at = below.indexOf(unit)
    if (at >= 0) below.splice(at, 1)
    return at < 0
  })
  return { numerators: above, denominators: below }
}

/** Units of a sum, a difference, a maximum: those of the side that has some. */
const either = (a: Units, b: Units): Units => (a.numerators.length > 0 || a.denominators.length > 0 ? a : b)

export function unitsOfOperation(operator: string, a: Units, b: Units): Units {
  if (operator === '*')
    return reduceUnits([...a.numerators, ...b.numerators], [...a.denominators, ...b.denominators])
  if (operator === '/')
    return reduceUnits([...a.numerators, ...b.denominators], [...a.denominators, ...b.numerators])
  return either(a, b)
}

export const perSecond = (units: Units): Units =>
  reduceUnits(units.numerators, [...units.denominators, 'seconds'])

export const timesSeconds = (units: Units): Units =>
  reduceUnits([...units.numerators, 'seconds'], units.denominators)
