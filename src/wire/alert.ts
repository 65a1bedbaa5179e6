/** What crosses from the health evaluation (or any other sender) into the alert publisher: `POST /alerts`. */

export const ALERT_SEVERITIES = ['INFORMATIONAL', 'IMPORTANT', 'CRITICAL'] as const
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number]

export const ALERT_CATEGORIES = [
  'HEALTH_CHECK',
  'LOG_MESSAGE',
  'AUDIT_EVENT',
  'ACTIVITY_EVENT',
  'SYSTEM',
] as const
export type AlertCategory = (typeof ALERT_CATEGORIES)[number]

/** Good, concerning, bad, and "not tested any more", by the names that alerts have always had. */
export const ALERT_HEALTHS = ['GREEN', 'YELLOW', 'RED', 'DISABLED'] as const
export type AlertHealth = (typeof ALERT_HEALTHS)[number]

export interface AlertHost {
  name: string
  id?: string
}

/** What the alert is about. `category` and `identity` (or, without one, `name`) together identify it within its cluster. */
export interface AlertEntity {
  /** `CLUSTER`, `SERVICE`, `ROLE`, `HOST`, … */
  category: string
  name: string
  /** What stays when the name changes: a silence by it, or by an earlier name, goes on to hold. */
  identity?: string
  /** Names that it had before, the latest ones. */
  formerNames?: string[]
  /** Names that those had before to which it belongs: a rule or a silence by one of them goes on to hold. */
  formerly?: { cluster?: string[]; service?: string[]; host?: string[] }
  displayName: string
  cluster?: string
  clusterDisplayName?: string
  service?: string
  serviceDisplayName?: string
  serviceType?: string
  role?: string
  roleDisplayName?: string
  roleType?: string
  hosts: AlertHost[]
}

export interface AlertTest {
  name: string
  /** GREEN, YELLOW, RED or DISABLED; undefined: the result is not known. */
  health?: AlertHealth
  /** What it was before this event, where it is another. */
  previous?: AlertHealth
  severity: AlertSeverity
  /** The result in a sentence, with its figures. */
  sentence: string
  /** What to do about it; may be empty. */
  advice: string
  /** True for a result that is different from the one before. */
  changed?: boolean
}

export interface AlertEvent {
  /** Given by the sender; the same event sent twice has the same one. Printable ASCII, 200 characters at most. */
  id: string
  /** Milliseconds since the epoch. */
  time: number
  entity: AlertEntity
  severity: AlertSeverity
  category: AlertCategory
  /** Such as `EV_ROLE_HEALTH_CHECK_BAD`. */
  codes: string[]
  /** One sentence: "The health of role X has become bad." */
  summary: string
  /** Of events of category HEALTH_CHECK. */
  health?: { current: AlertHealth; previous?: AlertHealth }
  tests: AlertTest[]
  suppressed: boolean
  /** False: it goes on with a trouble that somebody was told of, and is nobody's news where nobody was. Default true. */
  begins?: boolean
  /** True for what a monitor finds when it starts, as against what has just happened. */
  monitorStartup: boolean
  /** Where a person finds more; http or https, or empty. */
  url: string
}

/** While it holds, nothing that it matches is sent. */
export interface Silence {
  id: string
  /** By field (`docs/alerts.md`) patterns, of which one must match. */
  match: Record<string, string[]>
  /** Milliseconds since the epoch; `from` is included, `until` is not. */
  from: number
  until: number
  comment: string
  createdBy: string
}

/** The answer to `POST /alerts`. Everything in it but `refused` is on disk. */
export interface AlertReceipt {
  accepted: number
  duplicates: number
  refused: { index: number; id?: string; reason: string }[]
}

export const ALERT_LIMITS = {
  events: 2_000,
  bodyBytes: 16 * 1024 * 1024,
  name: 255,
  sentence: 1_000,
  tests: 100,
  hosts: 100,
  codes: 50,
  formerNames: 20,
  url: 2_000,
}

/**
 * Reads the body of `POST /alerts`: one event or an array of them. What is good in it is returned, each bad one is named with
 * its reason. Over-long sentences are cut, control and direction characters in them become blanks; a bad identity is refused.
 *
 * Throws `RangeError` when there are more than `ALERT_LIMITS.events`.
 *
 * @example
 * readAlertEvents({ id: '1' }) // { events: [], refused: [{ index: 0, id: '1', reason: 'time is missing' }] }
 */
export function readAlertEvents(body: unknown): { events: AlertEvent[]; refused: AlertReceipt['refused'] } {
  const items = Array.isArray(body) ? body : [body]
  if (items.length > ALERT_LIMITS.events)
    throw new RangeError(`at most ${ALERT_LIMITS.events} alerts in one request, not ${items.length}`)
  const events: AlertEvent[] = []
  const refused: AlertReceipt['refused'] = []
  items.forEach((item: unknown, index) => {
    try {
      events.push(readEvent(item))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const id = isObject(item) && typeof item.id === 'string' ? { id: cleanText(item.id, 200) } : {}
      refused.push({ index, ...id, reason: error.message })
    }
  })
  return { events, refused }
}

class Refusal extends Error {}

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Text as it may go into a message: no control or direction characters, no half characters, at most `max` UTF-16 units. */
export function cleanText(text: string, max: number): string {
  const cut = text.length > max ? `${text.slice(0, max - 1)}…` : text
  return cut.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim()
}

function readEvent(value: unknown): AlertEvent {
  if (!isObject(value)) throw new Refusal('is not an object')
  const { id, time } = value
  if (typeof id !== 'string' || !/^[!-~]{1,200}$/.test(id))
    throw new Refusal('id is not a text of 1 to 200 printable ASCII characters without blanks')
  if (time === undefined) throw new Refusal('time is missing')
  if (typeof time !== 'number' || !Number.isFinite(time) || time < 0 || time > 8.64e15)
    throw new Refusal('time is not a number of milliseconds since 1970')
  const category = word(value, 'category', ALERT_CATEGORIES)
  const health = readHealth(value.health)
  if (category === 'HEALTH_CHECK' && !health)
    throw new Refusal('health is missing, which a HEALTH_CHECK must have')
  return {
    id,
    time,
    entity: readEntity(value.entity),
    severity: word(value, 'severity', ALERT_SEVERITIES),
    category,
    codes: list(value, 'codes', ALERT_LIMITS.codes).map((code) => name(code, 'codes')),
    summary: sentence(value, 'summary', true),
    ...(health ? { health } : {}),
    tests: list(value, 'tests', ALERT_LIMITS.tests).map(readTest),
    suppressed: truth(value, 'suppressed'),
    ...(value.begins === false ? { begins: false } : {}),
    monitorStartup: truth(value, 'monitorStartup'),
    url: readUrl(value.url),
  }
}

function readHealth(value: unknown): AlertEvent['health'] {
  if (value === undefined || value === null) return undefined
  if (!isObject(value)) throw new Refusal('health is not an object')
  const current = word(value, 'current', ALERT_HEALTHS)
  return value.previous === undefined || value.previous === null
    ? { current }
    : { current, previous: word(value, 'previous', ALERT_HEALTHS) }
}

const OPTIONAL_NAMES = [
  'identity',
  'cluster',
  'clusterDisplayName',
  'service',
  'serviceDisplayName',
  'serviceType',
  'role',
  'roleDisplayName',
  'roleType',
] as const

function readEntity(value: unknown): AlertEntity {
  if (!isObject(value)) throw new Refusal('entity is not an object')
  const entity: AlertEntity = {
    category: name(value.category, 'entity.category'),
    name: name(value.name, 'entity.name'),
    displayName: name(value.displayName ?? value.name, 'entity.displayName'),
    hosts: list(value, 'hosts', ALERT_LIMITS.hosts).map((host) => {
      if (typeof host === 'string') return { name: name(host, 'entity.hosts') }
      if (!isObject(host)) throw new Refusal('entity.hosts holds something that is not a host')
      const id = host.id === undefined || host.id === null ? {} : { id: name(host.id, 'entity.hosts.id') }
      return { name: name(host.name, 'entity.hosts.name'), ...id }
    }),
  }
  const former = list(value, 'formerNames', ALERT_LIMITS.formerNames)
  if (former.length > 0) entity.formerNames = former.map((each) => name(each, 'entity.formerNames'))
  const { formerly } = value
  if (isObject(formerly)) {
    const read = (['cluster', 'service', 'host'] as const).flatMap((key) => {
      const names = list(formerly, key, ALERT_LIMITS.formerNames)
      return names.length > 0 ? [[key, names.map((each) => name(each, `entity.formerly.${key}`))]] : []
    })
    if (read.length > 0) entity.formerly = Object.fromEntries(read)
  }
  for (const key of OPTIONAL_NAMES) {
    const given = value[key]
    if (given !== undefined && given !== null && given !== '') entity[key] = name(given, `entity.${key}`)
  }
  return entity
}

function readTest(value: unknown): AlertTest {
  if (!isObject(value)) throw new Refusal('tests holds something that is not an object')
  return {
    name: name(value.name, 'tests.name'),
    ...(value.health === undefined || value.health === null
      ? {}
      : { health: word(value, 'health', ALERT_HEALTHS) }),
    ...(value.previous === undefined || value.previous === null
      ? {}
      : { previous: word(value, 'previous', ALERT_HEALTHS) }),
    severity: word(value, 'severity', ALERT_SEVERITIES),
    sentence: sentence(value, 'sentence', false),
    advice: sentence(value, 'advice', false),
    ...(value.changed === undefined ? {} : { changed: truth(value, 'changed') }),
  }
}

function name(value: unknown, where: string): string {
  if (typeof value !== 'string' || value === '') throw new Refusal(`${where} is not a text`)
  if (value.length > ALERT_LIMITS.name)
    throw new Refusal(`${where} has more than ${ALERT_LIMITS.name} characters`)
  if (cleanText(value, ALERT_LIMITS.name) !== value.trim())
    throw new Refusal(`${where} holds control characters`)
  return value
}

function sentence(value: Json, key: string, required: boolean): string {
  const given = value[key] ?? ''
  if (typeof given !== 'string') throw new Refusal(`${key} is not a text`)
  const text = cleanText(given, ALERT_LIMITS.sentence)
  if (required && text === '') throw new Refusal(`${key} is missing`)
  return text
}

function word<T extends string>(value: Json, key: string, words: readonly T[]): T {
  const found = words.find((each) => each === value[key])
  if (!found) throw new Refusal(`${key} is not one of ${words.join(', ')}`)
  return found
}

function truth(value: Json, key: string): boolean {
  const given = value[key] ?? false
  if (typeof given !== 'boolean') throw new Refusal(`${key} is not true or false`)
  return given
}

function list(value: Json, key: string, max: number): unknown[] {
  const given = value[key] ?? []
  if (!Array.isArray(given)) throw new Refusal(`${key} is not an array`)
  return given.slice(0, max)
}

function readUrl(value: unknown): string {
  if (typeof value !== 'string' || value.length > ALERT_LIMITS.url || !URL.canParse(value)) return ''
  const { protocol, href } = new URL(value)
  return protocol === 'http:' || protocol === 'https:' ? href : ''
}
