import type { Varbind } from 'net-snmp'
import type { AlertEvent } from '../../wire/alert.js'
import { type Message, type MessageCause, severityOf } from '../core/index.js'
import { contentOf, headline } from '../render/index.js'
import { snmp } from './snmp-library.js'

/** The objects of docs/BELLWETHER-MIB.txt. Numbers are for ever: a new object gets a new one. */

const NOTIFICATION = { alert: 1, message: 2 }
const OBJECT = {
  eventId: 1,
  eventTime: 2,
  content: 3,
  category: 4,
  severity: 5,
  url: 6,
  service: 7,
  eventCode: 8,
  host: 9,
  summary: 10,
  cluster: 11,
  role: 12,
  entity: 13,
  entityCategory: 14,
  currentHealth: 15,
  previousHealth: 16,
  state: 17,
  messageId: 18,
  repeat: 19,
  test: 20,
  alertCount: 21,
  openCount: 22,
}

const CATEGORY = { HEALTH_CHECK: 1, LOG_MESSAGE: 2, AUDIT_EVENT: 3, ACTIVITY_EVENT: 4, SYSTEM: 6 }
const SEVERITY = { INFORMATIONAL: 1, IMPORTANT: 2, CRITICAL: 3 }
const HEALTH = { GREEN: 1, YELLOW: 2, RED: 3, DISABLED: 4 }
const STATE = { new: 1, changed: 2, still: 3, flapping: 4, recovered: 5, event: 6 }

/** Every text of the MIB has this many octets at most: all of them in one datagram stay under its limit. */
const MAX_OCTETS = 1024

export interface Notification {
  oid: string
  varbinds: Varbind[]
}

/** One notification for each cause, or one for the whole message. */
export function notificationsOf(
  message: Message,
  arc: string,
  content: 'alert' | 'message',
  repeat: boolean,
): Notification[] {
  const common = [text(arc, 'messageId', message.id), integer(arc, 'repeat', repeat ? 1 : 2)]
  if (content === 'alert')
    return message.causes.map((cause) => ({
      oid: `${arc}.0.${NOTIFICATION.alert}`,
      varbinds: [...causeObjects(arc, cause, message.kind === 'test'), ...common],
    }))
  const names = message.causes.map(({ event }) => event.entity.displayName).join(', ')
  return [
    {
      oid: `${arc}.0.${NOTIFICATION.message}`,
      varbinds: [
        time(arc, message.at),
        text(arc, 'summary', headline(message)),
        text(arc, 'content', names),
        integer(arc, 'severity', SEVERITY[severityOf(message)]),
        gauge(arc, 'alertCount', message.causes.length),
        gauge(arc, 'openCount', message.open),
        ...common,
      ],
    },
  ]
}

function causeObjects(arc: string, { event, state }: MessageCause, test: boolean): Varbind[] {
  const { entity, health } = event
  return [
    text(arc, 'eventId', event.id),
    time(arc, event.time),
    text(arc, 'content', contentOf(event)),
    integer(arc, 'category', CATEGORY[event.category]),
    integer(arc, 'severity', SEVERITY[event.severity]),
    text(arc, 'url', event.url),
    text(arc, 'service', entity.service ?? ''),
    text(arc, 'eventCode', event.codes.join(';')),
    text(arc, 'host', entity.hosts.map((host) => host.name).join(';')),
    text(arc, 'summary', event.summary),
    text(arc, 'cluster', entity.cluster ?? ''),
    text(arc, 'role', entity.role ?? ''),
    text(arc, 'entity', entity.name),
    text(arc, 'entityCategory', entity.category),
    integer(arc, 'currentHealth', healthOf(health?.current)),
    integer(arc, 'previousHealth', healthOf(health?.previous)),
    integer(arc, 'state', STATE[state]),
    integer(arc, 'test', test ? 1 : 2),
  ]
}

const healthOf = (health: NonNullable<AlertEvent['health']>['current'] | undefined) =>
  health ? HEALTH[health] : 0

const oidOf = (arc: string, object: keyof typeof OBJECT) => `${arc}.1.${OBJECT[object]}.0`

const text = (arc: string, object: keyof typeof OBJECT, value: string): Varbind => ({
  oid: oidOf(arc, object),
  type: snmp().ObjectType.OctetString,
  value: cut(Buffer.from(value)),
})

const integer = (arc: string, object: keyof typeof OBJECT, value: number): Varbind => ({
  oid: oidOf(arc, object),
  type: snmp().ObjectType.Integer,
  value,
})

const gauge = (arc: string, object: keyof typeof OBJECT, value: number): Varbind => ({
  oid: oidOf(arc, object),
  type: snmp().ObjectType.Gauge,
  value,
})

/** Not within a character of UTF-8. */
function cut(bytes: Buffer): Buffer {
  if (bytes.length <= MAX_OCTETS) return bytes
  let end = MAX_OCTETS
  while ((bytes[end]! & 0xc0) === 0x80) end--
  return bytes.subarray(0, end)
}

/** DateAndTime of RFC 2579, in UTC. */
function time(arc: string, ms: number): Varbind {
  const date = new Date(ms)
  const value = Buffer.alloc(11)
  value.writeUInt16BE(Math.min(65_535, Math.max(0, date.getUTCFullYear())), 0)
  value[2] = date.getUTCMonth() + 1
  value[3] = date.getUTCDate()
  value[4] = date.getUTCHours()
  value[5] = date.getUTCMinutes()
  value[6] = date.getUTCSeconds()
  value[7] = Math.floor(date.getUTCMilliseconds() / 100)
  value[8] = '+'.charCodeAt(0)
  return { oid: oidOf(arc, 'eventTime'), type: snmp().ObjectType.OctetString, value }
}
