import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDuration, formatInstant, formatInterval, formatTimeTicks } from '../../web/src/format/time.js'
import {
  formatTicks,
  formatValue,
  PERCENT,
  PLAIN,
  tickSteps,
  type Unit,
  unitOf,
} from '../../web/src/format/units.js'

const BYTES = unitOf(['bytes'], [])
const BYTES_PER_SECOND = unitOf(['bytes'], ['seconds'])
const MS = unitOf(['ms'], [])
const SECONDS = unitOf(['seconds'], [])

describe('units of streams', () => {
  it('cancels what stands above and below', () => expect(unitOf(['seconds'], ['seconds'])).toEqual(PLAIN))
  it('knows no unit as a plain number', () => expect(unitOf([], [])).toEqual(PLAIN))
  it('keeps nouns', () => expect(unitOf(['packets'], ['seconds']).suffix).toBe(' packets/s'))
  it('keeps unknown denominators', () => expect(unitOf([], ['fortnights']).suffix).toBe('/fortnights'))
})

describe('values', () => {
  it.each<[number, Unit, string]>([
    [0, BYTES, '0 B'],
    [1023, BYTES, '1023 B'],
    [1024, BYTES, '1 KiB'],
    [1536, BYTES, '1.5 KiB'],
    [16 * 1024 ** 3, BYTES, '16 GiB'],
    [5.66e6, BYTES_PER_SECOND, '5.4 MiB/s'],
    [37.46, PERCENT, '37.5%'],
    [100, PERCENT, '100%'],
    [0.05, PERCENT, '0.05%'],
    [0.854, MS, '854 µs'],
    [4.2, MS, '4.2 ms'],
    [90, SECONDS, '1.5 min'],
    [0.0025, SECONDS, '2.5 ms'],
    [0, SECONDS, '0 ms'],
    [1_234_567, PLAIN, '1.23M'],
    [950, PLAIN, '950'],
    [-1500, PLAIN, '-1.5k'],
    [0.00002, PLAIN, '2.0e-5'],
    [1200, unitOf(['packets'], ['seconds']), '1.2k packets/s'],
    [Number.POSITIVE_INFINITY, PLAIN, '∞'],
    [Number.NaN, PLAIN, '–'],
  ])('writes %d', (value, unit, text) => expect(formatValue(value, unit)).toBe(text))

  it('writes every number in a few characters', () => {
    const unit = fc.constantFrom(BYTES, BYTES_PER_SECOND, PERCENT, MS, SECONDS, PLAIN)
    fc.assert(
      fc.property(fc.double(), unit, (value, of) => {
        const text = formatValue(value, of)
        expect(text.length).toBeGreaterThan(0)
        expect(text.length).toBeLessThan(20)
        expect(text).not.toMatch(/NaN|undefined/)
      }),
    )
  })
})

describe('axes', () => {
  it('uses one scale for all ticks, in steps of 1024 for bytes', () => {
    const GIB = 1024 ** 3
    expect(formatTicks([0, 4 * GIB, 8 * GIB], BYTES)).toEqual(['0', '4 GiB', '8 GiB'])
    expect(formatTicks([0, GIB / 2, GIB], BYTES)).toEqual(['0', '0.5 GiB', '1.0 GiB'])
  })
  it('shows as many decimals as the ticks need', () => {
    expect(formatTicks([0.1, 0.15, 0.2], PLAIN)).toEqual(['0.10', '0.15', '0.20'])
    expect(formatTicks([0, 20, 40], PERCENT)).toEqual(['0', '20%', '40%'])
  })
  it('never labels two ticks alike', () => {
    const unit = fc.constantFrom(BYTES, PERCENT, MS, SECONDS, PLAIN)
    fc.assert(
      fc.property(unit, fc.nat(60), fc.integer({ min: 0, max: 6 }), (of, pick, first) => {
        const steps = tickSteps(of).filter((step) => step >= 1e-4 && step < 1e15)
        const step = steps[pick % steps.length] as number
        const ticks = [first * step, (first + 1) * step, (first + 2) * step]
        expect(new Set(formatTicks(ticks, of)).size).toBe(3)
      }),
    )
  })
  it('has steps in ascending order', () => {
    for (const unit of [BYTES, MS, SECONDS, PLAIN]) {
      const steps = tickSteps(unit)
      expect([...steps].sort((a, b) => a - b)).toEqual(steps)
    }
  })
})

describe('times', () => {
  const at = Date.UTC(2026, 10, 20, 23, 59, 30)
  it('writes instants on a 24-hour clock', () => {
    expect(formatInstant(at, true)).toBe('2026-11-20 23:59:30')
    expect(formatInstant(at + 5, true)).toBe('2026-11-20 23:59:30.005')
  })
  it('repeats nothing in an interval', () => {
    expect(formatInterval(at - 3_600_000, at, true)).toBe('Nov 20 22:59 – 23:59')
    expect(formatInterval(at, at + 3_600_000, true)).toBe('Nov 20 23:59 – Nov 21 00:59')
  })
  it('says the day where it begins', () => {
    const ticks = [at - 30_000, at + 30_000, at + 90_000]
    expect(formatTimeTicks(ticks, 60_000, true)).toEqual(['23:59\nNov 20', '00:00\nNov 21', '00:01'])
    expect(formatTimeTicks([Date.UTC(2026, 11, 31), Date.UTC(2027, 0, 1)], 86_400_000, true)).toEqual([
      'Dec 31',
      'Jan 1\n2027',
    ])
  })
  it('writes durations in two units at most', () => {
    expect(formatDuration(500)).toBe('500 ms')
    expect(formatDuration(5000)).toBe('5 s')
    expect(formatDuration(5_400_000)).toBe('1 h 30 min')
  })
})
