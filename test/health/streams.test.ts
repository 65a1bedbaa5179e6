import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createStreams } from '../../src/health/evaluate/streams.js'

const MINUTE = 60_000
const START = 1_700_000_000_000

describe('figures of a window', () => {
  it('are those of its samples, but for the oldest twelfth', () => {
    const samples = fc.array(
      fc.record({ gap: fc.integer({ min: 1, max: 40_000 }), value: fc.integer({ min: -100, max: 100 }) }),
      { minLength: 1, maxLength: 60 },
    )
    fc.assert(
      fc.property(samples, (list) => {
        const streams = createStreams(() => Number.POSITIVE_INFINITY)
        const kinds = ['sum', 'mean', 'min', 'max', 'last'] as const
        const slots = kinds.map((kind) => streams.slot(streams.stream('m', kind, 5 * MINUTE), 1))
        let time = START
        const stored = list.map(({ gap, value }) => {
          time += gap
          for (const slot of slots) streams.put(slot, time, value)
          return { time, value }
        })
        // What is in the window is what lies behind the start of the bucket that is 11 before now's.
        const width = (5 * MINUTE) / 12
        const from = (Math.floor(time / width) - 11) * width
        const inside = stored.filter((each) => each.time >= from - 1e-3).map((each) => each.value)
        const sum = inside.reduce((a, b) => a + b, 0)
        const [sums, mean, min, max, last] = slots.map((slot) => streams.valueOf(slot, time))
        expect(sums).toBe(sum)
        expect(mean).toBeCloseTo(sum / inside.length, 9)
        expect(min).toBe(Math.min(...inside))
        expect(max).toBe(Math.max(...inside))
        expect(last).toBe(stored.at(-1)!.value)
      }),
    )
  })

  it('leave when their time is over', () => {
    const streams = createStreams(() => START)
    const slot = streams.slot(streams.stream('m', 'sum', 5 * MINUTE), 1)
    streams.put(slot, START, 3)
    expect(streams.valueOf(slot, START + 4 * MINUTE)).toBe(3)
    expect(streams.valueOf(slot, START + 5 * MINUTE)).toBeNaN()
  })

  it('of a counter grow by what it grew, also when it starts over', () => {
    const streams = createStreams(() => START + MINUTE)
    const increase = streams.slot(streams.stream('c', 'increase', 5 * MINUTE), 1)
    const rate = streams.slot(streams.stream('c', 'rate', 5 * MINUTE), 1)
    const raised = streams.slot(streams.stream('c', 'raised', 5 * MINUTE), 1)
    ;[100, 130, 5, 15].forEach((value, i) => {
      for (const slot of [increase, rate, raised]) streams.put(slot, START + 1000 * i, value)
    })
    expect(streams.valueOf(increase, START + 4000)).toBe(45)
    expect(streams.valueOf(rate, START + 4000)).toBeCloseTo(45 / 300, 9)
    expect(streams.valueOf(raised, START + 4000)).toBe(15)
  })

  it('do not count what comes twice, too late, from the future, or is no number', () => {
    const streams = createStreams(() => START + MINUTE)
    const slot = streams.slot(streams.stream('m', 'sum', 5 * MINUTE), 1)
    streams.put(slot, START, 1)
    streams.put(slot, START, 1)
    streams.put(slot, START - 1, 1)
    streams.put(slot, START + 1, Number.NaN)
    streams.put(slot, START + 1, Number.POSITIVE_INFINITY)
    streams.put(slot, START + 3_600_000, 1)
    streams.put(slot, START + 2, 1)
    expect(streams.valueOf(slot, START + 3)).toBe(2)
    expect(streams.timeOf(slot)).toBe(START + 2)
  })

  it('of several streams of a metric are all reached from the first', () => {
    const streams = createStreams()
    const made = (['mean', 'last', 'max'] as const).map((kind) =>
      streams.slot(streams.stream('m', kind, MINUTE), 7),
    )
    const found: number[] = []
    for (let slot = streams.firstSlot('m', 7); slot >= 0; slot = streams.next(slot)) found.push(slot)
    expect(found).toEqual(made)
    expect(streams.firstSlot('m', 8)).toBe(-1)
  })
})

describe('places that are given up', () => {
  it('are given to others, who begin anew; and each owner finds its own, in the order in which they were made', () => {
    const act = fc.record({
      does: fc.constantFrom('make', 'make', 'make', 'drop', 'dropOne'),
      owner: fc.integer({ min: 1, max: 4 }),
      window: fc.constantFrom(0, MINUTE, 5 * MINUTE),
    })
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const streams = createStreams(() => START)
        const streamOf = (window: number) => streams.stream('m', window === 0 ? 'last' : 'sum', window)
        const expected = new Map<number, number[]>()
        for (const { does, owner, window } of acts) {
          const mine = expected.get(owner) ?? []
          const rest = mine.filter((each) => each !== window)
          if (does === 'drop') {
            streams.drop(owner)
            expected.delete(owner)
          } else if (does === 'dropOne') {
            streams.dropOne(streamOf(window), owner)
            expected.set(owner, rest)
          } else if (rest.length === mine.length) {
            const slot = streams.slot(streamOf(window), owner)
            expect(streams.timeOf(slot)).toBe(0)
            expect(streams.valueOf(slot, START)).toBeNaN()
            streams.put(slot, START, owner)
            expect(streams.valueOf(slot, START)).toBe(owner)
            expected.set(owner, [...mine, window])
          }
          const all = [...expected.values()].flat().length
          expect(streams.count).toBe(all)
          for (const [each, windows] of expected) {
            const found: number[] = []
            for (let slot = streams.firstSlot('m', each); slot >= 0; slot = streams.next(slot)) {
              expect(streams.valueOf(slot, START)).toBe(each)
              found.push(streams.streamOf(slot).windowMs)
            }
            expect(found).toEqual(windows)
          }
        }
      }),
    )
  })
})
