import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Columns } from '../../src/metrics/hot/columns.js'
import { CHUNK_MS } from '../../src/metrics/hot/limits.js'
import type { ResampleName } from '../../src/query/functions/resample.js'
import { EvenTimes, joined } from '../../src/query/run/hot-aggregate.js'
import { gridTimes, HotFold, HotGrid } from '../../src/query/run/hot-grid.js'
import { HotSlices } from '../../src/query/run/hot-slices.js'

const FOLDS: Record<ResampleName, (values: readonly number[]) => number> = {
  avg: (values) => values.reduce((a, b) => a + b) / values.length,
  sum: (values) => values.reduce((a, b) => a + b),
  min: (values) => values.reduce((a, b) => (b < a ? b : a)),
  max: (values) => values.reduce((a, b) => (b > a ? b : a)),
  count: (values) => values.length,
  last: (values) => values.at(-1) as number,
}

const SECOND = 1000
const MINUTE = 60 * SECOND
/** Two chunks of samples that are ten seconds apart, as a rule. */
const PLACES = (2 * CHUNK_MS) / (10 * SECOND)

/** Samples of two series that come later, late, again or as NaN, some a little off; and questions in between. */
const put = fc.record({
  slot: fc.integer({ min: 0, max: 1 }),
  from: fc.integer({ min: 0, max: PLACES - 1 }),
  length: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 900 })),
  off: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 9999 })),
  value: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: -1000, max: 1000 }) }, fc.constant(Number.NaN)),
})
const question = fc.record({
  slot: fc.integer({ min: -1, max: 2 }),
  start: fc.oneof(
    fc.integer({ min: -60, max: 240 }).map((minutes) => minutes * MINUTE),
    fc.integer({ min: -9_999_999, max: 9_999_999 }),
  ),
  step: fc.oneof(
    fc.constantFrom(5, 10, 15, 35, 60, 120, 300).map((minutes) => minutes * MINUTE),
    fc.constantFrom(7 * SECOND, MINUTE, 299_999),
  ),
  by: fc.constantFrom(...(Object.keys(FOLDS) as ResampleName[])),
})

const pairs = (found: ReturnType<HotGrid['row']>) =>
  Array.from({ length: (found?.end ?? 0) - (found?.start ?? 0) }, (_, i) => {
    const at = (found?.start ?? 0) + i
    return [found?.times[at] as number, found?.values[at] as number]
  })

test('buckets and windows are what their samples give, whatever was asked before and has come since', () => {
  const even = new EvenTimes()
  const seen = { binned: 0, grown: 0, regular: 0, irregular: 0 }
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.array(put, { maxLength: 4 }), fc.array(question, { maxLength: 4 })), {
        maxLength: 10,
      }),
      fc.boolean(),
      (rounds, compacts) => {
        const chunks = [new Columns(0, CHUNK_MS), new Columns(CHUNK_MS, 2 * CHUNK_MS)]
        for (const chunk of chunks) chunk.onGrown = () => seen.grown++
        const metric = { chunks, slotsOf: () => new Int32Array(0) }
        const model = [new Map<number, number>(), new Map<number, number>()]
        for (const [puts, questions] of rounds) {
          for (const { slot, from, length, off, value } of puts)
            for (let place = from; place < Math.min(PLACES, from + length); place++) {
              const time = place * 10 * SECOND + off
              chunks[Math.floor(time / CHUNK_MS)]?.put(slot, time, value + (place % 13))
              if (Number.isNaN(value)) model[slot]?.delete(time)
              else model[slot]?.set(time, value + (place % 13))
            }
          if (compacts) for (const chunk of chunks) chunk.compact()
          for (const { slot, start, step, by } of questions) {
            // As queries ask: buckets begin at multiples of their step, or, against the rule, anywhere.
            const from = start % MINUTE === 0 ? Math.floor(start / step) * step : start
            const count = Math.ceil((2 * CHUNK_MS - from) / step)
            const grid = { from, step, count }
            const to = from + count * step - 1
            const sorted = [...(model[slot] ?? [])]
              .sort(([a], [b]) => a - b)
              .filter(([t]) => t >= from && t <= to)
            const expected: [number, number][] = []
            for (let b = 0, i = 0; b < count; b++) {
              const within: number[] = []
              for (; i < sorted.length && (sorted[i]?.[0] as number) < from + (b + 1) * step; i++)
                within.push(sorted[i]?.[1] as number)
              if (within.length > 0) expected.push([from + (b + 1) * step, FOLDS[by](within)])
            }
            expect(pairs(new HotGrid(grid, by, metric, gridTimes(grid, 1)).row(0, slot))).toEqual(expected)
            if (by !== 'last' && by !== 'count') {
              const fold = new HotFold(grid, by, metric)
              for (const each of [slot, slot]) fold.add(each)
              const twice = by === 'sum' ? 2 : 1
              expect(pairs(fold.points())).toEqual(expected.map(([t, v]) => [t, twice * v]))
              const width = chunks[0]?.bins('sum')?.width ?? 0
              if (width > 0 && step % width === 0 && from % width === 0) seen.binned += expected.length
            }
            const slices = new HotSlices(from, to).at(metric, slot)
            expect(slices.count === 0 ? [] : pairs(joined(slices, even))).toEqual(sorted)
            for (let s = 0; s < slices.count; s++) seen[slices.intervals[s] ? 'regular' : 'irregular']++
            expect(slices.samples).toBe(sorted.length)
          }
        }
      },
    ),
    { numRuns: 120, seed: 21 },
  )
  for (const times of Object.values(seen)) expect(times).toBeGreaterThan(50)
})

test('bins are as wide as makes them worth their memory, and what they take is counted', () => {
  const widthOf = (seconds: number, series: number) => {
    const columns = new Columns(0, 0)
    for (let slot = 0; slot < series; slot++)
      for (let t = 0; t < CHUNK_MS; t += seconds * SECOND) columns.put(slot, t, t)
    const before = columns.bytes
    const bins = columns.bins('sum')
    for (let slot = 0; slot < series; slot++) bins?.at(slot)
    if (bins !== undefined) expect(columns.bytes - before).toBe(series * (8 + 12 * bins.perSeries))
    expect(columns.bytes - before).toBeLessThan(0.1 * 16 * columns.rows)
    return bins?.width
  }
  expect([1, 10, 15, 30, 60, 300].map((seconds) => widthOf(seconds, 4))).toEqual([
    MINUTE,
    5 * MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    15 * MINUTE,
    undefined,
  ])
})
