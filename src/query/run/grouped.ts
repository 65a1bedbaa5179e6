import type { Entity } from '../../metrics/index.js'
import type { ExpressionPiece } from '../../wire/timeseries-columns.js'
import { attributeReader, normalizeAttribute } from '../check/attributes.js'
import { pointLimit } from '../errors.js'
import { fold, histogramQuantile } from '../functions/across.js'
import { sumOf } from '../functions/aggregate.js'
import { countOf, NO_POINTS, onePoint, type Points, pointsFrom } from '../functions/points.js'
import { ROLLUP_MS } from '../functions/rollup.js'
import type { GroupEvaluation, Plan, PlannedGrouping, PlannedItem } from '../plan/item.js'
import type { Leaf } from '../plan/leaf.js'
import { printPredicate } from '../syntax/index.js'
import { chunksOf, type Part, pointsPerEntity, readChunks, TooMuchAtOnce } from './chunks.js'
import type { Execution } from './execution.js'
import { fulfils } from './filter.js'
import { collectionFrequency } from './frequency.js'
import { chunkOf } from './ordinals.js'
import type { Subject } from './select-entities.js'
import type { StreamOwner } from './sink.js'
import { OF_ENTITY, templateOf } from './template.js'

interface Member {
  readonly subject: Subject
  readonly points: Points
}

/** A group's streams by the place of the grouping that made them. */
interface Group {
  readonly owner: StreamOwner
  readonly points: (Points | undefined)[]
}

type GroupedItems = readonly (readonly [PlannedItem, readonly Subject[]])[]

/** Answers items with functions over many entities: all their streams first, then one stream a group. */
export async function executeGrouped(items: GroupedItems, execution: Execution): Promise<void> {
  const rest = await executeFolded(items, execution)
  if (rest.length > 0) await executeMembers(rest, execution)
}

/**
 * Answers items that the store folds by itself, as long as no other kind of item has come: the order of the select list
 * holds. Returns the others.
 */
async function executeFolded(items: GroupedItems, execution: Execution): Promise<GroupedItems> {
  const foldable = ([planned, subjects]: GroupedItems[number]) =>
    isFolded(planned) &&
    subjects.length > 0 &&
    subjects.every(({ open, part }) => !open && part === undefined)
  if (!items.every(foldable)) return items
  for (let start = 0; start < items.length; ) {
    const [, subjects] = items[start] as GroupedItems[number]
    let end = start + 1
    while (items[end]?.[1] === subjects) end++
    const part = items.slice(start, end)
    const leaves = part.flatMap(([{ groupings }]) => groupings.map(({ folded }) => folded as Leaf))
    const [plan] = chunksOf([subjects], Number.POSITIVE_INFINITY)
    const points = await execution.readOther(leaves, chunkOf(plan?.entities ?? [], false))
    let place = 0
    for (const [planned] of part) {
      const own = planned.groupings.map(() => points[place++]?.[0])
      emitGroups(planned, foldedGroups(subjects, own), execution)
    }
    start = end
  }
  await execution.request.flush()
  return []
}

/** Whether it is of groups that are folded as they are read. */
export const isFolded = ({ groupings }: PlannedItem) =>
  groupings.length > 0 && groupings.every(({ folded }) => folded !== undefined)

/** The one group of all entities, by what was folded. */
export function foldedGroups(
  subjects: readonly Subject[],
  points: (Points | undefined)[],
): ReadonlyMap<string, Group> {
  const category = subjects[0]?.entity.category ?? ''
  const owner = { category, name: 'all', displayName: 'all', attributes: {} }
  return new Map([['', { owner, points }]])
}

async function executeMembers(items: GroupedItems, execution: Execution): Promise<void> {
  const { plan, environment } = execution
  const costs = items.map(
    ([planned, subjects]) => subjects.length * pointsPerEntity(plan.leaves, placesOf(planned, plan)),
  )
  const cost = costs.reduce((sum, each) => sum + each, 0)
  const together = items.length > 1 && cost <= environment.limits.chunkPoints
  const whole = together ? await collectTogether(items, execution) : undefined
  for (const pass of whole === undefined ? items.map((item) => [item]) : [items]) {
    const members = whole ?? (await collect(pass, execution))
    pass.forEach(([planned], i) => {
      const groups = new Map<string, Group>()
      planned.groupings.forEach((grouping, place) => {
        for (const [key, { owner, points }] of groupsOf(grouping, members[i]?.[place] as Member[])) {
          const known = groups.get(key) ?? { owner, points: [] }
          groups.set(key, known)
          known.points[place] = points
        }
      })
      emitGroups(planned, groups, execution)
    })
    await execution.request.flush()
  }
}

const placesOf = (planned: PlannedItem, plan: Plan) => new Set([...planned.places, ...plan.comparisonPlaces])

/** Undefined when there is more than was expected: then one item is to be read after the other. */
async function collectTogether(
  items: readonly (readonly [PlannedItem, readonly Subject[]])[],
  execution: Execution,
): Promise<Member[][][] | undefined> {
  try {
    return await collect(items, execution)
  } catch (error) {
    if (error instanceof TooMuchAtOnce) return undefined
    throw error
  }
}

/** Per item and grouping, the streams of its argument. */
async function collect(
  items: readonly (readonly [PlannedItem, readonly Subject[]])[],
  { plan, environment, request, checked, evaluation, read }: Execution,
): Promise<Member[][][]> {
  const places = new Set(items.flatMap(([planned]) => [...placesOf(planned, plan)]))
  const perChunk = environment.limits.chunkPoints / pointsPerEntity(plan.leaves, places)
  const members: Member[][][] = items.map(([planned]) => planned.groupings.map(() => []))
  let held = 0
  const lists = items.map(([, subjects]) => subjects)
  for await (const { points, parts } of readChunks(lists, perChunk, (chunk) => read(places, chunk))) {
    request.signal.throwIfAborted()
    for (const [k, [planned]] of items.entries()) {
      const { subjects, start, end, ordinals } = parts[k] as Part
      for (let i = start; i < end; i++) {
        const subject = subjects[i] as Subject
        evaluation.at(subject, ordinals[i - start] as number, points)
        if (subject.open && checked.filter !== undefined)
          if (!fulfils(checked.filter, subject.entity, plan.comparisons, evaluation)) continue
        planned.groupings.forEach(({ evaluate }, place) => {
          const value = evaluate(evaluation)
          const result = typeof value === 'number' ? onePoint(request.window.to, value) : value
          if (countOf(result) === 0) return
          held += countOf(result)
          members[k]?.[place]?.push({ subject, points: result })
        })
        if (held > environment.limits.groupedPoints) throw pointLimit(environment.limits.groupedPoints)
      }
    }
  }
  return members
}

function groupsOf(
  { group, times, from }: PlannedGrouping,
  members: readonly Member[],
): Map<string, { owner: StreamOwner; points: Points }> {
  if (group.name === 'top' || group.name === 'bottom') return ranked(group.name, group.count, members, from)
  if (group.name === 'histogram_quantile') return quantiles(group.quantile, members)
  if (!('attributes' in group)) return new Map()
  const foldName = group.name.slice(0, 3) as 'sum' | 'avg' | 'max' | 'min'
  const result = new Map<string, { owner: StreamOwner; points: Points }>()
  for (const [key, { owner, list }] of byAttributes(group.attributes, members))
    result.set(key, {
      owner,
      points: fold(
        foldName,
        list.map((member) => member.points),
        times,
      ),
    })
  return result
}

/** Entities that have all of the attributes, by their values. */
function byAttributes(names: readonly string[], members: readonly Member[]) {
  const readers = names.map((name) => attributeReader(name))
  const groups = new Map<string, { owner: StreamOwner; list: Member[] }>()
  for (const member of members) {
    const { entity } = member.subject
    const values = readers.map((read) => read(entity))
    if (values.includes(undefined)) continue
    const key = JSON.stringify(values)
    const known = groups.get(key)
    if (known !== undefined) {
      known.list.push(member)
      continue
    }
    const attributes: Record<string, string> = {}
    names.forEach((name, i) => {
      attributes[name] = values[i] as string
    })
    const text = values.join(', ')
    const owner = { category: entity.category, name: text || 'all', displayName: text || 'all', attributes }
    groups.set(key, { owner, list: [member] })
  }
  return groups
}

/** The streams with the largest or smallest means from a time on, best first. */
function ranked(name: 'top' | 'bottom', count: number, members: readonly Member[], from: number) {
  const sign = name === 'top' ? -1 : 1
  const mean = ({ points }: Member) => {
    const { values, start, end } = pointsFrom(points, from)
    return sumOf(values, start, end) / (end - start)
  }
  const sorted = members
    .map((member) => ({ member, mean: mean(member) }))
    .filter((each) => !Number.isNaN(each.mean))
    .sort((a, b) => sign * (a.mean - b.mean) || a.member.subject.entity.id - b.member.subject.entity.id)
    .slice(0, count)
  return new Map(
    sorted.map(({ member: { subject, points } }) => [
      `${subject.entity.id} ${subject.entity.name}`,
      { owner: subject.entity as StreamOwner, points },
    ]),
  )
}

/** Buckets of one histogram have the same attributes but for `le`. */
function quantiles(quantile: number, members: readonly Member[]) {
  const result = new Map<string, { owner: StreamOwner; points: Points }>()
  const names = new Set<string>()
  for (const { subject } of members)
    for (const name of Object.keys(subject.entity.attributes))
      if (normalizeAttribute(name) !== 'le') names.add(name)
  const histograms = new Map<string, { entity: Entity; list: Member[] }>()
  for (const member of members) {
    const { entity } = member.subject
    const key = JSON.stringify([
      entity.category,
      ...[...names].map((name) => entity.attributes[name] ?? null),
    ])
    const known = histograms.get(key) ?? { entity, list: [] }
    histograms.set(key, known)
    known.list.push(member)
  }
  for (const [key, { entity, list }] of histograms) {
    const buckets = list.map(({ subject, points }) => ({ le: upperEnd(subject.entity), points }))
    const attributes = Object.fromEntries(
      Object.entries(entity.attributes).filter(([name]) => normalizeAttribute(name) !== 'le'),
    )
    const text = Object.values(attributes).join(', ') || 'all'
    const owner = { category: entity.category, name: text, displayName: text, attributes }
    result.set(key, {
      owner,
      points: histogramQuantile(
        quantile,
        buckets.filter(({ le }) => !Number.isNaN(le)),
      ),
    })
  }
  return result
}

function upperEnd(entity: Entity): number {
  const le = attributeReader('le')(entity)
  if (le === undefined) return Number.NaN
  return /^\+?inf$/i.test(le) ? Number.POSITIVE_INFINITY : Number(le)
}

type Emission = Pick<Execution, 'checked' | 'sink' | 'evaluation' | 'emit'> & {
  readonly request: Pick<Execution['request'], 'window' | 'rollup'>
}

/** Writes a stream for each of the groups. */
export function emitGroups(
  planned: PlannedItem,
  groups: ReadonlyMap<string, Group>,
  execution: Emission,
): void {
  const { checked, request, sink, evaluation, emit } = execution
  const { item } = planned
  const perEntity = planned.groupings.every(({ group }) => group.name === 'top' || group.name === 'bottom')
  let conditions: readonly ExpressionPiece[] | undefined
  let points: Group['points'] = []
  const over: GroupEvaluation = {
    entity: evaluation.entity,
    leaf: () => NO_POINTS,
    hostFact: (_, fallback) => fallback,
    clusterFact: (_, fallback) => fallback,
    roleCount: () => 0,
    groupPoints: (place) => points[place] ?? NO_POINTS,
  }
  for (const { owner, points: own } of groups.values()) {
    points = own
    const value = planned.evaluate(over)
    const result = typeof value === 'number' ? onePoint(request.window.to, value) : value
    if (countOf(result) === 0) continue
    const where = perEntity ? OF_ENTITY : ofGroup(owner, checked.statement.where)
    if (conditions === undefined || JSON.stringify(conditions) !== JSON.stringify(where)) {
      conditions = where
      sink.beginItem(templateOf(item, checked.statement, request.rollup, where))
    }
    const rollupMs = ROLLUP_MS[request.rollup]
    const frequency = item.expression.shape !== 'stream' ? 0 : rollupMs || collectionFrequency(result)
    if (!emit(owner, frequency, result)) return
  }
}

/** The statement's own condition, and those of the group's values that it does not name already. */
function ofGroup(
  owner: StreamOwner,
  where: Parameters<typeof printPredicate>[0] | undefined,
): ExpressionPiece[] {
  const pieces: ExpressionPiece[] = []
  if (where !== undefined)
    pieces.push(where.kind === 'or' ? `(${printPredicate(where)})` : printPredicate(where))
  const parts = where?.kind === 'and' ? where.operands : where === undefined ? [] : [where]
  for (const [name, value] of Object.entries(owner.attributes)) {
    const isNamed = parts.some(
      (part) =>
        part.kind === 'equals' &&
        part.value.form !== 'variable' &&
        part.value.text === value &&
        normalizeAttribute(part.attribute) === normalizeAttribute(name),
    )
    if (isNamed) continue
    if (pieces.length > 0) pieces.push(' AND ')
    pieces.push(`${name} = `, { quoted: name })
  }
  return pieces
}
