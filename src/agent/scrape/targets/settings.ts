import { duration } from '../../../config/option.js'
import type { Label } from '../../../wire/naming.js'
import { isObject } from '../../../wire/shape.js'

export type PageFormat = 'prometheus' | 'jmx'

/** A page that the agent reads by itself, whatever the roles of its host are. */
export interface ScrapeTarget {
  readonly url: string
  readonly format: PageFormat
  readonly intervalMs: number
  /** For all of an answer, from the connection to its last byte. */
  readonly timeoutMs: number
  /** Put on every series, besides `instance`; they win over labels of the page, which become `exported_…`. */
  readonly labels: readonly Label[]
  /** In front of every metric's name. */
  readonly metricPrefix: string
  /** Read anew for each scrape, so that it may be rotated. */
  readonly bearerTokenFile: string | undefined
  /** Certificates, PEM, that verify the server's. */
  readonly caFile: string | undefined
  readonly verifyCertificate: boolean
  /** A page with more series is refused as a whole. */
  readonly maxSamples: number
  /** A longer page is refused. */
  readonly maxBytes: number
}

/** What a settings file says is wrong, and where. */
export class ScrapeSettingsError extends Error {
  override name = 'ScrapeSettingsError'
}

export const MOST_TARGETS = 500
export const MOST_SETTINGS_BYTES = 4 * 1024 * 1024

const MINUTE = 60_000

/**
 * Reads the settings, JSON:
 *
 *     { "targets": [{ "url": "http://127.0.0.1:9100/metrics", "interval": "15s", "labels": { "job": "node" } }] }
 *
 * Throws `ScrapeSettingsError`, which names the target and the field.
 */
export function readScrapeSettings(text: string): ScrapeTarget[] {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (error) {
    throw new ScrapeSettingsError(`is not JSON: ${(error as Error).message}`)
  }
  if (!isObject(document) || !Array.isArray(document.targets))
    throw new ScrapeSettingsError('has to be an object with a list "targets"')
  onlyKeys(document, ['targets'], '')
  if (document.targets.length > MOST_TARGETS)
    throw new ScrapeSettingsError(`has more than ${MOST_TARGETS} targets: spread them over several agents`)
  const targets = document.targets.map((one, i) => readTarget(one, `targets[${i}]`))
  const seen = new Set<string>()
  for (const target of targets) {
    const key = identityOf(target)
    if (seen.has(key)) throw new ScrapeSettingsError(`has ${target.url} twice with the same labels`)
    seen.add(key)
  }
  return targets
}

/** What tells a target from others. */
export const identityOf = ({ url, labels, metricPrefix }: ScrapeTarget): string =>
  JSON.stringify([url, labels, metricPrefix])

const KEYS = [
  'url',
  'format',
  'interval',
  'timeout',
  'labels',
  'metricPrefix',
  'bearerTokenFile',
  'caFile',
  'verifyCertificate',
  'maxSamples',
  'maxBytes',
]

function readTarget(one: unknown, where: string): ScrapeTarget {
  if (!isObject(one)) throw new ScrapeSettingsError(`${where} has to be an object`)
  onlyKeys(one, KEYS, `${where}.`)
  const url = readUrl(one.url, `${where}.url`)
  const intervalMs = span(one.interval, `${where}.interval`, MINUTE, 1_000, 24 * 60 * MINUTE)
  const timeoutMs = span(one.timeout, `${where}.timeout`, Math.min(10_000, intervalMs), 100, intervalMs)
  return {
    url: url.href,
    format: readFormat(one.format, `${where}.format`, url),
    intervalMs,
    timeoutMs,
    labels: readLabels(one.labels, `${where}.labels`, url),
    metricPrefix: matching(
      one.metricPrefix,
      `${where}.metricPrefix`,
      '',
      /^[a-zA-Z0-9_]{0,100}$/,
      'letters, digits and _',
    ),
    bearerTokenFile: path(one.bearerTokenFile, `${where}.bearerTokenFile`),
    caFile: path(one.caFile, `${where}.caFile`),
    verifyCertificate: yesOrNo(one.verifyCertificate, `${where}.verifyCertificate`),
    maxSamples: whole(one.maxSamples, `${where}.maxSamples`, 50_000, 1_000_000),
    maxBytes: whole(one.maxBytes, `${where}.maxBytes`, 16 * 1024 * 1024, 128 * 1024 * 1024),
  }
}

function onlyKeys(object: Record<string, unknown>, known: readonly string[], where: string): void {
  const other = Object.keys(object).find((key) => !known.includes(key))
  if (other !== undefined)
    throw new ScrapeSettingsError(`${where}${other} is not known; there are ${known.join(', ')}`)
}

function readUrl(value: unknown, where: string): URL {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new ScrapeSettingsError(`${where} has to be an http or https URL without user and password`)
  url.hash = ''
  return url
}

function readFormat(value: unknown, where: string, url: URL): PageFormat {
  if (value === undefined) return /\/jmx$/.test(url.pathname) ? 'jmx' : 'prometheus'
  if (value !== 'prometheus' && value !== 'jmx')
    throw new ScrapeSettingsError(`${where} has to be "prometheus" or "jmx"`)
  return value
}

/** `instance`, host and port as they were given, is there unless the settings say another. */
function readLabels(value: unknown, where: string, url: URL): Label[] {
  const labels = new Map<string, string>([['instance', instanceOf(url)]])
  if (value !== undefined) {
    if (!isObject(value) || Object.keys(value).length > 30)
      throw new ScrapeSettingsError(`${where} has to be an object with at most 30 labels`)
    for (const [name, text] of Object.entries(value)) {
      if (!/^[a-zA-Z_][a-zA-Z0-9_]{0,99}$/.test(name) || name === '__name__')
        throw new ScrapeSettingsError(
          `${where}: ${JSON.stringify(name.slice(0, 100))} is not the name of a label`,
        )
      if (typeof text !== 'string' || text.length > 1_000)
        throw new ScrapeSettingsError(`${where}.${name} has to be a text of at most 1000 characters`)
      labels.set(name, text)
    }
  }
  return [...labels].map(([name, text]) => ({ name, value: text }))
}

function instanceOf(url: URL): string {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return `${url.hostname}:${port}`
}

function span(value: unknown, where: string, byDefault: number, least: number, most: number): number {
  if (value === undefined) return byDefault
  try {
    const ms = duration(String(value))
    if (ms >= least && ms <= most) return ms
  } catch {
    // said below
  }
  throw new ScrapeSettingsError(
    `${where} has to be a time such as "15s", from ${least / 1000} s to ${most / 1000} s`,
  )
}

function whole(value: unknown, where: string, byDefault: number, most: number): number {
  if (value === undefined) return byDefault
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new ScrapeSettingsError(`${where} has to be a whole number from 1 to ${most}`)
}

function matching(
  value: unknown,
  where: string,
  byDefault: string,
  pattern: RegExp,
  allowed: string,
): string {
  if (value === undefined) return byDefault
  if (typeof value === 'string' && pattern.test(value)) return value
  throw new ScrapeSettingsError(`${where} may have ${allowed} only`)
}

function path(value: unknown, where: string): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && value.startsWith('/')) return value
  throw new ScrapeSettingsError(`${where} has to be the absolute path of a file`)
}

function yesOrNo(value: unknown, where: string): boolean {
  if (value === undefined) return true
  if (typeof value === 'boolean') return value
  throw new ScrapeSettingsError(`${where} has to be true or false`)
}
