import type { Entity } from '../../metrics/index.js'
import type { AlertEntity, AlertEvent, AlertHealth } from '../../wire/alert.js'
import { ALERT_HEALTHS, ALERT_LIMITS, cleanText } from '../../wire/alert.js'
import type { EventCategory, EventRecord } from '../../wire/event.js'
import type { LookUp } from './look-up.js'

type One = LookUp['one']

/** The part of an alert's entity that survives a rename. */
export function lasting(
  one: One,
  category: string,
  name: string,
): Pick<AlertEntity, 'identity' | 'formerNames'> {
  const found = one(category, name)
  if (!found) return {}
  const former = formerNames(found).filter((each) => each !== name)
  return {
    identity: found.identity,
    ...(former.length > 0 ? { formerNames: former.slice(-ALERT_LIMITS.formerNames) } : {}),
  }
}

/** Names and display names that it had before, each once. */
const formerNames = ({ names, formerDisplayNames = [] }: Entity): string[] => [
  ...new Set([...names.slice(0, -1).map(({ name }) => name), ...formerDisplayNames].map(nameOf)),
]

/** What those to which an alert's entity belongs were called before, so that a silence or a route by such a name goes on to hold. */
export function formerly(
  one: One,
  owners: { cluster?: string | undefined; service?: string | undefined; hosts: readonly string[] },
): Pick<AlertEntity, 'formerly'> {
  const of = (category: string, names: readonly (string | undefined)[]) =>
    names
      .flatMap((name) => {
        const found = name === undefined ? undefined : one(category, name)
        return found ? formerNames(found) : []
      })
      .slice(-ALERT_LIMITS.formerNames)
  const found = {
    cluster: of('CLUSTER', [owners.cluster]),
    service: of('SERVICE', [owners.service]),
    host: of('HOST', owners.hosts.slice(0, ALERT_LIMITS.hosts)),
  }
  const some = Object.entries(found).filter(([, names]) => names.length > 0)
  return some.length > 0 ? { formerly: Object.fromEntries(some) } : {}
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
 * alertOf({ …, category: 'LOG_EVENT', attributes: { ROLE: ['zk-1'], HOSTS: ['node7'] } }, lookUp.one).entity.category // 'ROLE'
 */
export function alertOf(
  record: EventRecord,
  one: One,
  quiet: (category: string, name: string) => boolean = () => false,
): AlertEvent {
  const health = healthOf(record)
  const category = CATEGORIES[record.category]
  const entity = entityOf(record, one)
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

function entityOf({ attributes }: EventRecord, one: One): AlertEntity {
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
  const owners = {
    cluster: first('CLUSTER_ID') ?? optional.cluster,
    service: first('SERVICE_ID') ?? optional.service,
    hosts: hosts.map((host) => host.id ?? host.name),
  }
  return {
    category,
    name,
    displayName,
    ...lasting(one, category, name),
    ...formerly(one, owners),
    ...optional,
    hosts,
  }
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
