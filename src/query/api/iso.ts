const DAY = 86_400_000
const two = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0'))
const three = Array.from({ length: 1000 }, (_, i) => String(i).padStart(3, '0'))
const days = new Map<number, string>()

/** `2026-01-01T00:00:00.000Z`, several times faster than `Date.prototype.toISOString`. */
export function isoTime(time: number): string {
  const day = Math.floor(time / DAY)
  let rest = time - day * DAY
  const ms = rest % 1000
  rest = (rest - ms) / 1000
  const second = rest % 60
  rest = (rest - second) / 60
  const minute = rest % 60
  const hour = (rest - minute) / 60
  return `${dayText(day)}${two[hour]}:${two[minute]}:${two[second]}.${three[ms | 0]}Z`
}

let lastDay = Number.NaN
let lastText = ''

/** `2026-01-01T` of a day since the epoch. */
export function dayText(day: number): string {
  if (day === lastDay) return lastText
  let text = days.get(day)
  if (text === undefined) {
    // From the year 10000 on it is longer.
    text = new Date(day * DAY).toISOString().slice(0, -'00:00:00.000Z'.length)
    if (days.size > 10_000) days.clear()
    days.set(day, text)
  }
  lastDay = day
  lastText = text
  return text
}
