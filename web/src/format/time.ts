/** Times as text, in local time or UTC, always on a 24-hour clock. */

interface Parts {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  ms: number
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const two = (n: number) => String(n).padStart(2, '0')

function partsOf(time: number, utc: boolean): Parts {
  const d = new Date(time)
  return utc
    ? {
        year: d.getUTCFullYear(),
        month: d.getUTCMonth(),
        day: d.getUTCDate(),
        hour: d.getUTCHours(),
        minute: d.getUTCMinutes(),
        second: d.getUTCSeconds(),
        ms: d.getUTCMilliseconds(),
      }
    : {
        year: d.getFullYear(),
        month: d.getMonth(),
        day: d.getDate(),
        hour: d.getHours(),
        minute: d.getMinutes(),
        second: d.getSeconds(),
        ms: d.getMilliseconds(),
      }
}

/** `2026-11-20 06:30:15`, with milliseconds only where there are any. */
export function formatInstant(time: number, utc: boolean): string {
  if (!Number.isFinite(time)) return '–'
  const p = partsOf(time, utc)
  const ms = p.ms === 0 ? '' : `.${String(p.ms).padStart(3, '0')}`
  return `${p.year}-${two(p.month + 1)}-${two(p.day)} ${two(p.hour)}:${two(p.minute)}:${two(p.second)}${ms}`
}

/** `06:30:15`. */
export function formatClock(time: number, utc: boolean): string {
  const p = partsOf(time, utc)
  return `${two(p.hour)}:${two(p.minute)}:${two(p.second)}`
}

/** An interval with nothing repeated: `Nov 20 06:30 – 07:00`. */
export function formatInterval(from: number, to: number, utc: boolean): string {
  const a = partsOf(from, utc)
  const b = partsOf(to, utc)
  const short = to - from < 5 * 60_000
  const clock = (p: Parts) => `${two(p.hour)}:${two(p.minute)}${short ? `:${two(p.second)}` : ''}`
  const date = (p: Parts) => `${MONTHS[p.month]} ${p.day}${a.year === b.year ? '' : ` ${p.year}`}`
  const sameDay = a.year === b.year && a.month === b.month && a.day === b.day
  return `${date(a)} ${clock(a)} – ${sameDay ? '' : `${date(b)} `}${clock(b)}`
}

/**
 * Labels of a time axis; `step` is the distance of the ticks. The date stands in a second line where the day begins or
 * changes.
 */
export function formatTimeTicks(ticks: readonly number[], step: number, utc: boolean): string[] {
  let lastDay = ''
  return ticks.map((tick) => {
    const p = partsOf(tick, utc)
    const day = `${MONTHS[p.month]} ${p.day}`
    if (step >= 86_400_000) return p.month === 0 && p.day === 1 ? `${day}\n${p.year}` : day
    const clock =
      step < 1000
        ? `${two(p.minute)}:${two(p.second)}.${String(p.ms).padStart(3, '0')}`
        : `${two(p.hour)}:${two(p.minute)}${step < 60_000 ? `:${two(p.second)}` : ''}`
    const label = day === lastDay ? clock : `${clock}\n${day}`
    lastDay = day
    return label
  })
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** As uPlot counts them: it knows from these that it has to go by the calendar. */
const MONTH = 30 * DAY
const YEAR = 365 * DAY

/** Distances of ticks on a time axis, in milliseconds, ascending. */
export const TIME_STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 4, 6, 8, 12].map((n) => n * HOUR),
  ...[1, 2, 3, 4, 5, 7, 10, 15].map((n) => n * DAY),
  ...[1, 2, 3, 4, 6].map((n) => n * MONTH),
  ...[1, 2, 5, 10].map((n) => n * YEAR),
]

/** A length of time in its largest two units: `1 h 30 min`. */
export function formatDuration(ms: number): string {
  const units: [number, string][] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1000, 's'],
  ]
  if (ms < 1000) return `${Math.round(ms)} ms`
  const first = units.findIndex(([size]) => ms >= size)
  const [size, name] = units[first] as [number, string]
  const whole = Math.floor(ms / size)
  const next = units[first + 1]
  const rest = next ? Math.round((ms - whole * size) / next[0]) : 0
  return rest > 0 && next ? `${whole} ${name} ${rest} ${next[1]}` : `${whole} ${name}`
}
