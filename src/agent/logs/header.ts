import type { LogLevel } from '../../wire/log-rules.js'

/** The first line of a record. */
export interface Header {
  /** Milliseconds since the epoch. */
  time: number
  level: LogLevel
  /** Often a class; empty where there is none to be told. */
  source: string
  message: string
}

const LEVELS: Record<string, LogLevel> = {
  TRACE: 'TRACE',
  DEBUG: 'DEBUG',
  INFO: 'INFO',
  WARN: 'WARN',
  WARNING: 'WARN',
  ERROR: 'ERROR',
  SEVERE: 'ERROR',
  FATAL: 'FATAL',
  CRITICAL: 'FATAL',
}
const LEVEL = /\b(TRACE|DEBUG|INFO|WARN|WARNING|ERROR|SEVERE|FATAL|CRITICAL)\b/
/** How far in a line its level may stand. */
const HEAD = 300

const DATE_TIME = /^(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?/
const SHORT_DATE_TIME = /^(\d\d)\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)/
const TIME = /^(\d\d):(\d\d):(\d\d)[.,](\d{3})\b/
const GLOG = /^([IWEF])(\d\d)(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{1,9}) +\d+ ([^\s\]]{1,200})\] (.*)$/s
const GLOG_LEVELS = { I: 'INFO', W: 'WARN', E: 'ERROR', F: 'FATAL' } as const

const DAY_MS = 86_400_000

/**
 * Reads the first line of a record as log4j, logback, glog and their kin write it: a time, a level, often a thread and a class,
 * and the message. Undefined for any other line: it goes on with the record before. Times without a zone are of this
 * process's zone.
 *
 * @example
 * parseHeader('2026-11-20 03:00:00,123 WARN org.example.Disk: slow', now)
 * // { time: …, level: 'WARN', source: 'org.example.Disk', message: 'slow' }
 */
export function parseHeader(line: string, now: number): Header | undefined {
  const first = line.charCodeAt(0)
  // Nearly all lines that go on begin with a blank or a letter.
  const digit = first >= 48 && first <= 57
  if (!digit && first !== 91 && (first < 65 || first > 87)) return undefined
  if (!digit && first !== 91) return parseGlog(line, now) ?? levelFirst(line, now)
  const open = first === 91 ? 1 : 0
  const found = timeAt(line.slice(open, open + 40), now)
  if (!found) return undefined
  let at = open + found.length
  if (open && line[at] === ']') at++
  return rest(line.slice(at), found.time, now)
}

/** `WARN 2026-11-20 …`, `[INFO] 2026-…` is rare enough to be left out. */
function levelFirst(line: string, now: number): Header | undefined {
  const level = /^([A-Z]{4,8}) +\[?(?=\d)/.exec(line)
  const known = level && LEVELS[level[1]!]
  if (!known) return undefined
  const found = timeAt(line.slice(level[0].length, level[0].length + 40), now)
  if (!found) return undefined
  const after = line.slice(level[0].length + found.length).replace(/^\]/, '')
  return { time: sane(found.time, now), level: known, ...split(after) }
}

function rest(text: string, time: number, now: number): Header | undefined {
  const found = LEVEL.exec(text.slice(0, HEAD))
  if (!found) return undefined
  const level = LEVELS[found[1]!]!
  return { time: sane(time, now), level, ...split(text.slice(found.index + found[1]!.length)) }
}

/** Thread and class before `: ` or ` - `; where that is not what stands there, all of it is message. */
function split(text: string): { source: string; message: string } {
  const trimmed = text.replace(/^[\]\s]+/, '')
  const colon = trimmed.indexOf(': ')
  const dash = trimmed.startsWith('- ') ? 0 : trimmed.indexOf(' - ')
  const at = colon < 0 ? dash : dash < 0 ? colon : Math.min(colon, dash)
  if (at < 0 || at > HEAD) return { source: '', message: trimmed.trim() }
  const message = trimmed
    .slice(at)
    .replace(/^\s*[-:]\s+/, '')
    .trim()
  const words = trimmed
    .slice(0, at)
    .replace(/\[[^\]]*\]|\([^)]*\)/g, ' ')
    .split(/\s+/)
    .filter((word) => word !== '' && word !== '-')
  if (words.length === 0) return { source: '', message }
  if (words.length === 1 && /^[\w.$/-]+$/.test(words[0]!)) return { source: words[0]!, message }
  return { source: '', message: trimmed.trim() }
}

function parseGlog(line: string, now: number): Header | undefined {
  const found = GLOG.exec(line)
  if (!found) return undefined
  const [, letter, month, day, hour, minute, second, fraction, source, message] = found
  const at = (year: number) =>
    new Date(year, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)).getTime() +
    milliseconds(fraction)
  const year = new Date(now).getFullYear()
  // It has no year: on New Year's Day lines of the old one are still read.
  const time = at(year) > now + DAY_MS ? at(year - 1) : at(year)
  const level = GLOG_LEVELS[letter as keyof typeof GLOG_LEVELS]
  return { time: sane(time, now), level, source: source!, message: message!.trim() }
}

function timeAt(text: string, now: number): { time: number; length: number } | undefined {
  let found = DATE_TIME.exec(text)
  if (found) {
    const [whole, year, month, day, hour, minute, second, fraction, zone] = found
    const ms = milliseconds(fraction)
    const length = whole.length
    if (zone === undefined)
      return { time: new Date(+year!, +month! - 1, +day!, +hour!, +minute!, +second!, ms).getTime(), length }
    const utc = Date.UTC(+year!, +month! - 1, +day!, +hour!, +minute!, +second!, ms)
    const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? []
    const offset = sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (+hours! * 60 + +minutes!) * 60_000
    return { time: utc - offset, length }
  }
  found = SHORT_DATE_TIME.exec(text)
  if (found) {
    const [whole, year, month, day, hour, minute, second] = found
    return {
      time: new Date(2000 + +year!, +month! - 1, +day!, +hour!, +minute!, +second!).getTime(),
      length: whole.length,
    }
  }
  found = TIME.exec(text)
  if (!found) return undefined
  const [whole, hour, minute, second, fraction] = found
  const today = new Date(now)
  today.setHours(+hour!, +minute!, +second!, milliseconds(fraction))
  const time = today.getTime()
  return { time: time > now + 3_600_000 ? time - DAY_MS : time, length: whole.length }
}

const milliseconds = (fraction: string | undefined) => Number((fraction ?? '').slice(0, 3).padEnd(3, '0'))

/** A clock that is far off must not hide the event: it is of now, then. */
const sane = (time: number, now: number) =>
  Number.isFinite(time) && time <= now + 3_600_000 && time >= now - 30 * DAY_MS ? time : now
