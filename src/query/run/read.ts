import type { Catalogue, FoldedLevel, HotSamples } from '../../metrics/index.js'
import type { QueryPlan } from '../../wire/timeseries.js'
import { pointLimit } from '../errors.js'
import type { AggregateName } from '../functions/aggregate.js'
import type { Points } from '../functions/points.js'
import { groupLeaves, type Leaf, type LeafGroup } from '../plan/leaf.js'
import { rollupSql, type Unfolded } from '../sql/rollup.js'
import { aggregateSql, foldedGridSql, gridSql, type Scope, samplesSql } from '../sql/select.js'
import type { AncestorCache } from './ancestor-cache.js'
import { TooMuchAtOnce } from './chunks.js'
import type { Chunk, LeafPoints } from './ordinals.js'
import { readAcross } from './read-across.js'
import { AggregateCollector } from './read-aggregates.js'
import { pointsBefore } from './read-before.js'
import { FoldedGridCollector, GridCollector } from './read-grid.js'
import { evaluateHot, HOT_KINDS } from './read-hot.js'
import { RollupCollector } from './read-rollup.js'
import { SampleCollector } from './read-samples.js'
import { Slots } from './slots.js'
import type { Transport } from './transport.js'

export interface ReadContext {
  readonly transport: Transport
  readonly catalogue: Catalogue
  /** Samples in memory. */
  readonly hot?: HotSamples | undefined
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
  /** Told of each SQL statement that was run, for EXPLAIN. */
  readonly onSql?: ((run: QueryPlan['statements'][number]) => void) | undefined
}

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
      await readBefore(group, points, chunk, context)
      group.places.forEach((place, i) => {
        result[place] = points[i] as (Points | undefined)[]
      })
    }),
  )
  return result
}

/** Looks for the one point before that leaves want, for the entities that have none in what was read, and puts it in front. */
async function readBefore(
  group: LeafGroup,
  points: (Points | undefined)[][],
  chunk: Chunk,
  context: ReadContext,
): Promise<void> {
  await Promise.all(
    group.leaves.map(async (leaf, i) => {
      const own = points[i] as (Points | undefined)[]
      const found = await pointsBefore(leaf, own, chunk, {
        holds: (metric, from, to) => context.hot?.holds([metric], from, to) ?? false,
        read: async (earlier, part, fromMemory) =>
          (
            await readLeaves([earlier], [0], part, fromMemory ? context : { ...context, hot: undefined })
          )[0] ?? [],
      })
      if (found !== undefined) points[i] = found
    }),
  )
}

/** Fewer than this part of a metric's entities are named one by one; else all are read and those not wanted dropped. */
const NAMED_PART = 0.5

async function readGroup(
  group: LeafGroup,
  chunk: Chunk,
  context: ReadContext,
): Promise<(Points | undefined)[][]> {
  if (context.hot !== undefined && HOT_KINDS.has(group.kind)) {
    const reading = context.hot.read(group.metrics, group.window.from, group.window.to)
    const found = reading instanceof Promise ? await reading : reading
    if (found !== undefined) return evaluateHot(group, chunk, found, context)
  }
  const metrics = group.metrics.map((metric) => metric.id)
  const scope: Scope = { metrics, entities: scopeOf(group, chunk, context), ...group.window }
  const ordinals = chunk.entities.length
  const first = group.leaves[0] as Leaf
  const { from, to } = group.window
  const mayRepeat = context.mayRepeat(from, to)
  switch (first.kind) {
    case 'samples': {
      const collector = new SampleCollector(new Slots(metrics, chunk.ordinalOf, ordinals))
      await run(samplesSql(scope), collector, chunk, context)
      const points = collector.finish()
      return group.leaves.map((leaf) => points[group.metrics.indexOf(leaf.metric)] ?? [])
    }
    case 'grid': {
      const { step, count, by } = first
      // The key's order is that of the groups: one is finished before the next begins.
      const inOrder = { ...context, settings: { ...context.settings, optimize_aggregation_in_order: 1 } }
      const collector = new GridCollector(metrics, chunk.ordinalOf, ordinals, { from, step, count, by })
      await run(gridSql(scope, step, count, by, mayRepeat), collector, chunk, inOrder)
      const points = collector.finish()
      return group.leaves.map((leaf) => points[group.metrics.indexOf(leaf.metric)] ?? [])
    }
    case 'folded-grid': {
      const { step, count, by } = first
      const collector = new FoldedGridCollector(metrics, { from, step, count, by })
      await run(foldedGridSql(scope, step, count, by, mayRepeat), collector, chunk, context)
      // Of all entities together: the first of the chunk stands for them.
      return group.leaves.map((leaf) => [collector.points(group.metrics.indexOf(leaf.metric))])
    }
    case 'aggregate': {
      const nameOf = (leaf: Leaf) => (leaf as { by: AggregateName }).by
      const names = [...new Set(group.leaves.map(nameOf))]
      const collector = new AggregateCollector(metrics, chunk.ordinalOf, ordinals, names)
      await run(aggregateSql(scope, names, mayRepeat), collector, chunk, context)
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
      const collector = new RollupCollector(new Slots(metrics, chunk.ordinalOf, ordinals))
      const counters = group.metrics.some((metric) => metric.isCounter)
      const { unfolded } = context
      const sql = rollupSql(scope, first.level as FoldedLevel, mayRepeat, { counters, unfolded })
      await run(sql, collector, chunk, context)
      const points = collector.finish()
      return group.leaves.map((leaf) => points[group.metrics.indexOf(leaf.metric)] ?? [])
    }
  }
}

/** The entities to name in SQL; undefined when naming them would cost more than it saves. */
function scopeOf(group: LeafGroup, chunk: Chunk, { catalogue }: ReadContext): number[] | undefined {
  const counts = group.metrics.map((metric) => catalogue.entitiesOf(metric.index).length)
  const wanted = chunk.entities.length
  // What is folded by the store cannot be dropped on arrival: then it is all of them, or those that are named.
  const all =
    group.kind === 'folded-grid'
      ? counts.every((count) => count === wanted)
      : wanted >= Math.max(...counts) * NAMED_PART
  if (all && !chunk.partial) return undefined
  return chunk.entities.map((entity) => entity.id)
}

async function run(
  sql: string,
  collector: { rows: number; add(block: never): void },
  chunk: Chunk,
  context: ReadContext,
): Promise<void> {
  const { transport, signal, settings, mostPoints, chunkPoints, onSql } = context
  const most = chunk.entities.length > 1 ? 2 * chunkPoints : mostPoints
  const start = performance.now()
  let rowsRead = 0
  await transport.select(sql, {
    // The number of rows read is known at the end only.
    settings: onSql === undefined ? settings : { ...settings, wait_end_of_query: 1 },
    signal,
    onRowsRead: onSql && ((rows) => (rowsRead = rows)),
    onBlock: (block) => {
      collector.add(block as never)
      if (collector.rows <= most) return
      throw chunk.entities.length > 1 ? new TooMuchAtOnce() : pointLimit(mostPoints)
    },
  })
  onSql?.({ sql, rows: collector.rows, rowsRead, milliseconds: performance.now() - start })
}
