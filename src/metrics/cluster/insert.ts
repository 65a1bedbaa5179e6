import { CHUNK_ROWS, type Chunk, createChunk, NO_SERIES } from '../writer/chunk.js'

/**
 * Chunks as two blocks: the samples, and the rows that record what was stored. A cluster stores an insert's parts on its
 * shards one by one, so records may only be there when all samples are: else a batch of which one shard has nothing would
 * be taken for stored. What is given stays as it is; chunks with records in them are copied.
 */
export function splitRecords(chunks: readonly Chunk[]): {
  samples: Chunk[]
  records: Chunk[]
} {
  const samples: Chunk[] = []
  const records: Chunk[] = []
  for (const chunk of chunks) {
    if (!chunk.series.subarray(0, chunk.rows).includes(NO_SERIES)) {
      samples.push(chunk)
      continue
    }
    const kept = createChunk()
    for (let i = 0; i < chunk.rows; i++) {
      let to = kept
      if (chunk.series[i] === NO_SERIES) {
        if (records.length === 0 || records.at(-1)!.rows === CHUNK_ROWS) records.push(createChunk())
        to = records.at(-1)!
      }
      const row = to.rows++
      to.metric[row] = chunk.metric[i]!
      to.entity[row] = chunk.entity[i]!
      to.time[2 * row] = chunk.time[2 * i]!
      to.time[2 * row + 1] = chunk.time[2 * i + 1]!
      to.value[row] = chunk.value[i]!
    }
    if (kept.rows > 0) samples.push(kept)
  }
  return { samples, records }
}

export const rowsOf = (chunks: readonly Chunk[]): number => chunks.reduce((sum, { rows }) => sum + rows, 0)
