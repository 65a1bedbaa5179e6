import type { HotMetric, HotReading } from '../../metrics/index.js'
import type { QueryPlan } from '../../wire/timeseries.js'
import { pointLimit } from '../errors.js'
import type { Points } from '../functions/points.js'
import type { Leaf, LeafGroup } from '../plan/leaf.js'
import { TooMuchAtOnce } from './chunks.js'
import { EvenTimes, HotAggregate, joined } from './hot-aggregate.js'
import type { Grid } from './hot-fill.js'
import { gridTimes, HotFold, HotGrid } from './hot-grid.js'
import { HotSlices } from './hot-slices.js'
import type { Chunk } from './ordinals.js'

export const HOT_KINDS: ReadonlySet<Leaf['kind']> = new Set(['samples', 'grid', 'folded-grid', 'aggregate'])

export interface HotContext {
  readonly mostPoints: number
  readonly chunkPoints: number
  readonly onSql?: ((run: QueryPlan['statements'][number]) => void) | undefined
}

/** Evaluates a group of leaves from samples in memory; the result is that of the SQL of `readGroup`. */
export function evaluateHot(
  group: LeafGroup,
  chunk: Chunk,
  reading: HotReading,
  context: HotContext,
): (Points | undefined)[][] {
  const start = performance.now()
  const ordinals = chunk.entities.length
  const most = ordinals > 1 ? 2 * context.chunkPoints : context.mostPoints
  const slices = new HotSlices(group.window.from, group.window.to)
  const slotLists = reading.metrics.map((metric) => metric.slotsOf(chunk.entities))
  const even = new EvenTimes()
  let shared: Float64Array | undefined
  let rows = 0
  const result = group.leaves.map((leaf) => {
    const place = group.metrics.indexOf(leaf.metric)
    const metric = reading.metrics[place] as HotMetric
    const slots = slotLists[place] as Int32Array
    const series: (Points | undefined)[] = new Array(ordinals)
    if (leaf.kind === 'folded-grid') {
      const fold = new HotFold(gridOf(leaf), leaf.by, metric)
      for (let o = 0; o < ordinals; o++) fold.add(slots[o] as number)
      const points = fold.points()
      rows += points === undefined ? 0 : points.end - points.start
      return [points]
    }
    const one = rowOf(leaf, metric)
    for (let o = 0; o < ordinals; o++) {
      const points = one(o, slots[o] as number)
      if (points === undefined) continue
      series[o] = points
      rows += points.end - points.start
      if (rows > most) throw ordinals > 1 ? new TooMuchAtOnce() : pointLimit(most)
    }
    return series
  })
  context.onSql?.({
    sql: `-- from memory, ${group.kind}, metrics ${group.metrics.length}, entities ${ordinals}`,
    rows,
    rowsRead: 0,
    milliseconds: performance.now() - start,
  })
  return result

  function rowOf(leaf: Leaf, metric: HotMetric): (row: number, slot: number) => Points | undefined {
    if (leaf.kind === 'grid') {
      const grid = gridOf(leaf)
      shared ??= gridTimes(grid, ordinals)
      const rows = new HotGrid(grid, leaf.by, metric, shared)
      return (row, slot) => rows.row(row, slot)
    }
    if (leaf.kind === 'aggregate') {
      const rows = new HotAggregate(leaf.by, ordinals)
      return (row, slot) => rows.row(row, slices.at(metric, slot))
    }
    return (_, slot) => (slices.at(metric, slot).count === 0 ? undefined : joined(slices, even))
  }
}

const gridOf = (leaf: Extract<Leaf, { kind: 'grid' | 'folded-grid' }>): Grid => ({
  from: leaf.window.from,
  step: leaf.step,
  count: leaf.count,
})
