import type { Entity } from '../../metrics/index.js'

/** Attribute names are compared without case and underscores: `serviceName`, `servicename` and `service_name` are one. */
export function normalizeAttribute(name: string): string {
  const known = normalized.get(name)
  if (known !== undefined) return known
  const result = name.toLowerCase().replaceAll('_', '')
  // Names come from senders and from queries: a bound, so that neither can fill the memory.
  if (normalized.size > 10_000) normalized.clear()
  normalized.set(name, result)
  return result
}
const normalized = new Map<string, string>()

/** Attributes whose values are compared with regard to case; of all others case does not count. */
const CASE_SENSITIVE = new Set(['roleconfiggroup', 'kafkatopicname'])

export const isCaseSensitive = (attribute: string) => CASE_SENSITIVE.has(normalizeAttribute(attribute))

/** What an attribute is read from. */
type Attributed = Pick<Entity, 'category' | 'name' | 'attributes'>
type Reader = (entity: Attributed) => string | undefined

/**
 * Reads one attribute of many entities: remembers how senders spell it, so that the usual case is one look-up.
 * `category` and `entityName` are attributes too; the latter is the current name. Hosts and what is on them, and services with
 * their roles, are in the cluster `default` where nobody names another: a deployment without a manager is one cluster.
 */
export function attributeReader(attribute: string): Reader {
  const wanted = normalizeAttribute(attribute)
  if (wanted === 'category') return (entity) => entity.category
  if (wanted === 'entityname') return (entity) => entity.name
  const read = givenAttribute(attribute)
  if (wanted === 'clustername') return (entity) => read(entity) ?? unnamedCluster(entity)
  if (wanted !== 'clusterdisplayname') return read
  const name = givenAttribute('clusterName')
  return (entity) => read(entity) ?? name(entity) ?? unnamedCluster(entity)
}

export const DEFAULT_CLUSTER = 'default'

const OF_HOSTS = new Set(['HOST', 'RACK', 'DISK', 'FILESYSTEM', 'NETWORK_INTERFACE', 'DIRECTORY'])

/** The cluster of an entity that names none; undefined for what belongs to no cluster, such as the management's own roles. */
function unnamedCluster(entity: Attributed): string | undefined {
  const { category } = entity
  if (OF_HOSTS.has(category)) return DEFAULT_CLUSTER
  if (category !== 'SERVICE' && category !== 'ROLE') return undefined
  if (category === 'ROLE' && serviceName(entity) === undefined) return undefined
  return serviceType(entity) === 'MGMT' ? undefined : DEFAULT_CLUSTER
}

/** As its sender gave it. */
function givenAttribute(attribute: string): Reader {
  const wanted = normalizeAttribute(attribute)
  const spellings = [attribute]
  return (entity) => {
    for (const spelling of spellings)
      if (Object.hasOwn(entity.attributes, spelling)) return entity.attributes[spelling]
    for (const name of Object.keys(entity.attributes))
      if (normalizeAttribute(name) === wanted) {
        spellings.push(name)
        return entity.attributes[name]
      }
    return undefined
  }
}

const serviceName = givenAttribute('serviceName')
const serviceType = givenAttribute('serviceType')
