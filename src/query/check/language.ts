import type { Quantity } from '../syntax/index.js'
import type { Units } from './units.js'

export { printExpression } from '../syntax/index.js'

/** What `RLIKE` does with a value, or what is wrong with the pattern. */
export function compilePattern(
  pattern: string,
): { matches: (value: string) => boolean } | { problem: string } {
  try {
    const expression = new RegExp(`^(?:${pattern})$`, 'su')
    return { matches: (value) => expression.test(value) }
  } catch (error) {
    return { problem: `The pattern is no regular expression: ${(error as Error).message}` }
  }
}

/** The quantity in the unit of what it is compared with, or what is wrong with it. */
export function quantityIn(quantity: Quantity, _units: Units): number | string {
  return quantity.value
}
