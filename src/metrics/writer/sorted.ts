import type { CatalogueCore } from '../catalogue/catalogue.js'
import type { SampleColumns } from '../types.js'
import { CHUNK_ROWS, type Chunk, type ChunkPool } from './chunk.js'
import { type Commit, noteTime } from './commit.js'
import { createLineReader, type Shape } from './lines.js'
import { newRows, order } from './rows-in-order.js'

/**
 * Copies a batch into an empty commit in the order of the table (metric's id, entity's id, time; equal ones as they came), and
 * notes when each entity was seen. False, and nothing is done, for a batch that is better left as it is.
 *
 * ClickHouse sorts each insert, a fifth of its work, unless the rows come sorted. Here there is little to sort: most batches are
 * lines with the same metrics, so the order of the lines, and two of the columns, serve for all of these.
 * Figures: docs/decisions/0031-ingest-last-bars.md.
 */
export type AppendSorted = (commit: Commit, pool: ChunkPool, columns: SampleColumns) => boolean

/** Memory for the order of so many lines is kept; larger batches are left as they are. */
const MOST_LINES = 1 << 18
/** Lines that are transposed at a time: they stay in the processor's nearest cache. */
const TILE = 256

/** One metric of a shape: where its rows begin in the commit, and its place in the line. */
interface Target {
  metric: number
  place: number
  base: number
}

export function createAppendSorted(catalogue: CatalogueCore): AppendSorted {
  const read = createLineReader(catalogue)
  let rows = newRows(0)

  return (commit, pool, columns) => {
    const shapes = read(columns)
    if (shapes === undefined || shapes.some(({ lines }) => lines > MOST_LINES)) return false
    for (let left = columns.length; left > 0; left -= CHUNK_ROWS) {
      const chunk = pool.take()
      chunk.rows = Math.min(left, CHUNK_ROWS)
      commit.chunks.push(chunk)
    }
    commit.rows += columns.length
    const { removed } = catalogue.series
    if (removed !== undefined)
      for (let i = 0; i < columns.length; i++)
        if (removed[columns.series[i]!] === 1) catalogue.revive(columns.series[i]!)
    const targets = place(shapes)
    shapes.forEach((shape, n) => {
      orderLines(shape, commit, columns)
      for (const target of targets[n]!) fill(target, commit.chunks)
      transpose(targets[n]!, commit.chunks, columns)
    })
    return true
  }

  /** By shape. */
  function place(shapes: readonly Shape[]): Target[][] {
    const { bits } = catalogue.metrics
    const targets = shapes.map(({ metrics }) => metrics.map((metric, place) => ({ metric, place, base: 0 })))
    const all = targets.flatMap((list, n) => list.map((target) => ({ target, lines: shapes[n]!.lines })))
    all.sort((a, b) => bits[a.target.metric]! - bits[b.target.metric]!)
    let base = 0
    for (const { target, lines } of all) {
      target.base = base
      base += lines
    }
    return targets
  }

  function orderLines({ lines, starts }: Shape, commit: Commit, { series, time }: SampleColumns): void {
    const { entities: entityOf } = catalogue.series
    const seen = catalogue.seenTimes()
    if (rows.entities.length < lines) rows = newRows(Math.ceil(1.25 * lines))
    rows.size = lines
    const { entities, times } = rows
    for (let k = 0; k < lines; k++) {
      const i = starts[k]!
      const entity = entityOf[series[i]!]!
      const t = time[i]!
      entities[k] = entity
      times[k] = t
      if (t > seen[entity]!) seen[entity] = t
      noteTime(commit, t)
    }
    order(rows, catalogue.entities.bits)
    const { permutation } = rows
    // From now on: where the lines begin in the batch.
    for (let k = 0; k < lines; k++) permutation[k] = starts[permutation[k]!]!
  }

  /** What is the same in all lines, or for all metrics of a line. */
  function fill({ metric, base }: Target, chunks: readonly Chunk[]): void {
    const { ids, words, size } = rows
    const bits = catalogue.metrics.bits[metric]!
    for (let k = 0; k < size; ) {
      const chunk = chunks[Math.floor((base + k) / CHUNK_ROWS)]!
      const row = (base + k) % CHUNK_ROWS
      const until = Math.min(size, k + CHUNK_ROWS - row)
      chunk.metric.fill(bits, row, row + until - k)
      chunk.entity.set(ids.subarray(k, until), row)
      chunk.time.set(words.subarray(2 * k, 2 * until), 2 * row)
      k = until
    }
  }

  function transpose(targets: readonly Target[], chunks: readonly Chunk[], { value }: SampleColumns): void {
    const { permutation: starts, size } = rows
    for (let tile = 0; tile < size; tile += TILE)
      for (const { base, place } of targets)
        for (let k = tile; k < Math.min(size, tile + TILE); ) {
          const chunk = chunks[Math.floor((base + k) / CHUNK_ROWS)]!
          const { value: values } = chunk
          let row = (base + k) % CHUNK_ROWS
          const until = Math.min(size, tile + TILE, k + CHUNK_ROWS - row)
          for (; k < until; k++, row++) values[row] = value[starts[k]! + place]!
        }
  }
}
