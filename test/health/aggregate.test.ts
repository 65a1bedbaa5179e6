import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pair, percentHealthy, singleton, worst } from '../../src/health/aggregate/aggregate.js'
import { BAD, CONCERNING, DISABLED, GOOD, type Health, NOT_AVAILABLE } from '../../src/health/summary.js'

const health = fc.constantFrom<Health>(GOOD, CONCERNING, BAD, DISABLED, NOT_AVAILABLE)
const result = fc.record({ health, suppressed: fc.boolean() })
const limits = fc
  .tuple(fc.constantFrom(Number.NaN, 0, 50, 90, 95, 99, 100), fc.constantFrom(Number.NaN, 0, 51, 90, 100))
  .map(([warning, critical]) => ({ warning, critical, above: false }))
/** How bad a summary is for an entity; what is not known is not bad. */
const badness = (each: Health) => (each <= BAD ? each : -1)

describe('worst of the tests', () => {
  it('is BAD if any counted test is BAD, else CONCERNING if any is, else GOOD if any is', () => {
    fc.assert(
      fc.property(fc.array(result), (results) => {
        const counted = results.filter((each) => !each.suppressed).map((each) => each.health)
        const found = worst(results)
        for (const each of [BAD, CONCERNING, GOOD, NOT_AVAILABLE] as const)
          if (counted.includes(each)) {
            expect(found).toBe(each)
            return
          }
        expect(found).toBe(DISABLED)
      }),
    )
  })

  it('does not depend on the order, nor on results that are there twice', () => {
    fc.assert(
      fc.property(fc.array(result), fc.array(fc.nat()), (results, keys) => {
        const shuffled = results
          .map((each, i) => [keys[i] ?? 0, each] as const)
          .sort((a, b) => a[0] - b[0])
          .map(([, each]) => each)
        expect(worst(shuffled)).toBe(worst(results))
        expect(worst([...results, ...results])).toBe(worst(results))
      }),
    )
  })

  it('never gets worse by a suppression', () => {
    fc.assert(
      fc.property(fc.array(result, { minLength: 1 }), fc.nat(), (results, which) => {
        const at = which % results.length
        const suppressed = results.map((each, i) => (i === at ? { ...each, suppressed: true } : each))
        expect(badness(worst(suppressed))).toBeLessThanOrEqual(badness(worst(results)))
      }),
    )
  })
})

describe('percent healthy', () => {
  it('never gets better when a member gets worse', () => {
    const known = fc.constantFrom<Health>(GOOD, CONCERNING, BAD)
    fc.assert(
      fc.property(fc.array(known, { minLength: 1 }), fc.nat(), limits, (members, which, bounds) => {
        const at = which % members.length
        const worsened = members.map((each, i) => (i === at ? (Math.min(each + 1, BAD) as Health) : each))
        expect(percentHealthy(worsened, bounds).health).toBeGreaterThanOrEqual(
          percentHealthy(members, bounds).health,
        )
      }),
    )
  })

  it('does not depend on the order, and leaves out who is disabled or unknown', () => {
    fc.assert(
      fc.property(fc.array(health), limits, (members, bounds) => {
        const census = percentHealthy(members, bounds)
        expect(percentHealthy([...members].reverse(), bounds)).toEqual(census)
        const known = members.filter((each) => each <= BAD)
        if (known.length > 0) expect(percentHealthy(known, bounds).health).toBe(census.health)
        else expect(census.health).toBe(members.includes(NOT_AVAILABLE) ? NOT_AVAILABLE : DISABLED)
      }),
    )
  })

  it.each([
    [[20, 0, 0], GOOD],
    [[19, 0, 1], GOOD],
    [[18, 1, 1], CONCERNING],
    [[18, 0, 2], CONCERNING],
    [[17, 0, 3], BAD],
  ] as const)('at 95 and 90 percent is %j: %i', ([good, concerning, bad], expected) => {
    const members: Health[] = [
      ...Array<Health>(good).fill(GOOD),
      ...Array<Health>(concerning).fill(CONCERNING),
      ...Array<Health>(bad).fill(BAD),
    ]
    expect(percentHealthy(members, { warning: 95, critical: 90, above: false }).health).toBe(expected)
  })
})

describe('a singleton', () => {
  it('gives the service its health, and is no test where there is none', () => {
    expect(singleton([CONCERNING])).toBe(CONCERNING)
    expect(singleton([])).toBe(DISABLED)
  })
})

describe('active and standby', () => {
  const member = fc.record({
    health,
    active: fc.constantFrom<boolean | undefined>(true, false, undefined),
  })

  it('is never GOOD without exactly one active member', () => {
    fc.assert(
      fc.property(fc.array(member, { maxLength: 4 }), (members) => {
        const active = members.filter((each) => each.active && each.health !== DISABLED)
        if (pair(members, 'active') === GOOD) expect(active).toHaveLength(1)
        if (active.length > 1) expect(pair(members, 'active')).toBe(BAD)
      }),
    )
  })

  it('asks for a standby only of a pair', () => {
    expect(pair([{ health: GOOD, active: true }], 'standby')).toBe(DISABLED)
    const active = { health: GOOD as Health, active: true }
    expect(pair([active, { health: BAD, active: false }], 'standby')).toBe(CONCERNING)
    expect(pair([active, { health: GOOD, active: false }], 'standby')).toBe(GOOD)
    expect(
      pair(
        [
          { health: BAD, active: false },
          { health: GOOD, active: false },
        ],
        'active',
      ),
    ).toBe(BAD)
  })
})
