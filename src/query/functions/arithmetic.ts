import {
  countOf,
  finiteOnly,
  mapValues,
  medianGap,
  NO_POINTS,
  onePoint,
  type Points,
  pointsOf,
} from './points.js'

export type Operator = '+' | '-' | '*' | '/' | 'greatest' | 'least'

/** A number that belongs to no time (a literal, a fact of a host), or points. */
export type Operand = number | Points

const operations: Record<Operator, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  greatest: (a, b) => Math.max(a, b),
  least: (a, b) => Math.min(a, b),
}

/** How far apart two streams' points may be when neither has two points to tell its usual distance: milliseconds. */
export const UNKNOWN_PERIOD = 60_000

/**
 * Combines two operands. Where the result is no finite number (division by zero) there is no point.
 *
 * A scalar is taken for every point of the other side. Two scalars give one point, at the later time. Two streams are
 * joined: points of the same time; and where the right side has none at that time, its nearest one, no farther than half
 * the larger of the two sides' usual distances. The result has the left side's times.
 */
export function combine(
  operator: Operator,
  left: Operand,
  right: Operand,
  leftIsScalar: boolean,
  rightIsScalar: boolean,
): Operand {
  const f = operations[operator]
  if (typeof left === 'number') {
    if (typeof right === 'number') return f(left, right)
    return mapValues(right, (value) => f(left, value))
  }
  if (typeof right === 'number') return mapValues(left, (value) => f(value, right))
  if (countOf(left) === 0 || countOf(right) === 0) return NO_POINTS
  if (leftIsScalar) {
    const scalar = left.values[left.start] as number
    if (!rightIsScalar) return mapValues(right, (value) => f(scalar, value))
    const time = Math.max(left.times[left.start] as number, right.times[right.start] as number)
    return onePoint(time, f(scalar, right.values[right.start] as number))
  }
  if (rightIsScalar) {
    const scalar = right.values[right.start] as number
    return mapValues(left, (value) => f(value, scalar))
  }
  return join(f, left, right)
}

function join(f: (a: number, b: number) => number, left: Points, right: Points): Points {
  if (!sameTimes(left, right)) return joinNearest(f, left, right)
  const n = countOf(left)
  const out = new Float64Array(n)
  let dropped = false
  for (let i = 0; i < n; i++) {
    const value = f(left.values[left.start + i] as number, right.values[right.start + i] as number)
    out[i] = value
    if (value - value !== 0) dropped = true
  }
  const result = pointsOf(left.start === 0 ? left.times : left.times.subarray(left.start, left.end), out)
  return dropped ? finiteOnly(result) : result
}

export function sameTimes(a: Points, b: Points): boolean {
  const n = countOf(a)
  if (countOf(b) !== n) return false
  if (a.times === b.times && a.start === b.start) return true
  for (let i = 0; i < n; i++) if (a.times[a.start + i] !== b.times[b.start + i]) return false
  return true
}

function joinNearest(f: (a: number, b: number) => number, left: Points, right: Points): Points {
  const reach = (Math.max(medianGap(left), medianGap(right)) || UNKNOWN_PERIOD) / 2
  const outTimes = new Float64Array(countOf(left))
  const out = new Float64Array(countOf(left))
  let n = 0
  let j = right.start
  for (let i = left.start; i < left.end; i++) {
    const time = left.times[i] as number
    while (j + 1 < right.end && distance(right, j + 1, time) < distance(right, j, time)) j++
    if (distance(right, j, time) > reach) continue
    const value = f(left.values[i] as number, right.values[j] as number)
    if (value - value !== 0) continue
    outTimes[n] = time
    out[n++] = value
  }
  return pointsOf(outTimes, out, n)
}

export const distance = (points: Points, i: number, time: number) =>
  Math.abs((points.times[i] as number) - time)
