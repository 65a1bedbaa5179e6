import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCatalogue } from '../../src/metrics/catalogue/catalogue.js'
import { DEFAULT_LIMITS } from '../../src/metrics/limits.js'
import type { SampleColumns } from '../../src/metrics/types.js'
import { createChunkPool } from '../../src/metrics/writer/chunk.js'
import { appendSamples, type Commit, newCommit } from '../../src/metrics/writer/commit.js'
import { createAppendSorted } from '../../src/metrics/writer/sorted.js'

const START = Date.UTC(2026, 4, 17, 12)
const METRICS = 12
const ENTITIES = 30
const catalogue = createCatalogue({ limits: DEFAULT_LIMITS })
const metrics = Array.from({ length: METRICS }, (_, i) => catalogue.addMetric({ name: `m${i}` }))
const entities = Array.from({ length: ENTITIES }, (_, i) =>
  catalogue.addEntity({ category: 'HOST', name: `h${i}`, attributes: {} }),
)
const series = entities.map((entity) => metrics.map((metric) => catalogue.addSeries(metric, entity)))
const pool = createChunkPool()
const appendSorted = createAppendSorted(catalogue)

/** The metrics of a line, and of which entity at which time it is. */
interface Line {
  metrics: readonly number[]
  entity: number
  time: number
}

function batchOf(lines: readonly Line[]): SampleColumns {
  const samples = lines.flatMap(({ metrics, entity, time }) =>
    metrics.map((m) => [series[entity]![m]!, time]),
  )
  return {
    length: samples.length,
    series: Uint32Array.from(samples, ([s]) => s!),
    time: Float64Array.from(samples, ([, time]) => START + time!),
    // Each sample another value, so that it is seen which of two came first.
    value: Float64Array.from(samples, (_, i) => i),
  }
}

function rowsOf({ chunks }: Commit) {
  return chunks.flatMap((chunk) => {
    const ids = (column: Float64Array) => new BigUint64Array(column.buffer, column.byteOffset, chunk.rows)
    return Array.from({ length: chunk.rows }, (_, i) => ({
      metric: ids(chunk.metric)[i]!,
      entity: ids(chunk.entity)[i]!,
      time: chunk.time[2 * i]! + 2 ** 32 * chunk.time[2 * i + 1]!,
      value: chunk.value[i]!,
    }))
  })
}

type Row = ReturnType<typeof rowsOf>[number]
const compare = (a: Row, b: Row) =>
  Number(a.metric - b.metric) || Number(a.entity - b.entity) || a.time - b.time || a.value - b.value

function expectSame(batch: SampleColumns): boolean {
  const plain = newCommit()
  appendSamples(plain, pool, catalogue, batch)
  const seen = catalogue.seenTimes().slice()
  catalogue.seenTimes().fill(0)
  const sorted = newCommit()
  const isSorted = appendSorted(sorted, pool, batch)
  if (isSorted) {
    expect(rowsOf(sorted)).toEqual(rowsOf(plain).sort(compare))
    expect(sorted.rows).toBe(plain.rows)
    expect(sorted.touched).toEqual(plain.touched)
    expect(catalogue.seenTimes()).toEqual(seen)
  } else expect(sorted).toEqual(newCommit())
  pool.give(plain.chunks)
  pool.give(sorted.chunks)
  catalogue.seenTimes().fill(0)
  return isSorted
}

const shape = fc.uniqueArray(fc.nat(METRICS - 1), { minLength: 1, maxLength: 4 })
const place = { entity: fc.nat(ENTITIES - 1), time: fc.nat(20).map((n) => n * 60_000) }

describe('a batch in the order of the table', () => {
  it('has the rows of the batch, each with its entity, time and value, whatever comes', () => {
    const lines = fc.array(fc.record({ metrics: shape, ...place }), { maxLength: 60 })
    fc.assert(fc.property(lines, (batch) => void expectSame(batchOf(batch))))
  })

  it('is made of lines of several measurements, also when they repeat and are late', () => {
    const shapes = fc
      .shuffledSubarray([...metrics.keys()], { minLength: 4 })
      .map((list) => [list.slice(0, 1), list.slice(1, 3), list.slice(3)])
    // A line of the same entity and time as the one before would be the same line.
    const batch = shapes.chain((all) =>
      fc
        .array(fc.record({ metrics: fc.constantFrom(...all), ...place }), { maxLength: 200 })
        .map((list) =>
          list.filter(
            ({ entity, time }, i) => i === 0 || list[i - 1]!.entity !== entity || list[i - 1]!.time !== time,
          ),
        ),
    )
    fc.assert(fc.property(batch, (lines) => void expect(expectSame(batchOf(lines))).toBe(true)))
  })

  it('is made of more rows than a chunk has, and of series that were forgotten', () => {
    const lines = Array.from({ length: 12_000 }, (_, n) => ({
      metrics: [7, 3, 5, 1],
      entity: (n * 17) % ENTITIES,
      time: Math.floor(n / ENTITIES) * 10_000,
    }))
    expect(expectSame(batchOf(lines))).toBe(true)
    const forgotten = series[3]![5]!
    catalogue.forget([forgotten])
    expect(catalogue.entitiesOf(metrics[5]!)).not.toContain(entities[3])
    expect(appendSorted(newCommit(), pool, batchOf(lines))).toBe(true)
    expect(catalogue.entitiesOf(metrics[5]!)).toContain(entities[3])
  })

  it('is not made when times run backwards for long: that would take for ever', () => {
    const lines = Array.from({ length: 100_000 }, (_, n) => ({ metrics: [2], entity: 4, time: -n }))
    const commit = newCommit()
    expect(appendSorted(commit, pool, batchOf(lines))).toBe(true)
    expect(rowsOf(commit).map(({ value }) => value)).toEqual([...lines.keys()])
  })
})
