/** Points in time as people write them, and ranges of them. Pure: the current time is always an argument. */

/** Both ends as written: `now-6h`, `now`, or an ISO 8601 instant with a zone. */
export interface TimeRange {
  readonly from: string
  readonly to: string
}

/** Milliseconds since the epoch. */
export interface Interval {
  readonly from: number
  readonly to: number
}

const UNIT_MS: Record<string, number> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

const LONGEST_MS = 100 * 365 * 86_400_000
const RELATIVE = /^now((?:[+-](?:\d{1,9}[smhdw])+)*)$/
const LOCAL = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?)?$/
const ZONED = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})$/

/**
 * Reads a point in time: `now`, `now-6h`, `now-1d12h`, an ISO instant with a zone, or `2026-11-20`, `2026-11-20 06:30[:15]`,
 * which are local time, or UTC when `utc` is set. Returns milliseconds since the epoch, or null for anything else.
 *
 * ```ts
 * parseTime('now-15m', 1_000_000, false) // 100_000
 * ```
 */
export function parseTime(text: string, now: number, utc: boolean): number | null {
  const trimmed = text.trim()
  const relative = RELATIVE.exec(trimmed.toLowerCase().replaceAll(' ', ''))
  if (relative) return relativeTime(relative[1] ?? '', now)
  if (ZONED.test(trimmed)) return finite(Date.parse(trimmed))
  const local = LOCAL.exec(trimmed)
  return local ? calendarTime(local, utc) : null
}

function relativeTime(steps: string, now: number): number | null {
  let time = now
  for (const [, sign, amounts] of steps.matchAll(/([+-])((?:\d+[smhdw])+)/g))
    for (const [, count, unit] of (amounts ?? '').matchAll(/(\d+)([smhdw])/g))
      time += (sign === '-' ? -1 : 1) * Number(count) * (UNIT_MS[unit ?? ''] ?? 0)
  return Math.abs(time - now) <= LONGEST_MS ? time : null
}

function calendarTime(parts: RegExpExecArray, utc: boolean): number | null {
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) return null
  const ms = Number((parts[7] ?? '0').padEnd(3, '0'))
  const date = utc
    ? new Date(Date.UTC(year, month - 1, day, hour, minute, second, ms))
    : new Date(year, month - 1, day, hour, minute, second, ms)
  const dayRead = utc ? date.getUTCDate() : date.getDate()
  return dayRead === day ? finite(date.getTime()) : null
}

const finite = (time: number) => (Number.isFinite(time) ? time : null)

/** True for `now`, `now-6h` and the like. */
export const isRelative = (text: string) => text.trim().toLowerCase().startsWith('now')

/** True when the range ends now, so that new data keeps arriving in it. */
export const isLive = (range: TimeRange) => range.to.trim().toLowerCase() === 'now'

/** The range in milliseconds, or null when an end cannot be read or the ends are not in order. */
export function resolveRange(range: TimeRange, now: number): Interval | null {
  const from = parseTime(range.from, now, true)
  const to = parseTime(range.to, now, true)
  return from === null || to === null || from >= to ? null : { from, to }
}

/** An absolute range; ends are rounded to seconds unless the range is shorter than ten of them. */
export function absoluteRange(interval: Interval): TimeRange {
  const step = interval.to - interval.from < 10_000 ? 1 : 1000
  const from = Math.floor(interval.from / step) * step
  const to = Math.max(from + step, Math.ceil(interval.to / step) * step)
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
}

/** What a person typed as the two ends, made fit for an address; or which end is wrong and why. */
export function rangeFromInput(
  from: string,
  to: string,
  now: number,
  utc: boolean,
): { range: TimeRange } | { end: 'from' | 'to'; message: string } {
  const fromMs = parseTime(from, now, utc)
  if (fromMs === null) return { end: 'from', message: howToWrite(from) }
  const toMs = parseTime(to, now, utc)
  if (toMs === null) return { end: 'to', message: howToWrite(to) }
  if (fromMs >= toMs) return { end: 'to', message: 'The end must be later than the start.' }
  const written = (text: string, ms: number) =>
    isRelative(text) ? text.trim().toLowerCase().replaceAll(' ', '') : new Date(ms).toISOString()
  return { range: { from: written(from, fromMs), to: written(to, toMs) } }
}

const howToWrite = (text: string) =>
  `${text.trim() === '' ? 'Give a time' : 'Not a time'}: write now-6h, 2026-11-20 06:30, or an ISO time with a zone.`

/** Moves a range by a part of its width: −0.5 is half a width back. */
export function shiftRange(interval: Interval, part: number): TimeRange {
  const step = (interval.to - interval.from) * part
  return absoluteRange({ from: interval.from + step, to: interval.to + step })
}

/** A range of twice the width around the same middle, not reaching beyond `now`. */
export function zoomOut(interval: Interval, now: number): TimeRange {
  const half = (interval.to - interval.from) / 2
  const to = Math.min(interval.to + half, Math.max(now, interval.to))
  return absoluteRange({ from: to - 4 * half, to })
}

export interface TimePick {
  readonly label: string
  readonly range: TimeRange
}

const pick = (label: string, from: string): TimePick => ({ label, range: { from, to: 'now' } })

export const TIME_PICKS: readonly TimePick[] = [
  pick('5 minutes', 'now-5m'),
  pick('15 minutes', 'now-15m'),
  pick('30 minutes', 'now-30m'),
  pick('1 hour', 'now-1h'),
  pick('2 hours', 'now-2h'),
  pick('6 hours', 'now-6h'),
  pick('12 hours', 'now-12h'),
  pick('1 day', 'now-1d'),
  pick('7 days', 'now-7d'),
  pick('30 days', 'now-30d'),
]

/** Seconds between refreshes, and 0 for off. */
export const REFRESH_STEPS: readonly number[] = [0, 5, 10, 30, 60, 300, 900, 1800, 3600]

/**
 * The interval that charts show: of a fixed range at once; of a live one that of the last answer, as there is nothing to
 * see beyond it, unless another width was asked for since.
 */
export function shownInterval(range: TimeRange, answered: Interval | null, now: number): Interval {
  const wanted = resolveRange(range, now) ?? { from: now - 60_000, to: now }
  if (!answered || !isLive(range)) return wanted
  const difference = answered.to - answered.from - (wanted.to - wanted.from)
  return Math.abs(difference) < 2000 ? answered : wanted
}

const YOUNG_STEPS_MS = [60_000, 120_000, 300_000, 900_000]

/**
 * The part of a live interval to show while a store is young: the smallest step that holds all its data, so that the first
 * minute is not a sliver at the right edge.
 */
export function youngInterval(interval: Interval, earliest: number | null): Interval {
  if (earliest === null) return interval
  const age = interval.to - earliest
  const step = YOUNG_STEPS_MS.find((ms) => age <= ms)
  return step === undefined || step >= interval.to - interval.from
    ? interval
    : { from: interval.to - step, to: interval.to }
}
