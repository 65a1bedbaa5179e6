/** Events: what senders post to the monitor (`POST /events`), and what `GET /api/vN/events` answers. See docs/events.md. */

export const EVENT_CATEGORIES = [
  'UNKNOWN',
  'HEALTH_EVENT',
  'LOG_EVENT',
  'AUDIT_EVENT',
  'ACTIVITY_EVENT',
  'HBASE',
  'SYSTEM',
] as const
export type EventCategory = (typeof EVENT_CATEGORIES)[number]

export const EVENT_SEVERITIES = ['UNKNOWN', 'INFORMATIONAL', 'IMPORTANT', 'CRITICAL'] as const
export type EventSeverity = (typeof EVENT_SEVERITIES)[number]

/** An event as a sender has it. */
export interface EventRecord {
  /** Given by the sender; the same event sent again has the same one, and is stored once. Printable ASCII, 200 at most. */
  id: string
  /** When it occurred, milliseconds since the epoch. */
  time: number
  category: EventCategory
  severity: EventSeverity
  /** True: it goes to the alert publisher. */
  alert: boolean
  content: string
  /** By upper-case name, such as `ROLE_TYPE`, `HOSTS`, `LOG_LEVEL`: see `EVENT_ATTRIBUTES`. */
  attributes: Record<string, string[]>
}

/** Attributes that name entities, and the entities' category: a search by any name that such an entity has or had finds the event. */
export const ENTITY_ATTRIBUTES: Readonly<Record<string, string>> = {
  CLUSTER: 'CLUSTER',
  SERVICE: 'SERVICE',
  ROLE: 'ROLE',
  HOSTS: 'HOST',
  HOST_IDS: 'HOST',
  CLUSTER_ID: 'CLUSTER',
  SERVICE_ID: 'SERVICE',
}

/**
 * Attributes whose values are only shown: the same one may mean several entities. A search by one finds the events of all that
 * are shown so, or, where none is, of those that were.
 */
export const SHOWN_ATTRIBUTES: Readonly<Record<string, string>> = {
  CLUSTER_DISPLAY_NAME: 'CLUSTER',
  SERVICE_DISPLAY_NAME: 'SERVICE',
  ROLE_DISPLAY_NAME: 'ROLE',
}

/** The answer to `POST /events`. All that it counts as accepted is stored. */
export interface EventReceipt {
  accepted: number
  /** Stored before. */
  duplicates: number
  refused: number
  /** Why, and how often; the first 20 reasons. */
  reasons: Record<string, number>
  /** Which; the first 100. */
  problems: { index: number; id?: string; reason: string }[]
}

export interface ApiEvent {
  id: string
  content: string
  /** ISO 8601 in UTC, with milliseconds. */
  timeOccurred: string
  timeReceived: string
  category: EventCategory
  severity: EventSeverity
  alert: boolean
  attributes: { name: string; values: string[] }[]
}

export interface ApiEventQueryResult {
  totalResults: number
  items: ApiEvent[]
}

export const EVENT_LIMITS = {
  /** Of one request. */
  events: 5_000,
  bodyBytes: 16 * 1024 * 1024,
  content: 8_000,
  attributes: 64,
  values: 200,
  value: 16_000,
  /** Characters of all attributes of one event. */
  text: 64_000,
  /** Older events are refused, milliseconds. */
  ageMs: 400 * 86_400_000,
  /** And those that are further ahead of the monitor's clock. */
  aheadMs: 86_400_000,
}

/**
 * Reads the body of `POST /events`: `{ "events": [ … ] }`, or the array alone. What is good in it is returned, each bad one is
 * named with its reason. Over-long text is cut; control characters but line breaks and tabs become blanks.
 *
 * Throws `RangeError` when there are more than `EVENT_LIMITS.events`, or the body is something else.
 *
 * @example
 * readEvents([{ id: '1' }], Date.now()) // { events: [], problems: [{ index: 0, id: '1', reason: 'time is missing' }] }
 */
export function readEvents(
  body: unknown,
  now: number,
): { events: EventRecord[]; problems: EventReceipt['problems'] } {
  const items = isObject(body) && Array.isArray(body.events) ? body.events : body
  if (!Array.isArray(items)) throw new RangeError('the body has to be an array of events, or {"events":[…]}')
  if (items.length > EVENT_LIMITS.events)
    throw new RangeError(`at most ${EVENT_LIMITS.events} events in one request, not ${items.length}`)
  const events: EventRecord[] = []
  const problems: EventReceipt['problems'] = []
  items.forEach((item: unknown, index) => {
    const read = readEvent(item, now)
    if (typeof read !== 'string') events.push(read)
    else {
      const id = isObject(item) && typeof item.id === 'string' ? { id: eventText(item.id, 200) } : {}
      problems.push({ index, ...id, reason: read })
    }
  })
  return { events, problems }
}

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Text as it may be stored: line breaks and tabs stay, other control characters become blanks, halves of characters U+FFFD. */
export function eventText(text: string, max: number): string {
  const cut = text.length > max ? `${text.slice(0, max - 1)}…` : text
  return cut
    .replace(/[^\P{Cc}\n\t]+/gu, ' ')
    .replace(/\p{Cs}/gu, '\ufffd')
    .trim()
}

/** The event, or why it is none. */
function readEvent(value: unknown, now: number): EventRecord | string {
  if (!isObject(value)) return 'is not an object'
  const { id, time, content, alert = false } = value
  if (typeof id !== 'string' || !/^[!-~]{1,200}$/.test(id))
    return 'id is not a text of 1 to 200 printable ASCII characters without blanks'
  if (time === undefined) return 'time is missing'
  if (typeof time !== 'number' || !Number.isFinite(time))
    return 'time is not a number of milliseconds since 1970'
  if (time < now - EVENT_LIMITS.ageMs) return 'time is too long ago'
  if (time > now + EVENT_LIMITS.aheadMs) return 'time is more than a day ahead'
  const category = EVENT_CATEGORIES.find((each) => each === value.category)
  if (!category) return `category is not one of ${EVENT_CATEGORIES.join(', ')}`
  const severity = EVENT_SEVERITIES.find((each) => each === value.severity)
  if (!severity) return `severity is not one of ${EVENT_SEVERITIES.join(', ')}`
  if (typeof content !== 'string') return 'content is not a text'
  if (typeof alert !== 'boolean') return 'alert is not true or false'
  const attributes = readAttributes(value.attributes)
  if (typeof attributes === 'string') return attributes
  const text = eventText(content, EVENT_LIMITS.content)
  return { id, time: Math.round(time), category, severity, alert, content: text, attributes }
}

const ATTRIBUTE_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/

function readAttributes(value: unknown): Record<string, string[]> | string {
  if (value === undefined || value === null) return {}
  if (!isObject(value)) return 'attributes is not an object of names and arrays of texts'
  const entries = Object.entries(value)
  if (entries.length > EVENT_LIMITS.attributes) return `has more than ${EVENT_LIMITS.attributes} attributes`
  const attributes: Record<string, string[]> = {}
  let left = EVENT_LIMITS.text
  for (const [name, given] of entries) {
    if (!ATTRIBUTE_NAME.test(name))
      return `${JSON.stringify(name.slice(0, 100))} cannot be an attribute's name`
    const texts: unknown[] = Array.isArray(given) ? given : [given]
    if (texts.length > EVENT_LIMITS.values)
      return `attribute ${name} has more than ${EVENT_LIMITS.values} values`
    const values: string[] = []
    for (const text of texts) {
      if (typeof text !== 'string') return `attribute ${name} holds something that is not a text`
      const kept = eventText(text, Math.min(EVENT_LIMITS.value, left))
      left -= kept.length
      if (left <= 0) return `has more than ${EVENT_LIMITS.text} characters of attributes`
      values.push(kept)
    }
    attributes[name.toUpperCase()] = values
  }
  return attributes
}
