import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCounters, difference } from '../../src/agent/collectors/counters.js'

const WRAP = 2 ** 32

describe('rates of counters', () => {
  it('are growth over the real time between two readings, never negative', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 2 ** 31 }), fc.integer({ min: 1, max: 100_000 }))),
        (steps) => {
          const counters = createCounters()
          let [value, at] = [0, 0]
          counters.growth('c', value, at)
          for (const [step, ms] of steps) {
            counters.sweep()
            value += step
            at += ms
            expect(counters.growth('c', value, at)).toEqual({ delta: step, seconds: ms / 1000 })
          }
        },
      ),
    )
  })

  it('are not given for the first reading, after a restart of the source, or when no time has passed', () => {
    const counters = createCounters()
    expect(counters.growth('c', 100, 0)).toBeUndefined()
    counters.sweep()
    expect(counters.growth('c', 5, 1000)).toBeUndefined()
    counters.sweep()
    expect(counters.growth('c', 7, 2000)).toEqual({ delta: 2, seconds: 1 })
    counters.sweep()
    expect(counters.growth('c', 9, 2000)).toBeUndefined()
  })

  it('are not given across a round in which the source was missing: another device may have its name', () => {
    const counters = createCounters()
    counters.growth('sdb', 100, 0)
    counters.sweep()
    counters.sweep()
    expect(counters.growth('sdb', 200, 2000)).toBeUndefined()
  })

  it('go on over a wrap, and take a restart for what it is', () => {
    fc.assert(
      fc.property(fc.nat({ max: WRAP - 1 }), fc.nat({ max: WRAP / 2 - 1 }), (before, step) => {
        expect(difference(before, (before + step) % WRAP, WRAP)).toBe(step)
      }),
    )
    expect(difference(10_000, 5, WRAP)).toBeUndefined()
    expect(difference(WRAP - 1, 5)).toBeUndefined()
  })

  it('leave garbage out', () => {
    const counters = createCounters()
    for (const value of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      expect(counters.growth('c', value, 0)).toBeUndefined()
      counters.sweep()
    }
    counters.growth('c', 1.8446744073709552e19, 1000)
    counters.sweep()
    expect(counters.growth('c', 1.8446744073709552e19, 2000)).toEqual({ delta: 0, seconds: 1 })
  })
})
