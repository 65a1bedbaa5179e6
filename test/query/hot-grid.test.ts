import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Columns } from '../../src/metrics/hot/columns.js'
import type { ResampleName } from '../../src/query/functions/resample.js'
import { gridTimes, HotGrid } from '../../src/query/run/hot-grid.js'
import { HotSlices } from '../../src/query/run/hot-slices.js'

const FOLDS: Record<ResampleName, (values: readonly number[]) => number> = {
  avg: (values) => values.reduce((a, b) => a + b) / values.length,
  sum: (values) => values.reduce((a, b) => a + b),
  min: (values) => values.reduce((a, b) => (b < a ? b : a)),
  max: (values) => values.reduce((a, b) => (b > a ? b : a)),
  count: (values) => values.length,
  last: (values) => values.at(-1) as number,
}

/** Samples that come later, late or again, of two series; and questions in between. */
const put = fc.record({
  slot: fc.integer({ min: 0, max: 1 }),
  from: fc.integer({ min: 0, max: 900 }),
  length: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 400 })),
  value: fc.integer({ min: -1000, max: 1000 }),
})
const question = fc.record({
  slot: fc.integer({ min: 0, max: 1 }),
  start: fc.integer({ min: 0, max: 500 }),
  step: fc.constantFrom(7, 60, 200, 500, 1300),
  by: fc.constantFrom(...(Object.keys(FOLDS) as ResampleName[])),
})

test('buckets are what their samples give, whatever was asked before and has come since', () => {
  let wide = 0
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.array(put, { maxLength: 6 }), fc.array(question, { maxLength: 4 })), {
        maxLength: 12,
      }),
      fc.boolean(),
      (rounds, compacts) => {
        const columns = new Columns(1300)
        const model = [new Map<number, number>(), new Map<number, number>()]
        for (const [puts, questions] of rounds) {
          for (const { slot, from, length, value } of puts)
            for (let t = from; t < from + length; t++) {
              columns.put(slot, t, value + (t % 13))
              model[slot]?.set(t, value + (t % 13))
            }
          if (compacts) columns.compact()
          for (const { slot, start, step, by } of questions) {
            const count = Math.ceil((1300 - start) / step)
            const grid = { from: start, step, count }
            const slices = new HotSlices(start, start + count * step - 1)
            const metric = { chunks: [columns], slotsOf: () => new Int32Array(0) }
            const found = new HotGrid(grid, by, gridTimes(grid, 1)).row(0, slices.at(metric, slot))
            const points: [number, number][] = []
            for (let i = found?.start ?? 0; i < (found?.end ?? 0); i++)
              points.push([found?.times[i] as number, found?.values[i] as number])
            const expected: [number, number][] = []
            const sorted = [...(model[slot] as Map<number, number>)].sort(([a], [b]) => a - b)
            for (let b = 0; b < count; b++) {
              const within = sorted.filter(([t]) => t >= start + b * step && t < start + (b + 1) * step)
              if (within.length === 0) continue
              if (within.length > 128) wide++
              expected.push([start + (b + 1) * step, FOLDS[by](within.map(([, v]) => v))])
            }
            expect(points).toEqual(expected)
          }
        }
      },
    ),
    { numRuns: 150, seed: 21 },
  )
  expect(wide).toBeGreaterThan(100)
})
