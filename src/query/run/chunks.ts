import type { Entity } from '../../metrics/index.js'
import { ROLLUP_MS } from '../functions/rollup.js'
import type { Leaf } from '../plan/leaf.js'
import type { Subject } from './select-entities.js'

/** How close samples are expected to be where nothing is known: the agent's shortest usual interval, milliseconds. */
export const EXPECTED_INTERVAL = 10_000
/** Columns of a rollup point against one of a sample. */
const ROLLUP_WEIGHT = 5

/** An estimate of the points that the leaves hold per entity. */
export function pointsPerEntity(leaves: readonly Leaf[], places: Iterable<number>): number {
  let sum = 0
  for (const place of places) {
    const leaf = leaves[place] as Leaf
    const length = leaf.window.to - leaf.window.from
    if (leaf.kind === 'samples') sum += 1 + length / EXPECTED_INTERVAL
    else if (leaf.kind === 'grid') sum += leaf.count
    else if (leaf.kind === 'across') sum += 1 + length / (ROLLUP_MS[leaf.level] || EXPECTED_INTERVAL)
    else if (leaf.kind === 'rollup') sum += (1 + length / ROLLUP_MS[leaf.level]) * ROLLUP_WEIGHT
    else sum += 1
  }
  return Math.max(1, sum)
}

export interface ChunkPlan {
  readonly entities: readonly Entity[]
  /** Whether there are other chunks. */
  readonly partial: boolean
  /** Per list: the subjects, from and to, whose entities are in this chunk. */
  readonly ranges: readonly [number, number][]
}

/** Divides lists of subjects, each in the order of entity ids, into chunks of about so many entities. */
export function chunksOf(lists: readonly (readonly Subject[])[], perChunk: number): ChunkPlan[] {
  const [only] = lists
  if (lists.length === 1 && only !== undefined) {
    const size = Math.max(1, Math.floor(Math.min(perChunk, only.length)))
    const chunks: ChunkPlan[] = []
    for (let start = 0; start < only.length; ) {
      let end = Math.min(only.length, start + size)
      // The names of one entity stay together: its samples are read once.
      while (end < only.length && only[end]?.entity.id === only[end - 1]?.entity.id) end++
      const entities = distinct(only.slice(start, end))
      chunks.push({ entities, partial: start > 0 || end < only.length, ranges: [[start, end]] })
      start = end
    }
    return chunks
  }
  const all = new Map<number, Entity>()
  for (const list of lists) for (const { entity } of list) all.set(entity.id, entity)
  if (all.size === 0) return []
  const entities = [...all.values()].sort((a, b) => a.id - b.id)
  return [{ entities, partial: false, ranges: lists.map((list) => [0, list.length]) }]
}

function distinct(subjects: readonly Subject[]): Entity[] {
  const entities: Entity[] = []
  for (const { entity } of subjects) if (entities.at(-1)?.id !== entity.id) entities.push(entity)
  return entities
}
