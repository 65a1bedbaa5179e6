import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  absoluteRange,
  isLive,
  parseTime,
  rangeFromInput,
  resolveRange,
  shiftRange,
  shownInterval,
  TIME_PICKS,
  youngInterval,
  zoomOut,
} from '../../web/src/state/time.js'

const NOW = Date.UTC(2026, 10, 20, 12, 0, 0)

describe('points in time', () => {
  it.each([
    ['now', 0],
    ['now-6h', -6 * 3_600_000],
    [' NOW - 15m ', -15 * 60_000],
    ['now-1d12h', -36 * 3_600_000],
    ['now-1w+30s', -7 * 86_400_000 + 30_000],
  ])('reads %s', (text, offset) => expect(parseTime(text, NOW, false)).toBe(NOW + offset))

  it('reads instants with a zone whatever the page shows', () => {
    expect(parseTime('2026-11-20T06:30:00Z', NOW, true)).toBe(Date.UTC(2026, 10, 20, 6, 30))
    expect(parseTime('2026-11-20T06:30:00+02:00', NOW, true)).toBe(Date.UTC(2026, 10, 20, 4, 30))
  })

  it('reads dates without a zone as UTC or as local time', () => {
    expect(parseTime('2026-11-20 06:30', NOW, true)).toBe(Date.UTC(2026, 10, 20, 6, 30))
    expect(parseTime('2026-11-20 06:30:15.25', NOW, false)).toBe(
      new Date(2026, 10, 20, 6, 30, 15, 250).getTime(),
    )
    expect(parseTime('2026-11-20', NOW, true)).toBe(Date.UTC(2026, 10, 20))
  })

  it.each([
    '',
    'yesterday',
    'now-6',
    'now-6x',
    'now--6h',
    '2026-02-31',
    '2026-13-01',
    '2026-11-20 25:00',
    'now-999999999w',
    '12',
  ])('refuses %j', (text) => expect(parseTime(text, NOW, true)).toBeNull())

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseTime(text, NOW, true)))
  })
})

describe('ranges', () => {
  it('takes every usual pick', () => {
    for (const { range } of TIME_PICKS) {
      expect(resolveRange(range, NOW)?.to).toBe(NOW)
      expect(isLive(range)).toBe(true)
    }
  })

  it('refuses ends in the wrong order and says which end is wrong', () => {
    expect(resolveRange({ from: 'now', to: 'now-1h' }, NOW)).toBeNull()
    expect(rangeFromInput('now', 'now-1h', NOW, false)).toMatchObject({ end: 'to' })
    expect(rangeFromInput('soon', 'now', NOW, false)).toMatchObject({ end: 'from' })
    expect(rangeFromInput('now-1h', '', NOW, false)).toMatchObject({ end: 'to' })
  })

  it('keeps relative ends as written and makes others instants with a zone', () => {
    expect(rangeFromInput(' Now - 6h ', '2026-11-20 11:00', NOW, true)).toEqual({
      range: { from: 'now-6h', to: '2026-11-20T11:00:00.000Z' },
    })
  })

  it('makes absolute ranges that hold what was selected', () => {
    const offset = fc.double({ min: 0, max: 1e9, noNaN: true })
    fc.assert(
      fc.property(offset, offset, (a, width) => {
        const wanted = { from: NOW - a, to: NOW - a + width + 1 }
        const got = resolveRange(absoluteRange(wanted), NOW)
        expect(got?.from).toBeLessThanOrEqual(wanted.from)
        expect(got?.to).toBeGreaterThanOrEqual(wanted.to - 1)
      }),
    )
  })

  it('moves by parts of the width, and zooms out without reaching into the future', () => {
    const hour = { from: NOW - 3_600_000, to: NOW }
    expect(shiftRange(hour, -0.5)).toEqual(
      absoluteRange({ from: NOW - 1.5 * 3_600_000, to: NOW - 0.5 * 3_600_000 }),
    )
    expect(resolveRange(zoomOut(hour, NOW), NOW)).toEqual({ from: NOW - 2 * 3_600_000, to: NOW })
    const past = { from: NOW - 7_200_000, to: NOW - 3_600_000 }
    expect(resolveRange(zoomOut(past, NOW), NOW)).toEqual({ from: NOW - 9_000_000, to: NOW - 1_800_000 })
  })

  it('are shown as the last answer has them while they are live, and at once when they are fixed', () => {
    const live = { from: 'now-30m', to: 'now' }
    const answered = { from: NOW - 1_800_000, to: NOW }
    const later = NOW + 7_200_000
    expect(shownInterval(live, answered, later)).toEqual(answered)
    expect(shownInterval(live, null, NOW)).toEqual(answered)
    expect(shownInterval({ from: 'now-1h', to: 'now' }, answered, NOW)).toEqual({
      from: NOW - 3_600_000,
      to: NOW,
    })
    const fixed = { from: NOW - 600_000, to: NOW - 300_000 }
    expect(shownInterval(absoluteRange(fixed), answered, NOW)).toEqual(fixed)
  })

  it('shows only the part that has data while a store is young', () => {
    const half = { from: NOW - 1_800_000, to: NOW }
    expect(youngInterval(half, null)).toEqual(half)
    expect(youngInterval(half, NOW - 20_000)).toEqual({ from: NOW - 60_000, to: NOW })
    expect(youngInterval(half, NOW - 200_000)).toEqual({ from: NOW - 300_000, to: NOW })
    expect(youngInterval(half, NOW - 1_700_000)).toEqual(half)
  })
})
