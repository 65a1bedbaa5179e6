const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}
/** What the store's times can be. */
const LAST = Date.UTC(2262, 0, 1)

/**
 * A time as the API takes it: ISO 8601 (without a zone: the server's), `now`, `now-1h` (units s m h d w), or milliseconds
 * since the epoch. Undefined when it is none of these, or before 1970 or after 2261.
 *
 * @example parseTime('now-5m', Date.now())
 */
export function parseTime(text: string, now: number): number | undefined {
  // As nearly all clients send it.
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/.test(text))
    return isDate(text.slice(0, 10)) ? inRange(Date.parse(text)) : undefined
  const trimmed = text.trim()
  const relative = /^now(?:\s*([+-])\s*(\d{1,9})\s*([smhdw]))?$/i.exec(trimmed)
  if (relative !== null) {
    const [, sign, count, unit] = relative
    if (unit === undefined) return now
    return inRange(now + (sign === '-' ? -1 : 1) * Number(count) * (UNITS[unit.toLowerCase()] as number))
  }
  if (/^\d{11,14}$/.test(trimmed)) return inRange(Number(trimmed))
  if (!/^\d{4}-\d\d-\d\d/.test(trimmed)) return undefined
  if (!isDate(trimmed.slice(0, 10))) return undefined
  // A date alone would be taken as UTC, unlike a date with a time.
  const iso = trimmed.length === 10 ? `${trimmed}T00:00:00` : trimmed.replace(/^(.{10}) /, '$1T')
  return inRange(Date.parse(iso))
}

/** February 30th would be taken for March 2nd. */
const isDate = (text: string) => {
  const time = Date.parse(`${text}T00:00:00Z`)
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(text)
}

function inRange(time: number): number | undefined {
  return time >= 0 && time <= LAST ? Math.round(time) : undefined
}
