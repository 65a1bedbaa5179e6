import { type Catalogue, type Entity, entityId, type Metric } from '../../metrics/index.js'
import { isMember } from './across-names.js'
import { attributeReader, DEFAULT_CLUSTER } from './attributes.js'

/** An entity that others belong to, with those of them that have the metric. */
export interface Ancestor {
  readonly entity: Entity
  readonly members: readonly Entity[]
}

const attribute = {
  cluster: attributeReader('clusterName'),
  clusterId: attributeReader('clusterId'),
  service: attributeReader('serviceName'),
  hostId: attributeReader('hostId'),
  hostname: attributeReader('hostname'),
  rack: attributeReader('rackId'),
}

type Level = 'CLUSTER' | 'RACK' | 'HOST' | 'SERVICE'

/** What of an entity says where it belongs, by level; undefined: nowhere. */
function placeOf(entity: Entity, level: Level): string | undefined {
  const cluster = attribute.cluster(entity) ?? DEFAULT_CLUSTER
  if (level === 'CLUSTER') return cluster
  if (level === 'RACK') return attribute.rack(entity)
  if (level === 'HOST') return attribute.hostId(entity) ?? attribute.hostname(entity)
  const service = attribute.service(entity)
  return service === undefined ? undefined : `${cluster}\n${service}`
}

/** The same of an entity that is the place itself. */
function ownPlace(entity: Entity, level: Level): string {
  if (level === 'CLUSTER') return attribute.cluster(entity) ?? entity.name
  if (level === 'SERVICE')
    return `${attribute.cluster(entity) ?? DEFAULT_CLUSTER}\n${attribute.service(entity) ?? entity.name}`
  return placeOf(entity, level) ?? entity.name
}

const LEVELS: readonly Level[] = ['CLUSTER', 'RACK', 'HOST', 'SERVICE']
/** Ids of the catalogue are below; the sum with one of them is still a safe integer. */
const FIRST_MADE_UP = 2 ** 52

/**
 * The parents of the entities named by `plural` that have the metric: clusters, racks, hosts and services, by the
 * attributes of the members. A parent that nobody has registered is made up from them.
 */
export function ancestorsOf(catalogue: Catalogue, metric: Metric, plural: string): Ancestor[] {
  const member = isMember(plural)
  const members = catalogue
    .entitiesOf(metric.index)
    .map((i) => catalogue.entityAt(i))
    .filter(member)
  const result: Ancestor[] = []
  for (const level of LEVELS) {
    const groups = new Map<string, Entity[]>()
    for (const entity of members) {
      const place = entity.category === level ? undefined : placeOf(entity, level)
      if (place === undefined) continue
      const known = groups.get(place)
      if (known === undefined) groups.set(place, [entity])
      else known.push(entity)
    }
    if (groups.size === 0) continue
    const registered = new Map<string, Entity>()
    for (const i of catalogue.entitiesIn(level)) {
      const entity = catalogue.entityAt(i)
      registered.set(ownPlace(entity, level), entity)
    }
    for (const [place, list] of groups)
      result.push({
        entity: registered.get(place) ?? madeUp(level, place, list),
        members: list,
      })
  }
  return result.sort((a, b) => a.entity.id - b.entity.id)
}

/**
 * A parent of which only its members tell. Its id and index are outside those of the catalogue, and stay in the process. A cluster's
 * `entityName` is its `clusterId` where a member knows that, as in Cloudera Manager; else its name.
 */
function madeUp(level: Level, place: string, members: readonly Entity[]): Entity {
  const id = FIRST_MADE_UP + entityId(level, place)
  const member = (members.find((each) => attribute.clusterId(each) !== undefined) ?? members[0]) as Entity
  const own = place.slice(place.lastIndexOf('\n') + 1)
  const name = level === 'CLUSTER' ? (attribute.clusterId(member) ?? own) : own
  const cluster = attribute.cluster(member) ?? DEFAULT_CLUSTER
  const attributes: Record<string, string> = { clusterName: cluster, clusterDisplayName: cluster }
  const copy = (...names: string[]) => {
    for (const each of names) {
      const value = attributeReader(each)(member)
      if (value !== undefined) attributes[each] = value
    }
  }
  copy('clusterDisplayName', 'clusterId')
  if (level === 'RACK') copy('rackId')
  if (level === 'HOST') copy('hostId', 'hostname', 'rackId')
  if (level === 'SERVICE') copy('serviceName', 'serviceDisplayName', 'serviceType')
  return {
    id,
    index: id,
    category: level,
    name,
    identity: name,
    displayName:
      (level === 'HOST'
        ? attributes.hostname
        : level === 'CLUSTER'
          ? attributes.clusterDisplayName
          : undefined) ?? name,
    attributes,
    names: [{ name, since: 0 }],
    since: 0,
  }
}

/** Whether an entity is made up, not of the catalogue. */
export const isMadeUp = (entity: Pick<Entity, 'index'>) => entity.index >= FIRST_MADE_UP
