import type { Rollup } from '../../wire/timeseries.js'
import type { TypedExpression } from '../check/typed.js'
import { partsOf } from '../check/walk.js'
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

/** Before which time a level's data has been dropped, milliseconds since the epoch; 0: none has. */
export type KeptSince = (level: Rollup) => number

/** The level that answers: the one asked for, or a coarser one where the window is long, or the finer one was dropped. */
export function chooseRollup(
  wish: RollupWish,
  window: Window,
  expressions: readonly TypedExpression[],
  keptSince: KeptSince = () => 0,
): Rollup {
  if (wish.mustUse) return wish.desired
  const kept = ROLLUPS.filter((level) => keptSince(level) <= window.from)
  const coarse = (level: Rollup) => ROLLUPS.indexOf(level)
  // Where none has all of the window, the one that goes back furthest.
  const best = ROLLUPS.reduce((a, b) => (keptSince(b) < keptSince(a) ? b : a))
  const available = (level: Rollup) =>
    kept.find((each) => coarse(each) >= coarse(level)) ?? (coarse(best) > coarse(level) ? best : level)
  // What the store folds into few points by itself is best folded from the samples.
  if (wish.desired === 'RAW' && expressions.length > 0 && expressions.every(isFolded)) return available('RAW')
  const length = window.to - window.from
  const fitting = ROLLUP_RANGES.find(([, range]) => length <= range)?.[0] ?? 'WEEKLY'
  return available(coarse(fitting) > coarse(wish.desired) ? fitting : wish.desired)
}

function isFolded(expression: TypedExpression): boolean {
  switch (expression.kind) {
    case 'metric':
    case 'across':
      return false
    case 'apply': {
      const { apply, argument } = expression
      const folds = apply.name === 'aggregate' || apply.name === 'resample'
      if (folds && argument.kind === 'metric' && !argument.isRateOfCounter) return true
      return isFolded(argument)
    }
    default:
      return partsOf(expression).every(isFolded)
  }
}
