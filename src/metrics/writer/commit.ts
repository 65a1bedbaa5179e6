import type { CatalogueCore } from '../catalogue/catalogue.js'
import { idBits } from '../ids.js'
import { FINEST_MS } from '../rollup/levels.js'
import { HOUR_MS, TOUCHED_METRIC } from '../schema/tables.js'
import type { SampleColumns, WriteOutcome } from '../types.js'
import { CHUNK_ROWS, type Chunk, type ChunkPool } from './chunk.js'
import { DAY_MS } from './days.js'

/** One insert: the chunks of a block, and those who wait for it. */
export interface Commit {
  id: number
  /** Under which it records what it has touched: no other insert has it. */
  number: number
  /** What is in it, as the writer's callers gave it. */
  batches: SampleColumns[]
  /** The same, as rows. */
  chunks: Chunk[]
  /** Rows that record what is stored, once the commit is complete; in the table they come first. */
  records: Chunk[]
  marks: Mark[]
  rows: number
  waiters: Waiter[]
  /** Starts of the buckets of ten minutes that hold samples of it. */
  touched: Set<number>
  /** The bucket that was added last. */
  bucket: number
}

export interface Waiter {
  samples: number
  key: number | undefined
  days: readonly number[]
  resolve: (outcome: WriteOutcome) => void
  reject: (error: Error) => void
}

export function newCommit(): Commit {
  return {
    id: 0,
    number: 0,
    batches: [],
    chunks: [],
    records: [],
    marks: [],
    rows: 0,
    waiters: [],
    touched: new Set(),
    bucket: -FINEST_MS,
  }
}

/** A chunk that has room, the last of these. */
export function room(chunks: Chunk[], pool: ChunkPool): Chunk {
  const last = chunks.at(-1)
  if (last !== undefined && last.rows < CHUNK_ROWS) return last
  const chunk = pool.take()
  chunks.push(chunk)
  return chunk
}

/** A sample of this time is among the rows. */
export function noteTime(commit: Commit, time: number): void {
  if (time >= commit.bucket && time < commit.bucket + FINEST_MS) return
  commit.bucket = Math.floor(time / FINEST_MS) * FINEST_MS
  commit.touched.add(commit.bucket)
}

/** Copies the samples into the commit, as they come, and notes when each entity was seen. */
export function appendSamples(
  commit: Commit,
  pool: ChunkPool,
  catalogue: CatalogueCore,
  { series, time, value, length }: SampleColumns,
): void {
  const { metrics: metricOf, entities: entityOf } = catalogue.series
  const metricBits = catalogue.metrics.bits
  const entityBits = catalogue.entities.bits
  const seen = catalogue.seenTimes()
  const { removed } = catalogue.series
  let at = 0
  while (at < length) {
    const chunk = room(commit.chunks, pool)
    const { metric: metrics, entity: entities, time: times, value: values } = chunk
    let row = chunk.rows
    for (; at < length && row < CHUNK_ROWS; at++, row++) {
      const t = time[at]!
      noteTime(commit, t)
      const s = series[at]!
      if (removed !== undefined && removed[s] === 1) catalogue.revive(s)
      const entity = entityOf[s]!
      metrics[row] = metricBits[metricOf[s]!]!
      entities[row] = entityBits[entity]!
      times[2 * row] = t
      times[2 * row + 1] = t / 0x1_0000_0000
      values[row] = value[at]!
      if (t > seen[entity]!) seen[entity] = t
    }
    chunk.rows = row
  }
  commit.rows += length
}

/** That a batch's part of a day is stored; becomes a row, see `ONLY_SAMPLES`. */
export interface Mark {
  key: number
  day: number
  samples: number
  /** Since the epoch. */
  hour: number
}

export function appendMark(
  commit: Commit,
  { key, day, samples, now }: { key: number; day: number; samples: number; now: number },
): void {
  commit.marks.push({ key, day, samples, hour: Math.floor(now / HOUR_MS) })
  commit.rows++
}

/**
 * Makes the rows that record what is stored, in the order of the table: which buckets the commit touches, under a number of its
 * own (see `TOUCHED_METRIC`), and the marks.
 */
export function appendRecords(commit: Commit, pool: ChunkPool, number: number): void {
  commit.number = number
  const add = (metric: number, entity: number, time: number, value: number) => {
    const chunk = room(commit.records, pool)
    const row = chunk.rows++
    chunk.metric[row] = idBits(metric)
    chunk.entity[row] = idBits(entity)
    chunk.time[2 * row] = time
    chunk.time[2 * row + 1] = time / 0x1_0000_0000
    chunk.value[row] = value
  }
  for (const bucket of [...commit.touched].sort((a, b) => a - b)) add(TOUCHED_METRIC, number, bucket, 0)
  commit.marks.sort((a, b) => a.hour - b.hour || a.key - b.key || a.day - b.day)
  for (const { hour, key, day, samples } of commit.marks) add(hour, key, day * DAY_MS, samples)
  commit.rows += commit.touched.size
}
