import type { Entity, Metric } from '../../metrics/index.js'
import { countOf, mapStatistics, type Points, pointsOf } from '../functions/points.js'
import type { Leaf, Window } from '../plan/leaf.js'
import { REACH } from '../plan/look-back.js'
import { type Chunk, chunkOf, type LeafPoints } from './ordinals.js'

export interface EarlierReader {
  /** Whether the samples of a time are in memory. */
  holds(metric: Metric, from: number, to: number): boolean
  read(leaf: Leaf, chunk: Chunk, fromMemory: boolean): Promise<NonNullable<LeafPoints[number]>>
}

/** How far is looked at first: most that are missed were there a moment before. */
const FIRST = 3_600_000

/**
 * The points of a leaf with one more in front, for each entity that has points but none before `leaf.before`, where there is one no
 * more than `REACH` earlier. Undefined when there is nothing to add: then it has read nothing, or found nothing.
 */
export async function pointsBefore(
  leaf: Leaf,
  points: readonly (Points | undefined)[],
  chunk: Chunk,
  reader: EarlierReader,
): Promise<(Points | undefined)[] | undefined> {
  const { before, kind, metric } = leaf
  if (before === undefined || (kind !== 'samples' && kind !== 'rollup')) return undefined
  let wanting = wantingEarlier(leaf, points)
  let result: (Points | undefined)[] | undefined
  let to = leaf.window.from - 1
  for (const reach of kind === 'samples' ? [FIRST, REACH] : [REACH]) {
    const window = { from: before - reach, to }
    if (wanting.length === 0) break
    if (window.from > to) continue
    to = window.from - 1
    const part = chunkOf(
      wanting.map((i) => chunk.entities[i] as Entity),
      chunk.partial || wanting.length < chunk.entities.length,
    )
    const found = await reader.read(
      earlierLeaf(leaf, window),
      part,
      reader.holds(metric, window.from, window.to),
    )
    const still: number[] = []
    wanting.forEach((i, ordinal) => {
      const earlier = found[ordinal]
      if (earlier === undefined || countOf(earlier) === 0) {
        still.push(i)
        return
      }
      result ??= [...points]
      result[i] = inFront(earlier, points[i] as Points)
    })
    wanting = still
  }
  return result
}

/** The ordinals of the entities that have points, but none before a time before which one is wanted. */
export function wantingEarlier(
  { before = Number.POSITIVE_INFINITY }: Leaf,
  points: readonly (Points | undefined)[],
): number[] {
  const wanting: number[] = []
  for (let i = 0; i < points.length; i++) {
    const own = points[i]
    if (own !== undefined && countOf(own) > 0 && (own.times[own.start] as number) >= before) wanting.push(i)
  }
  return wanting
}

/** Of samples the last one, which the store finds; of a rollup all points: their last is taken, with its statistics. */
function earlierLeaf({ kind, metric, ...leaf }: Leaf, window: Window): Leaf {
  if (kind === 'rollup' && 'level' in leaf) return { kind, metric, window, level: leaf.level }
  return { kind: 'aggregate', metric, window, by: 'last' }
}

/** The last of the earlier points, then the others. */
function inFront(earlier: Points, later: Points): Points {
  const last = earlier.end - 1
  const join = (a: Float64Array, b: Float64Array) => {
    const column = new Float64Array(1 + countOf(later))
    column[0] = a[last] as number
    column.set(b.subarray(later.start, later.end), 1)
    return column
  }
  const joined = pointsOf(join(earlier.times, later.times), join(earlier.values, later.values))
  const [one, other] = [earlier.statistics, later.statistics]
  if (one === undefined || other === undefined) return joined
  // Both are of one level, so they have the same columns in the same order.
  const columns: Float64Array[] = []
  mapStatistics(one, (column) => {
    columns.push(column)
    return column
  })
  let at = 0
  return {
    ...joined,
    statistics: mapStatistics(other, (column) => join(columns[at++] as Float64Array, column)),
  }
}
