import { expect, test } from 'vitest'
import { calendarFilter } from '../../src/query/run/calendar.js'

const at = { offset: 0, length: 0 }
const QUARTER = 900_000

/** Local times `HH:MM` of the quarters of a day of UTC that are kept. */
function kept(date: string, timeZone: string, from: number, to: number, days?: number[]): string[] {
  const filter = calendarFilter(
    days && { ...at, kind: 'days', days },
    { ...at, kind: 'hours', from, to },
    timeZone,
  )
  const local = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'short' })
  const start = Date.parse(`${date}T00:00:00Z`)
  return Array.from({ length: 96 }, (_, i) => start + i * QUARTER)
    .filter((time) => filter?.(time))
    .map((time) => local.format(time))
}

test.each([
  // Clocks go forward at 01:00 UTC: there is no hour 2.
  ['2026-03-29', 'Europe/Berlin', 2, 3, 0],
  ['2026-03-29', 'Europe/Berlin', 1, 4, 12],
  // Back at 01:00 UTC: the hour 2 is there twice.
  ['2026-10-25', 'Europe/Berlin', 2, 3, 8],
  ['2026-10-25', 'Europe/Berlin', 1, 4, 12],
  // By half an hour, in zones that are half an hour off.
  ['2026-04-04', 'Australia/Lord_Howe', 1, 2, 6],
  ['2026-10-03', 'Australia/Lord_Howe', 2, 3, 2],
  ['2026-06-01', 'Asia/Kathmandu', 9, 17, 32],
])('on %s in %s from %d to %d o’clock there are %d quarters of an hour', (date, zone, from, to, quarters) => {
  const times = kept(date, zone, from, to)
  expect(times).toHaveLength(quarters)
  for (const time of times) {
    expect(Number(time.slice(0, 2))).toBeGreaterThanOrEqual(from)
    expect(Number(time.slice(0, 2))).toBeLessThan(to)
  }
})

test('a day is that of the zone, and an hour over midnight is of both its days', () => {
  // A Sunday in Berlin begins at 22:00 UTC of Saturday.
  expect(kept('2026-07-04', 'Europe/Berlin', 0, 0, [7])).toEqual([
    '00:00',
    '00:15',
    '00:30',
    '00:45',
    '01:00',
    '01:15',
    '01:30',
    '01:45',
  ])
  expect(kept('2026-07-05', 'Europe/Berlin', 22, 1, [7])).toHaveLength(8)
})
