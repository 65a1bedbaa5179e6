import type { CatalogueCore } from '../catalogue/catalogue.js'
import { idBits } from '../ids.js'
import { FINEST_MS } from '../rollup/levels.js'
import { HOUR_MS, TOUCHED_METRIC } from '../schema/tables.js'
import type { SampleColumns, WriteOutcome } from '../types.js'
import { CHUNK_ROWS, type Chunk, type ChunkPool, NO_SERIES } from './chunk.js'
import { DAY_MS } from './days.js'

/** One insert: the chunks of a block, and those who wait for it. */
export interface Commit {
  id: number
  chunks: Chunk[]
  rows: number
  waiters: Waiter[]
  /** Starts of the buckets of ten minutes that hold samples of it. */
  touched: Set<number>
}

export interface Waiter {
  samples: number
  key: number | undefined
  days: readonly number[]
  resolve: (outcome: WriteOutcome) => void
  reject: (error: Error) => void
}

export function newCommit(): Commit {
  return { id: 0, chunks: [], rows: 0, waiters: [], touched: new Set() }
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
  const { removed } = catalogue.series
  let at = 0
  let bucket = 0
  let bucketEnd = 0
  while (at < length) {
    const chunk = room(commit, pool)
    const { metric: metrics, entity: entities, time: times, value: values, series: rowSeries } = chunk
    const first = chunk.rows
    let row = first
    for (; at < length && row < CHUNK_ROWS; at++) {
      const t = time[at]!
      if (days !== undefined && !days.has(Math.floor(t / DAY_MS))) continue
      if (t < bucket || t >= bucketEnd) {
        bucket = Math.floor(t / FINEST_MS) * FINEST_MS
        bucketEnd = bucket + FINEST_MS
        commit.touched.add(bucket)
      }
      const s = series[at]!
      if (removed !== undefined && removed[s] === 1) catalogue.revive(s)
      const entity = entityOf[s]!
      metrics[row] = metricBits[metricOf[s]!]!
      entities[row] = entityBits[entity]!
      times[2 * row] = t
      times[2 * row + 1] = t / 0x1_0000_0000
      values[row] = value[at]!
      rowSeries[row] = s
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
  chunk.series[row] = NO_SERIES
  commit.rows++
}

/** Adds the rows that record which buckets the commit touches, under a number of its own; see `TOUCHED_METRIC`. */
export function appendTouched(commit: Commit, pool: ChunkPool, number: number): void {
  for (const bucket of commit.touched) {
    const chunk = room(commit, pool)
    const row = chunk.rows++
    chunk.metric[row] = idBits(TOUCHED_METRIC)
    chunk.entity[row] = idBits(number)
    chunk.time[2 * row] = bucket
    chunk.time[2 * row + 1] = bucket / 0x1_0000_0000
    chunk.value[row] = 0
    chunk.series[row] = NO_SERIES
    commit.rows++
  }
}
