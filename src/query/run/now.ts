import type { HotReading, HotSamples } from '../../metrics/index.js'
import type { CheckedStatement, Filter } from '../check/statement.js'
import type { TypedItem } from '../check/typed.js'
import { acrossOf, hasFact, hasUnknownMetric, neededMetrics } from '../check/walk.js'
import { QueryError } from '../errors.js'
import { onePoint, type Points } from '../functions/points.js'
import { type Plan, planStatement } from '../plan/item.js'
import { groupLeaves, type Leaf, type LeafGroup } from '../plan/leaf.js'
import { chooseRollup } from '../plan/rollup-choice.js'
import { chunksOf, EXPECTED_INTERVAL, pointsPerEntity, TooMuchAtOnce } from './chunks.js'
import { beginStatement, emitter, endStatement } from './emit.js'
import type { QueryEnvironment } from './environment.js'
import { EntityEvaluation } from './evaluation.js'
import type { Facts } from './facts.js'
import { frequencies } from './frequency.js'
import { emitGroups, foldedGroups, isFolded } from './grouped.js'
import { type Chunk, chunkOf, type LeafPoints } from './ordinals.js'
import { wantingEarlier } from './read-before.js'
import { evaluateHot, HOT_KINDS } from './read-hot.js'
import { checkedScript, type QueryRequest } from './script.js'
import type { Subject } from './select-entities.js'
import { selector } from './selector.js'
import type { AnswerSink } from './sink.js'
import { OF_ENTITY, templateOf } from './template.js'

/** What one turn of the event loop may be spent on, here and in `execute`: points that are answered, samples that are folded. */
const MOST_POINTS = 20_000
const DENSER = 4
const MOST_SAMPLES = 1_000_000
/** Bins, as a rule, stand for more samples than this where a step is a multiple of that, milliseconds. */
const SAMPLES_PER_BIN = 15
const BINNED_STEP = 300_000

/** It tells how long the text took, and so is to be the first who looks at it. */
const EXPLAIN = /^\s*explain/i

/**
 * Answers a query that needs nothing but what is in memory, and little of it: without promises, a time limit or a way to be
 * ended, which together take longer than a small query. False, and nothing written, for any other: that is for
 * `runScript`, whose answer is the same. Throws `QueryError`.
 */
export function answerNow(
  request: Omit<QueryRequest, 'abort'>,
  environment: QueryEnvironment,
  sink: AnswerSink,
): boolean {
  const { hot, limits, catalogue } = environment
  if (hot === undefined || EXPLAIN.test(request.query)) return false
  const { window, streamLimit } = request
  const statements = checkedScript(request, environment)
  const checked = statements[0] as CheckedStatement
  const items = itemsOf(checked)
  if (statements.length !== 1 || items === undefined) return false
  if (chooseRollup(request.rollup, window, expressionsOf(items), environment.keptSince) !== 'RAW')
    return false
  const subjects = commonSubjects(items, checked, request, environment)
  if (subjects === undefined) return false
  const plan = planStatement(checked, items, window, 'RAW', true)
  const grouped = plan.items.filter(({ groupings }) => groupings.length > 0).length
  if (grouped > 0 && !plan.items.every(isFolded)) return false
  const leaves: readonly Leaf[] =
    grouped === 0
      ? plan.leaves
      : plan.items.flatMap(({ groupings }) => groupings.map(({ folded }) => folded as Leaf))
  if (samplesRead(leaves) * subjects.length > MOST_SAMPLES) return false
  if (grouped === 0 && pointsPerEntity(leaves, leaves.keys()) * subjects.length > MOST_POINTS) return false
  const [chunk] = chunksOf([subjects], Number.POSITIVE_INFINITY)
  const points = chunk && readNow(leaves, chunkOf(chunk.entities, false), hot, limits.chunkPoints)
  if (chunk === undefined || points === undefined) return false
  const counts = { streams: 0, points: 0 }
  const warnings = new Set(checked.warnings.map(({ message }) => message))
  const emit = emitter(sink, streamLimit, limits.points, counts, warnings)
  const evaluation = new EntityEvaluation(NO_FACTS, undefined)
  beginStatement(checked, window, environment, sink)
  if (grouped > 0) {
    const context = { checked, request: { window, rollup: 'RAW' }, sink, evaluation, emit } as const
    let place = 0
    for (const planned of plan.items) {
      const own = planned.groupings.map(() => points[place++]?.[0])
      emitGroups(planned, foldedGroups(subjects, own), context)
    }
  } else
    emitAll(plan, checked, subjects, chunk.parts[0]?.ordinals as Int32Array, points, evaluation, sink, emit)
  endStatement(checked, { window, rollup: 'RAW', hasEntities: true }, catalogue, counts, warnings, sink)
  sink.end()
  return true
}

/** What is read of an entity, in samples, as far as can be guessed. */
function samplesRead(leaves: readonly Leaf[]): number {
  let sum = 0
  for (const leaf of leaves) {
    const binned = 'step' in leaf && leaf.step % BINNED_STEP === 0
    const samples = (leaf.window.to - leaf.window.from) / EXPECTED_INTERVAL
    sum += binned ? samples / SAMPLES_PER_BIN : samples
  }
  return sum
}

function emitAll(
  { items, window }: Plan,
  { statement }: CheckedStatement,
  subjects: readonly Subject[],
  ordinals: Int32Array,
  points: LeafPoints,
  evaluation: EntityEvaluation,
  sink: AnswerSink,
  emit: ReturnType<typeof emitter>,
): void {
  for (const { item, evaluate } of items) {
    const frequencyOf = item.expression.shape === 'stream' ? frequencies() : () => 0
    sink.beginItem(templateOf(item, statement, 'RAW', OF_ENTITY))
    for (let i = 0; i < subjects.length; i++) {
      const { entity } = subjects[i] as Subject
      const value = evaluate(evaluation.at(subjects[i] as Subject, ordinals[i] as number, points))
      const result: Points = typeof value === 'number' ? onePoint(window.to, value) : value
      if (result.end === result.start) continue
      if (!emit(entity, frequencyOf(result), result)) return
    }
  }
}

/** Undefined when one of them is not in memory, or a point from further back is wanted. */
function readNow(
  leaves: readonly Leaf[],
  chunk: Chunk,
  hot: HotSamples,
  chunkPoints: number,
): LeafPoints | undefined {
  const groups = groupLeaves(leaves, leaves.keys())
  if (!groups.every((group) => isHeld(group, hot))) return undefined
  const result: (readonly (Points | undefined)[])[] = []
  for (const group of groups) {
    const reading = hot.read(group.metrics, group.window.from, group.window.to)
    if (reading === undefined || reading instanceof Promise) return undefined
    const points = evaluateNow(group, chunk, reading, chunkPoints)
    if (points === undefined) return undefined
    if (group.leaves.some((leaf, i) => wantingEarlier(leaf, points[i] ?? []).length > 0)) return undefined
    group.places.forEach((place, i) => {
      result[place] = points[i] as (Points | undefined)[]
    })
  }
  return result
}

/** Undefined when there are more samples than one turn may be spent on: series may be denser than is expected of them. */
function evaluateNow(group: LeafGroup, chunk: Chunk, reading: HotReading, chunkPoints: number) {
  const most = Math.min(chunkPoints, DENSER * MOST_POINTS)
  try {
    return evaluateHot(group, chunk, reading, { mostPoints: 2 * most, chunkPoints: most })
  } catch (error) {
    if (error instanceof TooMuchAtOnce || error instanceof QueryError) return undefined
    throw error
  }
}

/** A look that is not counted: who reads what is not there has asked for it. */
const isHeld = ({ kind, metrics, window: { from, to } }: LeafGroup, hot: HotSamples) =>
  HOT_KINDS.has(kind) && hot.holds(metrics, from, to)

/** Undefined where more than their text and the catalogue is to be looked at. */
function itemsOf({
  statement,
  items,
  filter,
  usesFacts,
}: CheckedStatement): readonly TypedItem[] | undefined {
  if (items === undefined || statement.explain || usesFacts) return undefined
  if (statement.days !== undefined || statement.hours !== undefined) return undefined
  if (filter !== undefined && hasComparison(filter)) return undefined
  let plain = plainness.get(items)
  if (plain === undefined) {
    plain = items.every(isPlain)
    plainness.set(items, plain)
  }
  return plain ? items : undefined
}

/** The same items come with one condition after another. */
const plainness = new WeakMap<readonly TypedItem[], boolean>()

const hasComparison = (filter: Filter): boolean =>
  filter.kind === 'compare' || (filter.kind !== 'select' && filter.operands.some(hasComparison))

const isPlain = ({ expression }: TypedItem) =>
  neededMetrics(expression).length > 0 &&
  acrossOf(expression).length === 0 &&
  !hasFact(expression) &&
  !hasUnknownMetric(expression)

const expressions = new WeakMap<readonly TypedItem[], readonly TypedItem['expression'][]>()

function expressionsOf(items: readonly TypedItem[]): readonly TypedItem['expression'][] {
  const before = expressions.get(items)
  if (before !== undefined) return before
  const made = items.map((item) => item.expression)
  expressions.set(items, made)
  return made
}

/** The entities of all items; undefined where they differ, there are none, or there is more to be looked at. */
function commonSubjects(
  items: readonly TypedItem[],
  checked: CheckedStatement,
  { window, joinRenamed }: Omit<QueryRequest, 'abort'>,
  environment: QueryEnvironment,
): readonly Subject[] | undefined {
  const { catalogue, attributes: index } = environment
  const { filter, candidates } = checked
  const select = selector(checked, { catalogue, filter, candidates, window, joinRenamed, index }, environment)
  let common: readonly Subject[] | undefined
  for (const item of items) {
    const subjects = select(item)
    common ??= subjects
    if (subjects !== common && !sameSubjects(subjects, common)) return undefined
  }
  if (common === undefined || common.length === 0) return undefined
  for (const { open, part } of common) if (open || part !== undefined) return undefined
  return common
}

function sameSubjects(a: readonly Subject[], b: readonly Subject[]): boolean {
  return a.length === b.length && a.every(({ entity }, i) => entity === b[i]?.entity)
}

const NO_FACTS: Facts = {
  hostFact: (_, fallback) => fallback,
  clusterFact: (_, fallback) => fallback,
  roleCount: () => 0,
}
