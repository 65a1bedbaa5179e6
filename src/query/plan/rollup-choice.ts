import type { Rollup } from '../../wire/timeseries.js'
import type { TypedExpression } from '../check/typed.js'
import { ROLLUPS } from '../functions/rollup.js'
import type { Window } from './leaf.js'

const DAY = 86_400_000

/**
 * The longest window that each level answers when the server chooses: about a thousand points a stream, but samples as
 * they are for a day and an hour, so that a day-long chart shows them.
 */
export const ROLLUP_RANGES: readonly (readonly [Rollup, number])[] = [
  ['RAW', DAY + 3_600_000],
  ['TEN_MINUTELY', 8 * DAY],
  ['HOURLY', 45 * DAY],
  ['SIX_HOURLY', 200 * DAY],
  ['DAILY', 3 * 366 * DAY],
  ['WEEKLY', Number.POSITIVE_INFINITY],
]

export interface RollupWish {
  /** A hint: nothing finer is answered. */
  readonly desired: Rollup
  /** True: exactly this level, however long the window is. */
  readonly mustUse: boolean
}

/** The level that answers: the one asked for, or a coarser one where the window is long. */
export function chooseRollup(
  wish: RollupWish,
  window: Window,
  expressions: readonly TypedExpression[],
): Rollup {
  if (wish.mustUse) return wish.desired
  // What the store folds into few points by itself is best folded from the samples.
  if (wish.desired === 'RAW' && expressions.length > 0 && expressions.every(isFolded)) return 'RAW'
  const length = window.to - window.from
  const fitting = ROLLUP_RANGES.find(([, range]) => length <= range)?.[0] ?? 'WEEKLY'
  return ROLLUPS.indexOf(fitting) > ROLLUPS.indexOf(wish.desired) ? fitting : wish.desired
}

function isFolded(expression: TypedExpression): boolean {
  switch (expression.kind) {
    case 'metric':
    case 'across':
      return false
    case 'combine':
      return isFolded(expression.left) && isFolded(expression.right)
    case 'group':
      return isFolded(expression.argument)
    case 'apply': {
      const { apply, argument } = expression
      const folds = apply.name === 'aggregate' || apply.name === 'resample'
      if (folds && argument.kind === 'metric' && !argument.isRateOfCounter) return true
      return isFolded(argument)
    }
    default:
      return true
  }
}
