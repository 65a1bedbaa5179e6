import type { CheckedStatement } from '../check/statement.js'
import type { TypedItem } from '../check/typed.js'
import { hasFact, hasUnknownMetric, metricsOf } from '../check/walk.js'
import { onePoint, pointsOf } from '../functions/points.js'
import { ROLLUP_MS } from '../functions/rollup.js'
import { type Plan, type PlannedItem, planStatement } from '../plan/item.js'
import type { Window } from '../plan/leaf.js'
import { calendarFilter } from './calendar.js'
import { EXPECTED_INTERVAL, type Part, pointsPerEntity, readChunks, TooMuchAtOnce } from './chunks.js'
import { beginStatement, emitter, endStatement, isConstant } from './emit.js'
import type { QueryEnvironment } from './environment.js'
import { EntityEvaluation } from './evaluation.js'
import type { Execution, StatementRequest } from './execution.js'
import { createFacts } from './facts.js'
import { fulfils } from './filter.js'
import { frequencies } from './frequency.js'
import { executeGrouped } from './grouped.js'
import type { LeafPoints } from './ordinals.js'
import { type ReadContext, readLeaves } from './read.js'
import { type SelectionRequest, type Subject, selectAll } from './select-entities.js'
import { selector } from './selector.js'
import type { AnswerSink } from './sink.js'
import { starItems } from './star.js'
import { OF_ENTITY, templateOf } from './template.js'

/** Runs a checked statement, and writes its answer to the sink. */
export async function executeStatement(
  checked: CheckedStatement,
  request: StatementRequest,
  environment: QueryEnvironment,
  sink: AnswerSink,
): Promise<void> {
  const { window, streamLimit, signal } = request
  const { catalogue, limits } = environment
  const { statement, filter, candidates } = checked
  const selection: SelectionRequest = {
    catalogue,
    filter,
    candidates,
    window,
    joinRenamed: request.joinRenamed,
    index: environment.attributes,
  }
  const warnings = new Set(checked.warnings.map(({ message }) => message))
  const counts = { streams: 0, points: 0 }
  beginStatement(checked, window, environment, sink)
  const items = (checked.items ?? starItems(selectAll(selection), catalogue)).filter(
    (item) => !hasUnknownMetric(item.expression),
  )
  const keep = calendarFilter(statement.days, statement.hours, request.timeZone)
  const select = selector(checked, selection, environment)
  const subjectsOf = new Map(items.map((item) => [item, select(item)]))
  const split = [...subjectsOf.values()].some((subjects) =>
    subjects.some((subject) => subject.part !== undefined),
  )
  const few = samplesOf(subjectsOf, window) <= limits.fewSamples && !isHeld(items, window, environment)
  const plan = planStatement(checked, items, window, request.rollup, keep === undefined && !split && !few)
  request.onPlan?.(
    plan,
    items.map((item) => subjectsOf.get(item)?.length ?? 0),
  )
  if (items.some((item) => hasFact(item.expression)) || checked.usesFacts)
    await environment.cores.refresh(signal)
  const evaluation = new EntityEvaluation(createFacts(catalogue, environment.cores.of), keep)
  const execution: Execution = {
    checked,
    request,
    environment,
    sink,
    plan,
    evaluation,
    selection,
    counts,
    warnings,
    read: (places, chunk) => readLeaves(plan.leaves, places, chunk, readContext(request, environment)),
    readOther: (leaves, chunk) => readLeaves(leaves, leaves.keys(), chunk, readContext(request, environment)),
    emit: emitter(sink, streamLimit, limits.points, counts, warnings),
  }
  // Neighbouring items of one kind are read together.
  let pending: [PlannedItem, readonly Subject[]][] = []
  let grouped = false
  const passPending = async () => {
    const items = pending
    pending = []
    if (items.length > 0) await (grouped ? executeGrouped : executeItems)(items, execution)
  }
  for (const planned of plan.items) {
    const isGrouped = planned.groupings.length > 0
    if (isGrouped !== grouped || isConstant(planned.item)) await passPending()
    grouped = isGrouped
    if (isConstant(planned.item)) constantStream(planned, execution)
    else pending.push([planned, subjectsOf.get(planned.item) as readonly Subject[]])
  }
  await passPending()
  endStatement(checked, request, catalogue, counts, warnings, sink)
}

/** Whether the samples of all metrics are in memory: putting them into buckets as they are read is the least work then. */
function isHeld(items: readonly TypedItem[], { from, to }: Window, { hot }: QueryEnvironment): boolean {
  if (hot === undefined) return false
  return items.every((item) => hot.holds(metricsOf(item.expression), from, to))
}

/** About how many samples the items, each with its entities, read. */
export function samplesOf(
  items: Iterable<readonly [TypedItem | readonly TypedItem[], readonly Subject[]]>,
  window: Window,
): number {
  const perSeries = (window.to - window.from) / EXPECTED_INTERVAL
  let samples = 0
  for (const [item, subjects] of items)
    for (const { expression } of 'expression' in item ? [item] : item)
      samples += subjects.length * metricsOf(expression).length * perSeries
  return samples
}

/** Samples of one entity that are held at once: two months of one a second. */
const MOST_OF_ONE_ENTITY = 5_000_000

function readContext(request: StatementRequest, environment: QueryEnvironment): ReadContext {
  const { limits, transport, catalogue, mayRepeat, unfolded, hot } = environment
  const seconds = Math.max(0.1, request.deadline.left)
  return {
    transport,
    catalogue,
    hot,
    mayRepeat,
    unfolded,
    ancestors: environment.ancestors,
    chunkPoints: limits.chunkPoints,
    signal: request.signal,
    mostPoints: Math.max(MOST_OF_ONE_ENTITY, 2 * limits.chunkPoints),
    settings: {
      max_execution_time: Math.ceil(seconds),
      max_memory_usage: limits.memoryBytes,
      // The key selects what is read; a second look at it saves nothing and costs 0.3 ms.
      optimize_move_to_prewhere: 0,
    },
    ...(request.onSql !== undefined && { onSql: request.onSql }),
  }
}

/** A number in the select list: a line from one end of the window to the other, of no entity. */
function constantStream(planned: PlannedItem, execution: Execution): void {
  const { sink, request, checked, evaluation, emit } = execution
  const value = planned.evaluate(evaluation)
  if (typeof value !== 'number' || !Number.isFinite(value)) return
  const { from, to } = request.window
  sink.beginItem(templateOf(planned.item, checked.statement, request.rollup, []))
  const owner = { category: '', name: '', displayName: planned.item.text, attributes: {} }
  const times = from === to ? [from] : [from, to]
  emit(owner, 0, pointsOf(Float64Array.from(times), new Float64Array(times.length).fill(value)))
}

/** Items that give a stream per entity: read together where that is little, else one item after the other. */
async function executeItems(items: [PlannedItem, readonly Subject[]][], execution: Execution): Promise<void> {
  const { plan, environment, request } = execution
  const most = environment.limits.chunkPoints
  const cost = items.reduce(
    (sum, [item, subjects]) => sum + subjects.length * pointsPerEntity(plan.leaves, wantedPlaces(item, plan)),
    0,
  )
  const streams = items.reduce((sum, [, subjects]) => sum + subjects.length, 0)
  const together = cost <= most && streams <= Math.max(1000, 4 * request.streamLimit)
  if (together && items.length > 1)
    try {
      await executePass(items, execution)
      return
    } catch (error) {
      // More than was expected: one item after the other then. Nothing has been written yet.
      if (!(error instanceof TooMuchAtOnce)) throw error
    }
  for (const item of items) if (!(await executePass([item], execution))) return
}

const wantedPlaces = (item: PlannedItem, plan: Plan) => new Set([...item.places, ...plan.comparisonPlaces])

/** Reads and answers items together, chunk by chunk. False when the stream limit is reached. */
async function executePass(
  items: [PlannedItem, readonly Subject[]][],
  execution: Execution,
): Promise<boolean> {
  const { plan, request, environment, read, counts } = execution
  const places = new Set(items.flatMap(([item]) => [...wantedPlaces(item, plan)]))
  const single = items.length === 1
  // Entities whose streams are all wanted need not be read beyond the limit; where conditions drop some, that is unknown.
  const remaining = request.streamLimit - counts.streams
  const limit =
    single && plan.comparisonPlaces.size === 0 ? Math.ceil(1.1 * remaining) + 16 : Number.POSITIVE_INFINITY
  const perChunk = Math.min(limit, environment.limits.chunkPoints / pointsPerEntity(plan.leaves, places))
  const lists = items.map(([, subjects]) => subjects)
  for await (const { points, parts } of readChunks(lists, perChunk, (chunk) => read(places, chunk))) {
    request.signal.throwIfAborted()
    for (const [i, [planned]] of items.entries())
      if (!(await emitStreams(planned, parts[i] as Part, points, execution))) return false
  }
  return true
}

/** How many streams, or points, are written before the reader gets his turn: what is written is held until then. */
const STREAMS_PER_TURN = 500
const POINTS_PER_TURN = 20_000

async function emitStreams(
  planned: PlannedItem,
  { subjects, start, end, ordinals }: Part,
  points: LeafPoints,
  execution: Execution,
): Promise<boolean> {
  const { checked, request, sink, plan, evaluation, emit } = execution
  const { item } = planned
  const rollupMs = ROLLUP_MS[request.rollup]
  const frequencyOf =
    item.expression.shape !== 'stream' ? () => 0 : rollupMs > 0 ? () => rollupMs : frequencies()
  sink.beginItem(templateOf(item, checked.statement, request.rollup, OF_ENTITY))
  let waiting = 0
  for (let i = start; i < end; i++) {
    const subject = subjects[i] as Subject
    evaluation.at(subject, ordinals[i - start] as number, points)
    if (subject.open && checked.filter !== undefined)
      if (!fulfils(checked.filter, subject.entity, plan.comparisons, evaluation)) continue
    const value = planned.evaluate(evaluation)
    const result = typeof value === 'number' ? onePoint(request.window.to, value) : value
    if (result.end === result.start) continue
    if (!emit(subject.entity, frequencyOf(result), result)) return false
    waiting += result.end - result.start
    if (i % STREAMS_PER_TURN === 0 || waiting >= POINTS_PER_TURN) {
      waiting = 0
      await request.flush()
    }
  }
  await request.flush()
  return true
}
