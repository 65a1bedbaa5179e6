import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Course, follow, holdMs } from '../../src/health/evaluate/flapping.js'
import { BAD, CONCERNING, GOOD, type Health, NOT_AVAILABLE } from '../../src/health/summary.js'
import { judge, parseLimits } from '../../src/health/tests/thresholds.js'
import type { ThresholdsDefinition } from '../../src/wire/health-tests.js'

const definition: ThresholdsDefinition = {
  parameter: 'x_thresholds',
  label: 'x',
  warning: '50',
  critical: '70',
  direction: 'above',
  unit: 'percent',
}
const below = { ...definition, warning: '20', critical: '10', direction: 'below' as const }

describe('thresholds', () => {
  it('read numbers and words, as texts and as numbers', () => {
    expect(parseLimits('{"warning":"any","critical":12.5}', definition)).toEqual({
      warning: 0,
      critical: 12.5,
      above: true,
    })
    expect(parseLimits('{"warning":"never","critical":"never"}', definition)).toEqual({
      warning: Number.NaN,
      critical: Number.NaN,
      above: true,
    })
  })

  it.each(['', 'nonsense', '[]', 'null', '{"warning":{}}', '{"warning":"much","critical":""}'])(
    'that cannot be read are those of the definition: %s',
    (text) => {
      expect(parseLimits(text, definition)).toEqual({ warning: 50, critical: 70, above: true })
    },
  )

  it.each([
    [50, GOOD],
    [50.01, CONCERNING],
    [70, CONCERNING],
    [71, BAD],
  ] as const)('judge %d against 50 and 70 from above: %i', (value, expected) => {
    expect(judge(value, parseLimits(undefined, definition))).toBe(expected)
  })

  it.each([
    [20, GOOD],
    [19, CONCERNING],
    [10, CONCERNING],
    [9, BAD],
  ] as const)('judge %d against 20 and 10 from below: %i', (value, expected) => {
    expect(judge(value, parseLimits(undefined, below))).toBe(expected)
  })

  it.each([
    [{ ...definition, inclusive: true }, [49, 50, 70], [GOOD, CONCERNING, BAD]],
    [{ ...below, inclusive: true }, [21, 20, 10], [GOOD, CONCERNING, BAD]],
    [{ ...definition, warning: 'any', critical: 'never', inclusive: true }, [0, 1e-9], [GOOD, CONCERNING]],
  ] as const)('that include themselves judge a value at them as beyond', (given, values, expected) => {
    const limits = parseLimits(undefined, given)
    expect(values.map((value) => judge(value, limits))).toEqual(expected)
  })

  it('let a value that hovers around a threshold change the result once', () => {
    const limits = parseLimits(undefined, definition)
    fc.assert(
      fc.property(fc.array(fc.double({ min: 47.6, max: 52, noNaN: true }), { minLength: 2 }), (values) => {
        let health: Health = GOOD
        let changes = 0
        for (const value of values) {
          const next = judge(value, limits, health)
          if (next !== health) changes++
          health = next
        }
        expect(changes).toBeLessThanOrEqual(1)
      }),
    )
    expect(judge(47, limits, CONCERNING)).toBe(GOOD)
    expect(judge(69, limits, BAD)).toBe(BAD)
    expect(judge(60, limits, BAD)).toBe(CONCERNING)
  })

  it('never hide that a value is bad, whatever the result was before', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.constantFrom<Health>(GOOD, CONCERNING, BAD, NOT_AVAILABLE),
        fc.constantFrom(definition, below),
        (value, before, of) => {
          const limits = parseLimits(undefined, of)
          expect(judge(value, limits, before)).toBeGreaterThanOrEqual(judge(value, limits))
        },
      ),
    )
  })
})

describe('flapping', () => {
  const fresh = (): Course => ({ summary: GOOD, worseAt: 0, worsenings: 0, betterSince: 0 })
  const START = 1_700_000_000_000

  it('never delays that something gets worse', () => {
    const steps = fc.array(
      fc.record({
        observed: fc.constantFrom<Health>(GOOD, CONCERNING, BAD),
        wait: fc.integer({ min: 1, max: 120_000 }),
      }),
    )
    fc.assert(
      fc.property(steps, (list) => {
        const course = fresh()
        let now = START
        for (const { observed, wait } of list) {
          now += wait
          follow(course, observed, now)
          expect(course.summary).toBeGreaterThanOrEqual(observed)
        }
      }),
    )
  })

  it('takes the first recoveries over at once, and later ones when they have held', () => {
    const course = fresh()
    let now = START
    const changes: string[] = []
    // A minute bad, a minute good, for an hour.
    for (let minute = 0; minute < 60; minute++) {
      for (let s = 0; s < 60; s += 2) {
        now += 2_000
        if (follow(course, minute % 2 === 0 ? BAD : GOOD, now)) changes.push(`${minute} ${course.summary}`)
      }
    }
    // Sixty changes of what is seen become few of what is said.
    expect(changes.length).toBeLessThan(12)
    expect(changes.slice(0, 4)).toEqual(['0 2', '1 0', '2 2', '3 0'])
    expect(course.summary).toBe(BAD)
    expect(holdMs(course, now)).toBeLessThanOrEqual(480_000)
    for (let s = 0; s <= 480; s += 2) follow(course, GOOD, now + 1000 * s)
    expect(course.summary).toBe(GOOD)
  })

  it('is forgotten after a quarter of an hour without getting worse', () => {
    const course: Course = { summary: BAD, worseAt: START, worsenings: 9, betterSince: 0 }
    expect(follow(course, GOOD, START + 60_000)).toBe(false)
    expect(follow({ ...course, betterSince: 0 }, GOOD, START + 901_000)).toBe(true)
  })

  it('does not hold back what becomes unknown', () => {
    const course: Course = { summary: BAD, worseAt: START, worsenings: 9, betterSince: 0 }
    expect(follow(course, NOT_AVAILABLE, START + 1)).toBe(true)
  })
})
