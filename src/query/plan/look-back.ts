import type { Application, TypedExpression } from '../check/typed.js'
import { partsOf } from '../check/walk.js'

/** How far before the window a point is looked for from which the first change inside it is counted, milliseconds. */
export const LOOK_BACK = 300_000
/**
 * Where none lies there, the last point before counts, if it is no further away than this: metrics may come once an hour.
 * A point looked for that far costs a read of its own, of the series that need it. Milliseconds.
 */
export const REACH = 86_400_000
/** What lies further before the window does not count, whatever a function is told: reading is bounded by the window. */
const MOST = 86_400_000

/**
 * How much before a window a function needs of its argument to be right from the window's first point on, milliseconds: a
 * change is counted from the point before, and a mean is over the time before. `bucketMs`: of a rollup, else 0.
 */
export function lookBack(apply: Application, argument: TypedExpression, bucketMs: number): number {
  switch (apply.name) {
    case 'dt':
    case 'dt0':
    case 'integral':
    case 'counter_delta':
      return toPointBefore(argument, bucketMs)
    case 'rate':
    case 'increase':
      return Math.min(MOST, (apply.seconds ?? 0) * 1000) + toPointBefore(argument, bucketMs)
    case 'moving_avg':
      return Math.min(MOST, apply.seconds * 1000)
    default:
      return 0
  }
}

/** Whether a function counts changes from a point to the next, however far apart they are. */
export function countsChanges({ name }: Application): boolean {
  return name === 'dt' || name === 'dt0' || name === 'counter_delta' || name === 'rate' || name === 'increase'
}

/** The same of the rate of a counter. */
export const lookBackOfRate = (bucketMs: number): number => bucketMs || LOOK_BACK

const toPointBefore = (argument: TypedExpression, bucketMs: number): number =>
  Math.max(lookBackOfRate(bucketMs), spacing(argument))

/** The distance of an expression's points where it is known: of what is put into buckets. */
function spacing(expression: TypedExpression): number {
  if (expression.kind === 'apply' && expression.apply.name === 'resample')
    return expression.apply.seconds * 1000
  return Math.max(0, ...partsOf(expression).map(spacing))
}
