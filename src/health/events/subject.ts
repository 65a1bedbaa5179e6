import type { AlertEntity, AlertEvent, AlertHealth } from '../../wire/alert.js'
import { ALERT_HEALTHS, ALERT_LIMITS, cleanText } from '../../wire/alert.js'
import type { EventCategory, EventRecord } from '../../wire/event.js'

/** What is known of an entity by any name that it has or had. */
export type LookUp = (
  category: string,
  name: string,
) => { id: number; identity: string; name: string; names: readonly { name: string }[] } | undefined

/** The part of an alert's entity that survives a rename. */
export function lasting(
  lookUp: LookUp,
  category: string,
  name: string,
): Pick<AlertEntity, 'identity' | 'formerNames'> {
  const found = lookUp(category, name)
  if (!found) return {}
  const former = [...new Set(found.names.map((each) => each.name))].filter((each) => each !== name)
  return {
    identity: found.identity,
    ...(former.length > 0 ? { formerNames: former.slice(-ALERT_LIMITS.formerNames) } : {}),
  }
}

const CATEGORIES: Record<EventCategory, AlertEvent['category']> = {
  // Whose health it is, and how it is, is said with an alert of health only: see `health-change.ts`.
  HEALTH_EVENT: 'HEALTH_CHECK',
  LOG_EVENT: 'LOG_MESSAGE',
  AUDIT_EVENT: 'AUDIT_EVENT',
  ACTIVITY_EVENT: 'ACTIVITY_EVENT',
  HBASE: 'SYSTEM',
  SYSTEM: 'SYSTEM',
  UNKNOWN: 'SYSTEM',
}

/**
 * What the publisher is told of an event that a sender wants alerted. Its entity is the most particular one that the
 * attributes name.
 *
 * @example
 * alertOf({ …, category: 'LOG_EVENT', attributes: { ROLE: ['zk-1'], HOSTS: ['node7'] } }, lookUp).entity.category // 'ROLE'
 */
export function alertOf(
  record: EventRecord,
  lookUp: LookUp,
  quiet: (category: string, name: string) => boolean = () => false,
): AlertEvent {
  const health = healthOf(record)
  const category = CATEGORIES[record.category]
  const entity = entityOf(record, lookUp)
  const summary = cleanText(record.content, ALERT_LIMITS.sentence) || record.category
  return {
    id: record.id,
    time: record.time,
    entity,
    severity: record.severity === 'UNKNOWN' ? 'INFORMATIONAL' : record.severity,
    category: category === 'HEALTH_CHECK' && !health ? 'SYSTEM' : category,
    codes: (record.attributes.EVENTCODE ?? []).slice(0, ALERT_LIMITS.codes).map(nameOf).filter(Boolean),
    summary,
    ...(category === 'HEALTH_CHECK' && health ? { health } : {}),
    tests: [],
    suppressed:
      record.attributes.ALERT_SUPPRESSED?.[0]?.toLowerCase() === 'true' ||
      quiet(entity.category, entity.name),
    monitorStartup: record.attributes.MONITOR_STARTUP?.[0]?.toLowerCase() === 'true',
    url: '',
  }
}

function healthOf({ attributes }: EventRecord): { current: AlertHealth } | undefined {
  const current = ALERT_HEALTHS.find((each) => each === attributes.CURRENT_HEALTH_SUMMARY?.[0])
  return current && { current }
}

function entityOf({ attributes }: EventRecord, lookUp: LookUp): AlertEntity {
  const first = (name: string) => nameOf(attributes[name]?.[0] ?? '') || undefined
  const hosts = (attributes.HOSTS ?? [])
    .slice(0, ALERT_LIMITS.hosts)
    .map((name, i) => ({ name: nameOf(name), id: nameOf(attributes.HOST_IDS?.[i] ?? '') }))
    .filter(({ name }) => name !== '')
    .map(({ name, id }) => (id === '' ? { name } : { name, id }))
  const optional = Object.fromEntries(
    Object.entries({
      cluster: first('CLUSTER'),
      clusterDisplayName: first('CLUSTER_DISPLAY_NAME'),
      service: first('SERVICE'),
      serviceDisplayName: first('SERVICE_DISPLAY_NAME'),
      serviceType: first('SERVICE_TYPE'),
      role: first('ROLE'),
      roleDisplayName: first('ROLE_DISPLAY_NAME'),
      roleType: first('ROLE_TYPE'),
    }).filter(([, value]) => value !== undefined),
  )
  const [category, name, displayName] = subjectOf(optional, hosts)
  return { category, name, displayName, ...lasting(lookUp, category, name), ...optional, hosts }
}

function subjectOf(
  named: Partial<Record<string, string>>,
  hosts: AlertEntity['hosts'],
): [category: string, name: string, displayName: string] {
  if (named.role) return ['ROLE', named.role, named.roleDisplayName ?? named.role]
  if (named.service) return ['SERVICE', named.service, named.serviceDisplayName ?? named.service]
  const [host] = hosts
  if (host) return ['HOST', host.id ?? host.name, host.name]
  if (named.cluster) return ['CLUSTER', named.cluster, named.clusterDisplayName ?? named.cluster]
  return ['SYSTEM', 'bellwether', 'Bellwether']
}

const nameOf = (text: string) => cleanText(text, ALERT_LIMITS.name)
