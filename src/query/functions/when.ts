import type { CompareOperator } from '../syntax/index.js'
import { distance, type Operand, sameTimes, UNKNOWN_PERIOD } from './arithmetic.js'
import { countOf, medianGap, NO_POINTS, onePoint, type Points, pointsOf } from './points.js'

/** What is compared with a number. */
export interface Tested {
  readonly tested: Operand
  /** Of at most one point, which counts for every time. */
  readonly isScalar: boolean
  readonly operator: CompareOperator
  readonly than: number
}

/** A comparison, by its place in the list of them, or what AND and OR make of several. */
export type Condition = number | { readonly kind: 'all' | 'any'; readonly operands: readonly Condition[] }

const comparisons: Record<CompareOperator, (a: number, b: number) => boolean> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>=': (a, b) => a >= b,
  '>': (a, b) => a > b,
}

/**
 * The points of `kept` at times at which the condition holds. A comparison of a stream looks at its point of that time, or the
 * nearest one, no farther than half the smaller of the two streams' usual distances; without one it does not hold. A scalar that is
 * kept stands at the times of the stream that is compared first; of scalars alone, at the latest of their times.
 *
 * @example when(mem, false, { kind: 'all', operands: [0, 1] }, [{ tested: cpu, isScalar: false, operator: '>', than: 90 }, …])
 */
export function when(
  kept: Operand,
  keptIsScalar: boolean,
  condition: Condition,
  tested: readonly Tested[],
): Points {
  if (typeof kept !== 'number' && countOf(kept) === 0) return NO_POINTS
  if (typeof kept !== 'number' && !keptIsScalar) return chosen(kept, truth(condition, tested, kept))
  const value = typeof kept === 'number' ? kept : (kept.values[kept.start] as number)
  if (!Number.isFinite(value)) return NO_POINTS
  const base = baseOfScalar(kept, tested)
  return chosen(base, truth(condition, tested, base), value)
}

/** The times at which a scalar stands. */
function baseOfScalar(kept: Operand, tested: readonly Tested[]): Points {
  const stream = tested.find(({ isScalar }) => !isScalar)
  if (stream !== undefined) return typeof stream.tested === 'number' ? NO_POINTS : stream.tested
  const times = [kept, ...tested.map(({ tested }) => tested)].flatMap((operand) =>
    typeof operand === 'number' || countOf(operand) === 0 ? [] : [operand.times[operand.start] as number],
  )
  return times.length === 0 ? NO_POINTS : onePoint(Math.max(...times), 0)
}

/** The points at which the column is 1; `value`: what they have instead of their own. */
function chosen(points: Points, column: Uint8Array, value?: number): Points {
  let n = 0
  for (let i = 0; i < column.length; i++) n += column[i] as number
  if (n === 0) return NO_POINTS
  const { start } = points
  const times = new Float64Array(n)
  const values = new Float64Array(n)
  let at = 0
  for (let i = 0; i < column.length; i++) {
    if (column[i] === 0) continue
    times[at] = points.times[start + i] as number
    values[at++] = value ?? (points.values[start + i] as number)
  }
  return pointsOf(times, values)
}

/** 1 for each point of `base` at whose time the condition holds, else 0. */
function truth(condition: Condition, tested: readonly Tested[], base: Points): Uint8Array {
  if (typeof condition === 'number') return holdsAt(tested[condition] as Tested, base)
  const [first, ...others] = condition.operands as [Condition, ...Condition[]]
  const out = truth(first, tested, base)
  for (const other of others) {
    const column = truth(other, tested, base)
    if (condition.kind === 'all')
      for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) & (column[i] as number)
    else for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) | (column[i] as number)
  }
  return out
}

function holdsAt({ tested, isScalar, operator, than }: Tested, base: Points): Uint8Array {
  const holds = comparisons[operator]
  const out = new Uint8Array(countOf(base))
  if (typeof tested === 'number') return holds(tested, than) ? out.fill(1) : out
  const { values, start } = tested
  if (countOf(tested) === 0) return out
  if (isScalar) return holds(values[start] as number, than) ? out.fill(1) : out
  if (sameTimes(base, tested)) return compareAll(out, values, start, operator, than)
  const reach = (smaller(medianGap(base), medianGap(tested)) || UNKNOWN_PERIOD) / 2
  let j = start
  for (let i = 0; i < out.length; i++) {
    const time = base.times[base.start + i] as number
    while (j + 1 < tested.end && distance(tested, j + 1, time) < distance(tested, j, time)) j++
    if (distance(tested, j, time) <= reach) out[i] = holds(values[j] as number, than) ? 1 : 0
  }
  return out
}

/** As `comparisons`, of many: a loop each, for a call for each value takes several times as long. */
function compareAll(
  out: Uint8Array,
  values: Float64Array,
  start: number,
  operator: CompareOperator,
  than: number,
): Uint8Array {
  const n = out.length
  if (operator === '>') for (let i = 0; i < n; i++) out[i] = (values[start + i] as number) > than ? 1 : 0
  else if (operator === '>=')
    for (let i = 0; i < n; i++) out[i] = (values[start + i] as number) >= than ? 1 : 0
  else if (operator === '<') for (let i = 0; i < n; i++) out[i] = (values[start + i] as number) < than ? 1 : 0
  else if (operator === '<=')
    for (let i = 0; i < n; i++) out[i] = (values[start + i] as number) <= than ? 1 : 0
  else {
    const holds = comparisons[operator]
    for (let i = 0; i < n; i++) out[i] = holds(values[start + i] as number, than) ? 1 : 0
  }
  return out
}

/** The smaller distance, of those that are known. */
const smaller = (a: number, b: number) => (a === 0 || b === 0 ? a + b : Math.min(a, b))
