import type { Entity } from '../../metrics/index.js'
import { ROLLUP_MS } from '../functions/rollup.js'
import type { Leaf } from '../plan/leaf.js'
import { type Chunk, chunkOf, type LeafPoints } from './ordinals.js'
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
    else if (leaf.kind === 'grid' || leaf.kind === 'folded-grid') sum += leaf.count
    else if (leaf.kind === 'across') sum += 1 + length / (ROLLUP_MS[leaf.level] || EXPECTED_INTERVAL)
    else if (leaf.kind === 'rollup') sum += (1 + length / ROLLUP_MS[leaf.level]) * ROLLUP_WEIGHT
    else sum += 1
  }
  return Math.max(1, sum)
}

/** The part of a list of subjects that is in a chunk. */
export interface Part {
  readonly subjects: readonly Subject[]
  readonly start: number
  readonly end: number
  /** The ordinal, in the chunk, of each subject from `start` on. */
  readonly ordinals: Int32Array
}

export interface ChunkPlan {
  readonly entities: readonly Entity[]
  /** Whether there are other chunks. */
  readonly partial: boolean
  /** One for each of the lists. */
  readonly parts: readonly Part[]
}

type Subjects = readonly Subject[]

/** Divides lists of subjects, each in the order of entity ids, into chunks of about so many entities. */
export function chunksOf(lists: readonly Subjects[], perChunk: number): ChunkPlan[] {
  const [first] = lists
  if (first === undefined || first.length === 0) return lists.length > 1 ? [together(lists)] : []
  if (lists.some((list) => list !== first)) return [together(lists)]
  const size = Math.max(1, Math.floor(Math.min(perChunk, first.length)))
  const chunks: ChunkPlan[] = []
  for (let start = 0; start < first.length; ) {
    let end = Math.min(first.length, start + size)
    // The names of one entity stay together: its samples are read once.
    while (end < first.length && first[end]?.entity.id === first[end - 1]?.entity.id) end++
    const { entities, ordinals } =
      start === 0 && end === first.length ? numberedWhole(first) : numbered(first, start, end)
    const part: Part = { subjects: first, start, end, ordinals }
    chunks.push({ entities, partial: start > 0 || end < first.length, parts: lists.map(() => part) })
    start = end
  }
  return chunks
}

/** Lists that are remembered come again and again: what is known of their entities is found by the same object then. */
const wholes = new WeakMap<Subjects, ReturnType<typeof numbered>>()

function numberedWhole(subjects: Subjects): ReturnType<typeof numbered> {
  const known = wholes.get(subjects)
  if (known !== undefined) return known
  const made = numbered(subjects, 0, subjects.length)
  wholes.set(subjects, made)
  return made
}

function numbered(subjects: Subjects, start: number, end: number) {
  const entities: Entity[] = []
  const ordinals = new Int32Array(end - start)
  let last = -1
  for (let i = start; i < end; i++) {
    const { entity } = subjects[i] as Subject
    if (entity.id !== last) entities.push(entity)
    last = entity.id
    ordinals[i - start] = entities.length - 1
  }
  return { entities, ordinals }
}

/** Different lists in one chunk. */
function together(lists: readonly Subjects[]): ChunkPlan {
  const all = new Map<number, Entity>()
  for (const list of lists) for (const { entity } of list) all.set(entity.id, entity)
  const entities = [...all.values()].sort((a, b) => a.id - b.id)
  const ordinalOf = new Map(entities.map((entity, i) => [entity.id, i]))
  const parts = lists.map((subjects) => ({
    subjects,
    start: 0,
    end: subjects.length,
    ordinals: Int32Array.from(subjects, ({ entity }) => ordinalOf.get(entity.id) as number),
  }))
  return { entities, partial: false, parts }
}

/** Thrown when a chunk turns out to hold far more than was estimated: it is to be read in smaller ones. */
export class TooMuchAtOnce extends Error {
  override name = 'TooMuchAtOnce'
}

export interface ReadChunk {
  readonly points: LeafPoints
  /** One for each of the lists. */
  readonly parts: readonly Part[]
}

/**
 * Reads lists of subjects chunk by chunk. Of a single list, a chunk that turns out too large is read again in halves, and
 * later ones are as small; of several, `TooMuchAtOnce` is thrown, before anything was yielded.
 */
export async function* readChunks(
  lists: readonly Subjects[],
  perChunk: number,
  read: (chunk: Chunk) => Promise<LeafPoints>,
): AsyncGenerator<ReadChunk> {
  const [only] = lists
  if (lists.length !== 1 || only === undefined) {
    for (const plan of chunksOf(lists, Number.POSITIVE_INFINITY)) yield await readPlan(plan, read)
    return
  }
  let size = perChunk
  for (let start = 0; start < only.length; ) {
    const rest = start === 0 ? only : only.slice(start)
    const [plan] = chunksOf([rest], size)
    if (plan === undefined) return
    const partial = plan.partial || start > 0
    try {
      yield await readPlan({ ...plan, partial }, read)
      start += (plan.parts[0] as Part).end
    } catch (error) {
      if (!(error instanceof TooMuchAtOnce) || plan.entities.length < 2) throw error
      size = Math.ceil(plan.entities.length / 2)
    }
  }
}

async function readPlan(plan: ChunkPlan, read: (chunk: Chunk) => Promise<LeafPoints>): Promise<ReadChunk> {
  const { entities, partial, parts } = plan
  return { parts, points: entities.length === 0 ? [] : await read(chunkOf(entities, partial)) }
}
