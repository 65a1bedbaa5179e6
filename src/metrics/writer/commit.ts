import type { CatalogueCore } from '../catalogue/catalogue.js'
import { idBits } from '../ids.js'
import { HOUR_MS } from '../schema/tables.js'
import type { SampleColumns, WriteOutcome } from '../types.js'
import { CHUNK_ROWS, type Chunk, type ChunkPool } from './chunk.js'
import { DAY_MS } from './days.js'

/** One insert: the chunks of a block, and those who wait for it. */
export interface Commit {
  id: number
  chunks: Chunk[]
  rows: number
  waiters: Waiter[]
}

export interface Waiter {
  samples: number
  key: number | undefined
  days: readonly number[]
  resolve: (outcome: WriteOutcome) => void
  reject: (error: Error) => void
}

export function newCommit(): Commit {
  return { id: 0, chunks: [], rows: 0, waiters: [] }
}

function room(commit: Commit, pool: ChunkPool): Chunk {
  const last = commit.chunks.at(-1)
  if (last !== undefined && last.rows < CHUNK_ROWS) return last
  const chunk = pool.take()
  commit.chunks.push(chunk)
  return chunk
}

/** Copies the samples, of the given days only, into the commit, and notes when each entity was seen. */
export function appendSamples(
  commit: Commit,
  pool: ChunkPool,
  catalogue: CatalogueCore,
  columns: SampleColumns,
  days: ReadonlySet<number> | undefined,
): void {
  const { series, time, value, length } = columns
  const { metrics: metricOf, entities: entityOf } = catalogue.series
  const metricBits = catalogue.metrics.bits
  const entityBits = catalogue.entities.bits
  const seen = catalogue.seenTimes()
  let at = 0
  while (at < length) {
    const chunk = room(commit, pool)
    const { metric: metrics, entity: entities, time: times, value: values } = chunk
    const first = chunk.rows
    let row = first
    for (; at < length && row < CHUNK_ROWS; at++) {
      const t = time[at]!
      if (days !== undefined && !days.has(Math.floor(t / DAY_MS))) continue
      const s = series[at]!
      const entity = entityOf[s]!
      metrics[row] = metricBits[metricOf[s]!]!
      entities[row] = entityBits[entity]!
      times[2 * row] = t
      times[2 * row + 1] = t / 0x1_0000_0000
      values[row] = value[at]!
      if (t > seen[entity]!) seen[entity] = t
      row++
    }
    chunk.rows = row
    commit.rows += row - first
  }
}

/** Adds the row that records that the batch's part of this day is stored; see `ONLY_SAMPLES`. */
export function appendMark(
  commit: Commit,
  pool: ChunkPool,
  { key, day, samples, now }: { key: number; day: number; samples: number; now: number },
): void {
  const chunk = room(commit, pool)
  const row = chunk.rows++
  const time = day * DAY_MS
  chunk.metric[row] = idBits(Math.floor(now / HOUR_MS))
  chunk.entity[row] = idBits(key)
  chunk.time[2 * row] = time
  chunk.time[2 * row + 1] = time / 0x1_0000_0000
  chunk.value[row] = samples
  commit.rows++
}
