import type { Catalogue, FoldedLevel } from '../../metrics/index.js'
import { pointLimit } from '../errors.js'
import type { AggregateName } from '../functions/aggregate.js'
import type { Points } from '../functions/points.js'
import { groupLeaves, type Leaf, type LeafGroup } from '../plan/leaf.js'
import { rollupSql, type Unfolded } from '../sql/rollup.js'
import { aggregateSql, gridSql, type Scope, samplesSql } from '../sql/select.js'
import type { AncestorCache } from './ancestor-cache.js'
import type { Chunk } from './ordinals.js'
import { readAcross } from './read-across.js'
import { AggregateCollector } from './read-aggregates.js'
import { GridCollector } from './read-grid.js'
import { RollupCollector } from './read-rollup.js'
import { SampleCollector } from './read-samples.js'
import type { Transport } from './transport.js'

export interface ReadContext {
  readonly transport: Transport
  readonly catalogue: Catalogue
  readonly ancestors: AncestorCache
  readonly signal: AbortSignal
  readonly settings: Readonly<Record<string, number>>
  /** Whether a sample may be stored twice in this window, so that sums have to look. */
  readonly mayRepeat: (from: number, to: number) => boolean
  /** Which buckets no rollup has yet; undefined: none of them is rolled up. */
  readonly unfolded?: Unfolded | undefined
  /** Most points to hold at once: beyond, the query is refused. */
  readonly mostPoints: number
  /** Points to read at once, where there is a choice. */
  readonly chunkPoints: number
  /** Called with each statement that is run, for EXPLAIN. */
  readonly onSql?: (sql: string, rows: number, milliseconds: number) => void
}

/** What was read: per leaf, by its place in the plan, the points of each entity of the chunk. */
export type LeafPoints = readonly (readonly (Points | undefined)[] | undefined)[]

/** Reads the wanted leaves for the entities of a chunk: one SQL statement for all that can be read together. */
export async function readLeaves(
  leaves: readonly Leaf[],
  wanted: Iterable<number>,
  chunk: Chunk,
  context: ReadContext,
): Promise<LeafPoints> {
  const result: (readonly (Points | undefined)[])[] = []
  await Promise.all(
    groupLeaves(leaves, wanted).map(async (group) => {
      const points = await readGroup(group, chunk, context)
      group.places.forEach((place, i) => {
        result[place] = points[i] as (Points | undefined)[]
      })
    }),
  )
  return result
}

/** Fewer than this part of a metric's entities are named one by one; else all are read and those not wanted dropped. */
const NAMED_PART = 0.5

async function readGroup(
  group: LeafGroup,
  chunk: Chunk,
  context: ReadContext,
): Promise<(Points | undefined)[][]> {
  const metrics = group.metrics.map((metric) => metric.id)
  const scope: Scope = { metrics, entities: scopeOf(group, chunk, context), ...group.window }
  const ordinals = chunk.entities.length
  const first = group.leaves[0] as Leaf
  const { from, to } = group.window
  const mayRepeat = context.mayRepeat(from, to)
  switch (first.kind) {
    case 'samples': {
      const collector = new SampleCollector(metrics, chunk.ordinalOf, ordinals)
      await run(samplesSql(scope), collector, context)
      const points = collector.finish()
      return group.leaves.map((leaf) => points[group.metrics.indexOf(leaf.metric)] ?? [])
    }
    case 'grid': {
      const { step, count, by } = first
      const collector = new GridCollector(metrics, chunk.ordinalOf, ordinals, { from, step, count, by })
      await run(gridSql(scope, step, count, by, mayRepeat), collector, context)
      const points = collector.finish()
      return group.leaves.map((leaf) => points[group.metrics.indexOf(leaf.metric)] ?? [])
    }
    case 'aggregate': {
      const nameOf = (leaf: Leaf) => (leaf as { by: AggregateName }).by
      const names = [...new Set(group.leaves.map(nameOf))]
      const collector = new AggregateCollector(metrics, chunk.ordinalOf, ordinals, names)
      await run(aggregateSql(scope, names, mayRepeat), collector, context)
      return group.leaves.map((leaf) => collector.points(group.metrics.indexOf(leaf.metric), nameOf(leaf)))
    }
    case 'across': {
      const reader = {
        ancestors: context.ancestors.of(context.catalogue, first.metric, first.plural),
        most: context.chunkPoints,
        read: async (leaf: Leaf, part: Chunk) => (await readLeaves([leaf], [0], part, context))[0],
      }
      return [await readAcross(first, chunk, reader)]
    }
    case 'rollup': {
      const collector = new RollupCollector(metrics, chunk.ordinalOf, ordinals)
      await run(rollupSql(scope, first.level as FoldedLevel, mayRepeat, context.unfolded), collector, context)
      const points = collector.finish()
      return group.leaves.map((leaf) => points[group.metrics.indexOf(leaf.metric)] ?? [])
    }
  }
}

/** The entities to name in SQL; undefined when naming them would cost more than it saves. */
function scopeOf(group: LeafGroup, chunk: Chunk, { catalogue }: ReadContext): number[] | undefined {
  let all = 0
  for (const metric of group.metrics) all = Math.max(all, catalogue.entitiesOf(metric.index).length)
  if (chunk.entities.length >= all * NAMED_PART && !chunk.partial) return undefined
  return chunk.entities.map((entity) => entity.id)
}

async function run(
  sql: string,
  collector: { rows: number; add(block: never): void },
  context: ReadContext,
): Promise<void> {
  const { transport, signal, settings, mostPoints, onSql } = context
  const start = performance.now()
  await transport.select(sql, {
    settings,
    signal,
    onBlock: (block) => {
      collector.add(block as never)
      if (collector.rows > mostPoints) throw pointLimit(mostPoints)
    },
  })
  onSql?.(sql, collector.rows, performance.now() - start)
}
