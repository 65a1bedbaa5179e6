import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isolatedPoints } from '../../web/src/chart/isolated.js'
import { gapLimit, joinStreams, type TimedValues } from '../../web/src/chart/join.js'
import { interpolate, stackColumns } from '../../web/src/chart/stack.js'

const timed = (
  times: number[],
  values: number[] = times.map(() => 1),
  frequencyMs: number | null = 10,
): TimedValues => ({
  times: Float64Array.from(times),
  values: Float64Array.from(values),
  frequencyMs,
})
const ALL = { from: 0, to: 1000 }

describe('streams with the same times', () => {
  it('are joined as they are', () => {
    const joined = joinStreams([timed([10, 20], [1, 2]), timed([10, 20], [3, 4])], ALL, 500)
    expect(joined).toEqual({
      times: [10, 20],
      columns: [
        [1, 2],
        [3, 4],
      ],
      points: 4,
    })
  })
})

describe('streams with times of their own', () => {
  it('leave each other’s times open', () => {
    const joined = joinStreams([timed([10, 20], [1, 2]), timed([15, 25], [3, 4])], ALL, 500)
    expect(joined.times).toEqual([10, 15, 20, 25])
    expect(joined.columns).toEqual([
      [1, undefined, 2, undefined],
      [undefined, 3, undefined, 4],
    ])
  })
})

describe('gaps', () => {
  it('break a line that misses more than two collections', () => {
    const { times, columns } = joinStreams([timed([10, 20, 60, 70])], ALL, 500)
    expect(times).toEqual([10, 20, 40, 60, 70])
    expect(columns[0]).toEqual([1, 1, null, 1, 1])
  })
  it('do not break a line that misses one', () => {
    expect(joinStreams([timed([10, 20, 40, 50])], ALL, 500).columns[0]).toEqual([1, 1, 1, 1])
  })
  it('break only the stream that has them', () => {
    const { times, columns } = joinStreams([timed([10, 60]), timed([10, 20, 30, 40, 50, 60])], ALL, 500)
    const open = columns[0]?.filter((value) => value === null)
    expect(open).toHaveLength(1)
    expect(columns[1]).not.toContain(null)
    expect(times).toHaveLength(7)
  })
  it('are judged by the usual distance where no frequency is known', () => {
    expect(gapLimit(timed([0, 10, 20, 30], undefined, null))).toBe(100)
    expect(gapLimit(timed([0, 10], undefined, null))).toBe(Number.POSITIVE_INFINITY)
    expect(gapLimit(timed([0, 10, 20], undefined, 0))).toBe(100)
  })
  it('stand where a value is not a number', () => {
    expect(joinStreams([timed([10, 20, 30], [1, Number.NaN, 3])], ALL, 500).columns[0]).toEqual([1, null, 3])
  })
})

describe('a big answer', () => {
  const streams = Array.from({ length: 250 }, (_, s) => {
    const times = Array.from({ length: 400 }, (_, i) => i * 10_000 + s * 37)
    return timed(
      times,
      times.map((time) => Math.sin(time / 1e6 + s) * (time === 2_000_000 + s * 37 ? 1000 : 1)),
      10_000,
    )
  })
  const interval = { from: 0, to: 4_000_000 }

  it('is put on a grid as fine as the chart, in a table of bounded size', () => {
    const joined = joinStreams(streams, interval, 600)
    expect(joined.points).toBe(100_000)
    expect(joined.times.length).toBeLessThanOrEqual(1200)
    expect(joined.columns).toHaveLength(250)
  })

  it('keeps the smallest and the largest value of every stream', () => {
    const { columns } = joinStreams(streams, interval, 200)
    streams.forEach((stream, s) => {
      const drawn = (columns[s] ?? []).filter((value): value is number => typeof value === 'number')
      expect(Math.max(...drawn)).toBe(Math.max(...stream.values))
      expect(Math.min(...drawn)).toBe(Math.min(...stream.values))
    })
  })

  it('has its gaps on the grid too', () => {
    const holed = streams.map((stream) => {
      const keep = [...stream.times.keys()].filter((i) => i < 100 || i >= 200)
      return timed(
        keep.map((i) => stream.times[i] as number),
        keep.map((i) => stream.values[i] as number),
        10_000,
      )
    })
    for (const column of joinStreams(holed, interval, 600).columns) expect(column).toContain(null)
    for (const column of joinStreams(streams, interval, 600).columns) expect(column).not.toContain(null)
  })
})

it('every point is in the table of a small answer, and nothing else is', () => {
  const stream = fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { maxLength: 30 }).map((times) =>
    timed(
      times.sort((a, b) => a - b),
      times.map((time) => time * 2),
    ),
  )
  fc.assert(
    fc.property(fc.array(stream, { minLength: 1, maxLength: 5 }), (all) => {
      const { times, columns } = joinStreams(all, ALL, 500)
      expect([...times].sort((a, b) => a - b)).toEqual(times)
      all.forEach((one, i) => {
        const found = times.flatMap((time, row) =>
          typeof columns[i]?.[row] === 'number' ? [[time, columns[i]?.[row]]] : [],
        )
        expect(found).toEqual(Array.from(one.times, (time, p) => [time, one.values[p]]))
      })
    }),
  )
})

describe('points alone between two gaps', () => {
  it('are found, as no line would show them', () => {
    expect(isolatedPoints([1, null, 2, undefined, null, 3, undefined, 4])).toEqual([0, 2])
    expect(isolatedPoints([1, 2, undefined, 3])).toBeNull()
    expect(isolatedPoints([undefined, 1])).toEqual([1])
    expect(isolatedPoints([])).toBeNull()
  })
})

describe('stacks', () => {
  const times = [0, 10, 20, 30]
  it('add up from the first line', () => {
    expect(
      stackColumns(
        times,
        [
          [1, 1, 1, 1],
          [2, 2, 2, 2],
        ],
        [true, true],
      ),
    ).toEqual([
      [1, 1, 1, 1],
      [3, 3, 3, 3],
    ])
  })
  it('leave hidden lines out', () => {
    expect(
      stackColumns(
        times,
        [
          [1, 1, 1, 1],
          [2, 2, 2, 2],
        ],
        [false, true],
      )[1],
    ).toEqual([2, 2, 2, 2])
  })
  it('fill places between points on the line, and never beyond the ends', () => {
    expect(interpolate(times, [undefined, 1, undefined, 3])).toEqual([null, 1, 2, 3])
    expect(interpolate(times, [1, null, undefined, 3])).toEqual([1, null, null, 3])
  })
  it('have a gap only where every line has one', () => {
    expect(
      stackColumns(
        times,
        [
          [1, null, null, 1],
          [2, 2, null, 2],
        ],
        [true, true],
      )[1],
    ).toEqual([3, 2, null, 3])
  })
})
