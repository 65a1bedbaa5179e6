import type { Binary, Call, Comparison, Expression, Predicate } from '../../src/query/syntax/index.js'

/**
 * A second evaluator of tsquery expressions for one entity: plain loops over lists of [milliseconds, value], written from
 * docs/tsquery.md and decision 0006 and sharing no code with the first.
 */
export type Point = [time: number, value: number]
export type Value = number | { scalar: boolean; points: Point[] }
export type Data = Record<string, Point[]>

interface Scope {
  data: Data
  from: number
  to: number
  /** Begin of the window without what functions around look back. */
  core: number
  /** Inside a function of changes: a point before this is wanted, at most a day older. */
  before?: number | undefined
}

/** What a function looks at before the window: docs/tsquery.md. */
const LOOK_BACK = 300_000

export function evaluate(node: Expression, scope: Scope): Value {
  if (node.kind === 'number') return node.value
  if (node.kind === 'metric') return { scalar: false, points: read(scope, node.name) }
  if (node.kind === 'negate') return map(evaluate(node.operand, scope), (v) => -v)
  if (node.kind === 'binary') return binary(node, scope)
  if (node.kind === 'call') return call(node, scope)
  throw new Error('a word')
}

function read(scope: Scope, name: string): Point[] {
  const { data, from, to } = scope
  const byTime = new Map<number, number>()
  for (const [t, v] of data[name] ?? []) if (t >= from && t <= to && Number.isFinite(v)) byTime.set(t, v)
  return withEarlier(
    [...byTime].sort((a, b) => a[0] - b[0]),
    data[name] ?? [],
    scope,
  )
}

function withEarlier(points: Point[], all: Point[], { from, before }: Scope): Point[] {
  if (before === undefined || points.length === 0 || (points[0] as Point)[0] < before) return points
  const earlier = all.filter(([t, v]) => t < from && t >= before - 86_400_000 && Number.isFinite(v))
  const [last] = earlier.sort((a, b) => b[0] - a[0])
  return last === undefined ? points : [last, ...points]
}

/** From a time on, but with the point before it where a function around counts from that. */
function begin(points: Point[], { from, before }: Scope): Point[] {
  const cut = points.filter(([t]) => t >= from)
  if (before === undefined || (cut[0] !== undefined && cut[0][0] < before)) return cut
  const last = points.filter(([t]) => t < from && t >= before - 86_400_000).at(-1)
  return last === undefined ? cut : [last, ...cut]
}

const finite = (points: Point[]) => points.filter(([, v]) => Number.isFinite(v))

function map(value: Value, f: (v: number) => number): Value {
  if (typeof value === 'number') return f(value)
  return { scalar: value.scalar, points: finite(value.points.map(([t, v]) => [t, f(v)])) }
}

const operateBy = (operator: string, a: number, b: number): number => {
  if (operator === '+') return a + b
  if (operator === '-') return a - b
  if (operator === '*') return a * b
  if (operator === '/') return a / b
  return operator === 'greatest' ? Math.max(a, b) : Math.min(a, b)
}

function binary(node: Binary, scope: Scope): Value {
  return combine(node.operator, evaluate(node.left, scope), evaluate(node.right, scope))
}

type Operation = (a: number, b: number) => number

function combine(operator: string | Operation, left: Value, right: Value): Value {
  const operate: Operation = typeof operator === 'string' ? (a, b) => operateBy(operator, a, b) : operator
  if (typeof left === 'number') return map(right, (v) => operate(left, v))
  if (typeof right === 'number') return map(left, (v) => operate(v, right))
  const none = { scalar: left.scalar && right.scalar, points: [] }
  if (left.points.length === 0 || right.points.length === 0) return none
  const [l, r] = [left.points[0] as Point, right.points[0] as Point]
  if (left.scalar && right.scalar)
    return { scalar: true, points: finite([[Math.max(l[0], r[0]), operate(l[1], r[1])]]) }
  if (left.scalar) return map(right, (v) => operate(l[1], v))
  if (right.scalar) return map(left, (v) => operate(v, r[1]))
  const same =
    left.points.length === right.points.length && left.points.every(([t], i) => t === right.points[i]?.[0])
  const gaps = [usualGap(left.points), usualGap(right.points)]
  const known = gaps.filter((gap) => gap > 0)
  const period = typeof operator === 'string' ? Math.max(...gaps) : known.length > 0 ? Math.min(...known) : 0
  const reach = same ? 0 : (period || 60_000) / 2
  const out: Point[] = []
  for (const [t, v] of left.points) {
    let best: Point | undefined
    for (const other of right.points)
      if (best === undefined || Math.abs(other[0] - t) < Math.abs(best[0] - t)) best = other
    if (best !== undefined && Math.abs(best[0] - t) <= reach) out.push([t, operate(v, best[1])])
  }
  return { scalar: false, points: finite(out) }
}

function usualGap(points: Point[]): number {
  const gaps = points.slice(1).map(([t], i) => t - (points[i] as Point)[0])
  gaps.sort((a, b) => a - b)
  return gaps.length === 0 ? 0 : (gaps[Math.floor((gaps.length - 1) / 2)] as number)
}

const constant = (node: Expression | undefined, scope: Scope): number =>
  node === undefined ? Number.NaN : (evaluate(node, scope) as number)

function call(node: Call, scope: Scope): Value {
  const [first, second, third] = node.args as [Expression, Expression?, Expression?]
  if (node.name === 'timeshift') {
    const ms = constant(second, scope) * 1000
    const inner = evaluate(first, {
      ...scope,
      from: scope.from - ms,
      to: scope.to - ms,
      core: scope.core - ms,
      before: scope.before === undefined ? undefined : scope.before - ms,
    }) as {
      points: Point[]
    }
    return { scalar: false, points: inner.points.map(([t, v]) => [t + ms, v]) }
  }
  if (node.name === 'resample') return resample(first, constant(second, scope) * 1000, textOf(third), scope)
  if (node.name === 'when') return when(first as Predicate, second, scope)
  if (AGGREGATES.includes(node.name)) {
    const { points } = evaluate(first, { ...scope, from: scope.core, before: undefined }) as {
      points: Point[]
    }
    return { scalar: true, points: finite(aggregate(node.name, points) as Point[]) }
  }
  if (STREAMS.includes(node.name)) {
    const parameter = constant(second, scope)
    const before = node.name === 'moving_avg' ? parameter * 1000 : Math.max(LOOK_BACK, spacing(first))
    const changes = node.name === 'dt' || node.name === 'dt0' || node.name === 'increase'
    const wanted = changes ? Math.min(scope.before ?? scope.from, scope.from) : scope.before
    const { points } = evaluate(first, { ...scope, from: scope.from - before, before: wanted }) as {
      points: Point[]
    }
    const result = finite(stream(node.name, points, parameter))
    return { scalar: false, points: begin(result, scope) }
  }
  const argument = evaluate(first, scope)
  if (node.name === 'greatest' || node.name === 'least')
    return combine(node.name, argument, evaluate(second as Expression, scope))
  if (node.name === 'abs') return map(argument, Math.abs)
  if (node.name === 'floor') return map(argument, Math.floor)
  if (node.name === 'sqrt') return map(argument, Math.sqrt)
  throw new Error(node.name)
}

/** The kept points one by one, each with the condition worked out at its time. */
function when(condition: Predicate, second: Expression | undefined, scope: Scope): Value {
  const comparisons = comparisonsIn(condition)
  const tested = new Map(comparisons.map((each) => [each, evaluate(each.left, scope)]))
  const kept =
    second === undefined ? (tested.get(comparisons[0] as Comparison) as Value) : evaluate(second, scope)
  let base = typeof kept === 'number' || kept.scalar ? undefined : kept.points
  if (base === undefined) {
    const value = typeof kept === 'number' ? kept : kept.points[0]?.[1]
    if (value === undefined) return { scalar: false, points: [] }
    const all = [...tested.values()].filter((each) => typeof each !== 'number')
    const streams = all.filter(({ scalar }) => !scalar)
    const times =
      streams.length > 0
        ? (streams[0]?.points ?? []).map(([t]) => t)
        : [
            Math.max(
              ...[...all, ...(typeof kept === 'number' ? [] : [kept])].flatMap(({ points }) =>
                points.map(([t]) => t),
              ),
            ),
          ]
    base = times.filter(Number.isFinite).map((t) => [t, value])
  }
  const scalar =
    (typeof kept === 'number' || kept.scalar) &&
    [...tested.values()].every((each) => typeof each === 'number' || each.scalar)
  const gap = usualGap(base)
  const at = (time: number, node: Predicate): boolean => {
    if (node.kind === 'and') return node.operands.every((operand) => at(time, operand))
    if (node.kind === 'or') return node.operands.some((operand) => at(time, operand))
    const { operator, right } = node as Comparison
    const value = tested.get(node as Comparison) as Value
    if (typeof value === 'number') return holds(operator, value, right.value)
    if (value.scalar) return value.points.some(([, v]) => holds(operator, v, right.value))
    const same = value.points.length === base.length && value.points.every(([t], i) => t === base[i]?.[0])
    const known = [gap, usualGap(value.points)].filter((each) => each > 0)
    const reach = same ? 0 : (known.length > 0 ? Math.min(...known) : 60_000) / 2
    let best: Point | undefined
    for (const other of value.points)
      if (best === undefined || Math.abs(other[0] - time) < Math.abs(best[0] - time)) best = other
    return best !== undefined && Math.abs(best[0] - time) <= reach && holds(operator, best[1], right.value)
  }
  return { scalar, points: finite(base.filter(([t]) => at(t, condition))) }
}

const comparisonsIn = (node: Predicate): Comparison[] =>
  node.kind === 'and' || node.kind === 'or' ? node.operands.flatMap(comparisonsIn) : [node as Comparison]

const AGGREGATES = ['last', 'min', 'max', 'avg', 'sum', 'count', 'stddev']
const STREAMS = ['dt', 'dt0', 'integral', 'increase', 'moving_avg']

/** The longest bucket, in milliseconds, of what is put into buckets inside. */
function spacing(node: Expression): number {
  if (node.kind === 'binary') return Math.max(spacing(node.left), spacing(node.right))
  if (node.kind === 'negate') return spacing(node.operand)
  if (node.kind === 'compare') return spacing(node.left)
  if (node.kind === 'and' || node.kind === 'or')
    return Math.max(...comparisonsIn(node).map(({ left }) => spacing(left)))
  if (node.kind !== 'call') return 0
  const [, second] = node.args
  if (node.name === 'resample' && second?.kind === 'number') return second.value * 1000
  return Math.max(0, ...node.args.map(spacing))
}

const holds = (operator: string, a: number, b: number): boolean =>
  ((operator === '<' || operator === '<=' || operator === '!=') && a < b) ||
  ((operator === '>' || operator === '>=' || operator === '!=') && a > b) ||
  ((operator === '=' || operator === '<=' || operator === '>=') && a === b)

const textOf = (node: Expression | undefined) => (node?.kind === 'word' ? node.text : '')

function aggregate(name: string, points: Point[]): Point[] | undefined {
  const values = points.map(([, v]) => v)
  const end = points.at(-1)?.[0] as number
  const sum = values.reduce((a, b) => a + b, 0)
  const none = points.length === 0
  switch (name) {
    case 'last':
      return none ? [] : [points.at(-1) as Point]
    case 'min':
      return none ? [] : [points.find(([, v]) => v === Math.min(...values)) as Point]
    case 'max':
      return none ? [] : [points.find(([, v]) => v === Math.max(...values)) as Point]
    case 'avg':
      return none ? [] : [[end, sum / values.length]]
    case 'sum':
      return none ? [] : [[end, sum]]
    case 'count':
      return none ? [] : [[end, values.length]]
    case 'stddev': {
      if (points.length < 2) return []
      const mean = sum / values.length
      const squares = values.reduce((a, v) => a + (v - mean) * (v - mean), 0)
      return [[end, Math.sqrt(squares / (values.length - 1))]]
    }
  }
  return undefined
}

function stream(name: string, points: Point[], parameter: number): Point[] {
  const out: Point[] = []
  for (let i = 0; i < points.length; i++) {
    const [t, v] = points[i] as Point
    const before = points[i - 1]
    if (name === 'moving_avg') {
      const inside = points.filter(([s]) => s > t - parameter * 1000 && s <= t)
      out.push([t, inside.reduce((a, [, x]) => a + x, 0) / inside.length])
    } else if (name === 'integral') {
      const ms = before === undefined ? usualGap(points) : t - before[0]
      if (ms > 0) out.push([t, (v * ms) / 1000])
    } else if (before !== undefined) {
      const seconds = (t - before[0]) / 1000
      const change = v - before[1]
      if (name === 'dt') out.push([t, change / seconds])
      if (name === 'dt0' && change >= 0) out.push([t, change / seconds])
      if (name === 'increase') out.push([t, change >= 0 ? change : v])
    }
  }
  return out
}

function resample(node: Expression, step: number, by: string, scope: Scope): Value {
  const out: Point[] = []
  const first = Math.ceil(scope.from / step) * step
  const last = Math.floor(scope.to / step) * step
  if (last < first) return { scalar: false, points: [] }
  const core = Math.ceil(scope.core / step) * step
  if (last < core) return { scalar: false, points: [] }
  const inside = { ...scope, from: first - step, to: last - 1, core: core - step, before: undefined }
  const inner = evaluate(node, inside) as { points: Point[] }
  for (let stamp = first; stamp <= last; stamp += step) {
    const inside = inner.points.filter(([t]) => t >= stamp - step && t < stamp)
    const value = aggregate(by, inside)?.[0]
    if (value !== undefined) out.push([stamp, value[1]])
  }
  return { scalar: false, points: out }
}

/** Metrics without which an entity has no stream: what stands beside OR can be missing. */
export function needs(node: Expression): Set<string> {
  if (node.kind === 'metric') return new Set([node.name])
  if (node.kind === 'binary') return union([node.left, node.right].map(needs))
  if (node.kind === 'negate') return needs(node.operand)
  if (node.kind !== 'call') return new Set()
  if (node.name !== 'when') return union(node.args.map(needs))
  const condition = node.args[0] as Predicate
  const tested = comparisonsIn(condition).map(({ left }) => left)
  const kept = node.args[1] ?? (tested[0] as Expression)
  const first = tested.find((each) => !isScalar(each))
  return union([needs(kept), needsOf(condition), isScalar(kept) && first ? needs(first) : new Set()])
}

function needsOf(node: Predicate): Set<string> {
  if (node.kind === 'or') return new Set()
  return node.kind === 'and' ? union(node.operands.map(needsOf)) : needs((node as Comparison).left)
}

const union = (sets: Set<string>[]) => new Set(sets.flatMap((set) => [...set]))

function isScalar(node: Expression): boolean {
  if (node.kind === 'number') return true
  if (node.kind === 'binary') return isScalar(node.left) && isScalar(node.right)
  if (node.kind === 'negate') return isScalar(node.operand)
  if (node.kind !== 'call') return false
  if (node.name === 'when')
    return (
      isScalar(node.args[1] ?? { kind: 'number', value: 0, offset: 0, length: 0 }) &&
      comparisonsIn(node.args[0] as Predicate).every(({ left }) => isScalar(left))
    )
  return AGGREGATES.includes(node.name) || (node.name === 'abs' && isScalar(node.args[0] as Expression))
}
