import type { AlertEvent } from '../../wire/alert.js'
import { isFailing, type Message, type MessageCause } from '../core/index.js'

/** The words of a message, which every format shares. Plain text: each format escapes what it must. */

const STATE_WORDS: Record<MessageCause['state'], string> = {
  new: '',
  changed: 'changed',
  still: 'still',
  flapping: 'flapping',
  recovered: 'recovered',
  event: '',
}

/** `CRITICAL`, `recovered`, `CRITICAL (changed)`: the first thing a person should see of a cause. */
export function labelOf({ state, event }: MessageCause): string {
  if (state === 'recovered') return event.health?.current === 'DISABLED' ? 'NOT TESTED ANY MORE' : 'RECOVERED'
  return STATE_WORDS[state] === '' ? event.severity : `${event.severity} (${STATE_WORDS[state]})`
}

export interface Counts {
  critical: number
  important: number
  informational: number
  recovered: number
}

export function countsOf(message: Message): Counts {
  const counts: Counts = { critical: 0, important: 0, informational: 0, recovered: 0 }
  for (const { state, event } of message.causes) {
    if (state === 'recovered') counts.recovered++
    else if (event.severity === 'CRITICAL') counts.critical++
    else if (event.severity === 'IMPORTANT') counts.important++
    else counts.informational++
  }
  return counts
}

/** `3 critical, 1 recovered: hdfs, yarn (Cluster 1)`, or the sentence of the only alert. */
export function headline(message: Message): string {
  const marks = message.kind === 'alert' ? '' : message.kind === 'test' ? 'TEST: ' : 'Reminder: '
  const [only] = message.causes
  if (message.causes.length === 1 && only) return `${marks}${labelOf(only)}: ${only.event.summary}`
  const counts = Object.entries(countsOf(message)).flatMap(([word, n]) => (n > 0 ? [`${n} ${word}`] : []))
  return `${marks}${counts.join(', ')}${aboutOf(message)}`
}

function aboutOf(message: Message): string {
  const services = new Set<string>()
  const clusters = new Set<string>()
  for (const { event } of message.causes) {
    const { entity } = event
    services.add(entity.serviceDisplayName ?? entity.service ?? entity.displayName)
    if (entity.cluster) clusters.add(entity.clusterDisplayName ?? entity.cluster)
  }
  const some = (names: Set<string>) =>
    [...names].slice(0, 3).join(', ') + (names.size > 3 ? ` and ${names.size - 3} more` : '')
  return `: ${some(services)}${clusters.size > 0 ? ` (${some(clusters)})` : ''}`
}

export const isoTime = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')

export const clusterOf = ({ entity }: AlertEvent) => entity.clusterDisplayName ?? entity.cluster

/** Where a cause is: role, service, cluster and hosts, in a line. */
export function placeOf(event: AlertEvent): string {
  const { entity } = event
  const parts = [
    entity.roleType ? `role type ${entity.roleType}` : '',
    entity.service ? `service ${entity.serviceDisplayName ?? entity.service}` : '',
    entity.cluster ? `cluster ${clusterOf(event)}` : '',
    entity.hosts.length > 0 ? `host ${entity.hosts.map((host) => host.name).join(', ')}` : '',
  ]
  return [`${entity.category} ${entity.displayName}`, ...parts.filter(Boolean)].join(' · ')
}

/** The tests that a cause speaks of: those that fail, or, when it has recovered, those that changed. */
export const testsOf = ({ state, event }: MessageCause) =>
  event.tests.filter((test) => (state === 'recovered' || state === 'event' ? test.changed : isFailing(test)))

export function historyOf({ history }: MessageCause): string {
  if (history.length < 2) return ''
  return history.map(({ time, health }) => `${isoTime(time).slice(11)} ${health}`).join(', ')
}

export const REPEAT_NOTE = 'This message may have been delivered before: an earlier attempt broke off.'
export const TEST_NOTE = 'This is a test that a person asked for. Nothing is wrong.'

export function notesOf(message: Message, repeat: boolean): string[] {
  const notes = []
  if (message.kind === 'test') notes.push(TEST_NOTE)
  if (repeat) notes.push(REPEAT_NOTE)
  return notes
}

export function openLine(message: Message): string {
  if (message.kind === 'test') return ''
  if (message.open === 0) return 'Nothing else is wrong here.'
  return message.open === 1
    ? '1 entity is in trouble here now.'
    : `${message.open} entities are in trouble here now.`
}
