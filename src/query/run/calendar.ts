import type { DayClause, HourClause } from '../syntax/index.js'

/**
 * Which times `day in (…)` and `hour in [a:b]` keep, in a time zone. `hour in [9:17]` is from 9:00 up to, not including,
 * 17:00; with a later first hour it goes over midnight; `[0:0]` and the like are the whole day.
 */
export function calendarFilter(
  days: DayClause | undefined,
  hours: HourClause | undefined,
  timeZone: string,
): ((time: number) => boolean) | undefined {
  if (days === undefined && hours === undefined) return undefined
  const local = localTime(timeZone)
  const wanted = days === undefined ? undefined : new Set(days.days)
  return (time) => {
    const { day, hour } = local(time)
    if (wanted !== undefined && !wanted.has(day)) return false
    if (hours === undefined || hours.from === hours.to) return true
    if (hours.from < hours.to) return hour >= hours.from && hour < hours.to
    return hour >= hours.from || hour < hours.to
  }
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
/** All offsets from UTC are multiples of a quarter of an hour, so a quarter has one local hour. */
const QUARTER = 900_000

function localTime(timeZone: string): (time: number) => { day: number; hour: number } {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    hourCycle: 'h23',
  })
  const known = new Map<number, { day: number; hour: number }>()
  return (time) => {
    const quarter = Math.floor(time / QUARTER)
    const before = known.get(quarter)
    if (before !== undefined) return before
    let day = 0
    let hour = 0
    for (const { type, value } of format.formatToParts(quarter * QUARTER)) {
      if (type === 'weekday') day = DAYS.indexOf(value) + 1
      if (type === 'hour') hour = Number(value)
    }
    const result = { day, hour }
    if (known.size < 100_000) known.set(quarter, result)
    return result
  }
}

/** Names that were found good: looking one up takes 0.1 ms. */
const zones = new Set<string>()
const MOST_ZONES = 1_000

let ownZone: string | undefined

/** The name of the time zone of this process. */
export function ownTimeZone(): string {
  ownZone ??= Intl.DateTimeFormat().resolvedOptions().timeZone
  return ownZone
}

/** Whether the name is one that the runtime knows. */
export function isTimeZone(name: string): boolean {
  if (zones.has(name)) return true
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    if (zones.size < MOST_ZONES) zones.add(name)
    return true
  } catch {
    return false
  }
}
