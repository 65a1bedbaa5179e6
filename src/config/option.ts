import { isIP } from 'node:net'

/** One setting of a role: its flag, its environment variable and its key in a file all follow from `key`. */
export interface Option<T = unknown> {
  /** Camel case; `monitorPort` is `--monitor-port`, `BELLWETHER_MONITOR_PORT` and `"monitorPort"` in a file. */
  key: string
  /** Turns text into the value; throws an Error whose message says what is allowed. */
  parse: (text: string) => T
  default: T
  help: string
  /** How the value is shown in `--help`, e.g. `PORT`. A flag without it takes no value and means true. */
  placeholder?: string
  /** How the default is shown where its value says little, e.g. `10s`. */
  shownDefault?: string
  /** One letter, e.g. `h`. */
  short?: string
  /** Keeps the value out of logs and out of flags: arguments can be read by every user of the machine. */
  secret?: boolean
}

const dashed = (key: string) => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

export const flagOf = (key: string) => `--${dashed(key)}`
export const variableOf = (key: string) => `BELLWETHER_${dashed(key).replaceAll('-', '_').toUpperCase()}`

export const text = (value: string) => value

export function flag(value: string): boolean {
  if (/^(true|yes|on|1)$/i.test(value)) return true
  if (/^(false|no|off|0)$/i.test(value)) return false
  throw new Error('is not true or false')
}

/** A whole number within bounds, both included. */
export function whole(min: number, max: number) {
  return (value: string): number => {
    const number = Number(value)
    if (!/^\d+$/.test(value) || number < min || number > max)
      throw new Error(`is not a whole number from ${min} to ${max}`)
    return number
  }
}

export const port = whole(0, 65_535)

const BYTE_UNITS: Record<string, number> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 }

/** A size such as `512m` or `2GiB`, in bytes. */
export function bytes(value: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(value)
  if (!match) throw new Error('is not a size such as 512m or 2g')
  return Math.floor(Number(match[1]) * BYTE_UNITS[match[2]!.toLowerCase()]!)
}

const TIME_UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A time span such as `10s` or `30d`, in milliseconds; a bare number means seconds. */
export function duration(value: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(value)
  if (!match) throw new Error('is not a time span such as 10s, 5m or 30d')
  return Math.round(Number(match[1]) * TIME_UNITS[match[2] ?? 's']!)
}

/**
 * Sizes or time spans within bounds, both included: `between(duration, '1s', '1h')`.
 */
export function between(parse: (value: string) => number, least: string, most?: string) {
  return (value: string): number => {
    const number = parse(value)
    if (number < parse(least)) throw new Error(`is less than ${least}`)
    if (most !== undefined && number > parse(most)) throw new Error(`is more than ${most}`)
    return number
  }
}

/** One of the given words. */
export function oneOf<T extends string>(...words: T[]) {
  return (value: string): T => {
    const found = words.find((word) => word === value)
    if (!found) throw new Error(`is not one of ${words.join(', ')}`)
    return found
  }
}

/** An http or https URL, without a trailing slash; the empty text means none. */
export function url(value: string): string {
  if (value === '') return ''
  let parsed: URL
  try {
    parsed = new URL(value)
  } catch {
    throw new Error('is not a URL such as http://127.0.0.1:7190')
  }
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')
    throw new Error('is not an http or https URL')
  return value.replace(/\/+$/, '')
}

/** Empty for none. */
export function ipAddress(value: string): string {
  if (value !== '' && isIP(value) === 0)
    throw new Error('is not an IP address such as 10.0.0.7 or 2001:db8::7')
  return value
}
