import type { Entity } from '../../metrics/index.js'
import type { Ancestor } from '../check/ancestors.js'
import { fold } from '../functions/across.js'
import { acrossMembers, type MemberStream, withStatistics } from '../functions/across-statistics.js'
import { derivativeOfCounter } from '../functions/change.js'
import { medianGap, NO_POINTS, type Points, pointsOf } from '../functions/points.js'
import { bucketWindow, resample } from '../functions/resample.js'
import { ROLLUP_MS, rollupOrigin } from '../functions/rollup.js'
import { rateOfRollup } from '../plan/apply.js'
import type { Leaf } from '../plan/leaf.js'
import { lookBackOfRate } from '../plan/look-back.js'
import { rollupWindow } from '../sql/rollup.js'
import { EXPECTED_INTERVAL, TooMuchAtOnce } from './chunks.js'
import type { LeafPoints } from './ordinals.js'
import { type Chunk, chunkOf } from './ordinals.js'
import { weightsAt, weightsOf } from './weights.js'

type AcrossLeaf = Extract<Leaf, { kind: 'across' }>

export interface AcrossReader {
  readonly ancestors: readonly Ancestor[]
  /** Points to hold at once. */
  readonly most: number
  read(leaf: Leaf, chunk: Chunk): Promise<LeafPoints[number]>
}

/** Points per ancestor of the chunk: its members' streams, folded. */
export async function readAcross(
  leaf: AcrossLeaf,
  chunk: Chunk,
  reader: AcrossReader,
): Promise<(Points | undefined)[]> {
  const wanted = reader.ancestors.filter(({ entity }) => chunk.ordinalOfIndex.has(entity.index))
  const distinct = new Map<number, Entity>()
  for (const { members } of wanted) for (const member of members) distinct.set(member.id, member)
  const entities = [...distinct.values()].sort((a, b) => a.id - b.id)
  const streams = await readMembers(leaf, entities, reader)
  const weights = await readWeights(leaf, entities, reader)
  const result: (Points | undefined)[] = new Array(chunk.entities.length)
  for (const { entity, members } of wanted) {
    const own: MemberStream[] = []
    for (const member of members) {
      const points = streams.get(member.index)
      if (points === undefined) continue
      const weight = weights?.get(member.index)
      own.push({
        entity: member.index,
        points,
        ...(weight !== undefined && { weights: weightsAt(points, weight) }),
      })
    }
    result[chunk.ordinalOfIndex.get(entity.index) as number] = folded(leaf, own)
  }
  return result
}

/** What the members' values weigh; undefined where each counts alike. */
async function readWeights(
  leaf: AcrossLeaf,
  entities: readonly Entity[],
  reader: AcrossReader,
): Promise<Map<number, Points> | undefined> {
  const { weight, window } = leaf
  if (weight === undefined) return undefined
  const { isCounter } = weight
  // Growth is counted from the point before, as a rate is.
  const from = isCounter ? window.from - lookBackOfRate(ROLLUP_MS[leaf.level]) : window.from
  const before = isCounter ? { before: window.from } : {}
  const own: AcrossLeaf = { ...leaf, ...before, metric: weight, window: { ...window, from } }
  return readMembers(own, entities, reader, (points) => weightsOf(points, isCounter))
}

function folded(leaf: AcrossLeaf, members: readonly MemberStream[]): Points {
  if (!leaf.total) return acrossMembers(members)
  const total = fold(
    'sum',
    members.map(({ points }) => points),
  )
  if (leaf.level === 'RAW') return total
  return withStatistics(total, ROLLUP_MS[leaf.level], rollupOrigin(leaf.level))
}

/** Shortest buckets that members are averaged in before they are folded, where there is too much to fold as it is. */
const SHORTEST_STEP = 60_000
const MOST_BUCKETS = 2_000

async function readMembers(
  leaf: AcrossLeaf,
  entities: readonly Entity[],
  reader: AcrossReader,
  convertTo?: (points: Points) => Points,
): Promise<Map<number, Points>> {
  const { metric } = leaf
  const before = leaf.before === undefined ? {} : { before: leaf.before }
  // Totals of a rollup are statistics of the total itself, so it is first made from what is finer.
  const window =
    leaf.total && leaf.level !== 'RAW'
      ? rollupWindow(leaf.level, leaf.window.from, leaf.window.to)
      : leaf.window
  const length = Math.max(0, window.to - window.from)
  const result = new Map<number, Points>()
  let source: Leaf
  let convert = convertTo ?? ((points: Points): Points => points)
  if (leaf.level !== 'RAW' && !leaf.total) {
    source = { kind: 'rollup', metric, window, level: leaf.level, ...before }
    if (leaf.isRateOfCounter) convert = rateOfRollup
  } else if (
    leaf.isRateOfCounter ||
    leaf.weight !== undefined ||
    entities.length * (length / EXPECTED_INTERVAL) <= reader.most
  ) {
    source = { kind: 'samples', metric, window, ...before }
    if (leaf.isRateOfCounter) convert = derivativeOfCounter
  } else {
    const step = Math.max(SHORTEST_STEP, Math.ceil(length / MOST_BUCKETS / SHORTEST_STEP) * SHORTEST_STEP)
    const buckets = bucketWindow(window.from, window.to, step)
    if (buckets.count === 0) return result
    const inner = { from: buckets.from, to: buckets.to - 1 }
    source = { kind: 'grid', metric, window: inner, by: 'avg', step, count: buckets.count }
  }
  const perEntity = source.kind === 'grid' ? source.count : Math.max(1, length / EXPECTED_INTERVAL)
  let size = Math.max(1, Math.floor(reader.most / perEntity))
  for (let start = 0; start < entities.length; ) {
    const part = chunkOf(entities.slice(start, start + size), size < entities.length)
    let points: LeafPoints[number]
    try {
      points = await reader.read(source, part)
    } catch (error) {
      if (!(error instanceof TooMuchAtOnce) || size < 2) throw error
      size = Math.ceil(size / 2)
      continue
    }
    start += size
    for (const [ordinal, entity] of part.entities.entries()) {
      const own = points?.[ordinal]
      if (own === undefined) continue
      const converted = convert(own)
      result.set(entity.index, size < entities.length ? compact(converted, length) : converted)
    }
  }
  return result
}

/** A stream that is kept while others are read: not more points than are needed, and not the chunk's columns. */
function compact(points: Points, length: number): Points {
  if (points.end === points.start) return NO_POINTS
  if (points.statistics !== undefined) return points
  if (points.end - points.start > MOST_BUCKETS) {
    const step = Math.max(medianGap(points), Math.ceil(length / MOST_BUCKETS / 1000) * 1000, SHORTEST_STEP)
    return resample(points, step, 'avg')
  }
  return pointsOf(points.times.slice(points.start, points.end), points.values.slice(points.start, points.end))
}
