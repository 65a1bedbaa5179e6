import type { Catalogue } from '../../metrics/index.js'
import { attributeReader } from '../check/attributes.js'

/** As `ApiTimeSeriesEntityType` of Cloudera Manager's API. */
export interface EntityType {
  name: string
  category: string
  nameForCrossEntityAggregateMetrics: string
  displayName: string
  description: string
  immutableAttributeNames: string[]
  mutableAttributeNames: string[]
  entityNameFormat: string[]
  entityDisplayNameFormat: string
  parentMetricEntityTypeNames: string[]
}

interface Core {
  name: string
  plural: string
  display: string
  description: string
  immutable: string[]
  mutable?: string[]
  nameFormat: string[]
  displayFormat: string
  parents: string[]
}

/** Parents before children; a child has its parents' attributes too. */
const CORE: readonly Core[] = [
  {
    name: 'CLUSTER',
    plural: 'clusters',
    display: 'Cluster',
    description: 'A cluster: hosts and the services on them.',
    immutable: ['clusterName', 'clusterId'],
    mutable: ['clusterDisplayName', 'version'],
    nameFormat: ['clusterId'],
    displayFormat: '$clusterDisplayName',
    parents: [],
  },
  {
    name: 'RACK',
    plural: 'racks',
    display: 'Rack',
    description: 'A rack of hosts.',
    immutable: ['rackId'],
    nameFormat: ['rackId'],
    displayFormat: '$rackId',
    parents: [],
  },
  {
    name: 'HOST',
    plural: 'hosts',
    display: 'Host',
    description: 'A host.',
    immutable: ['clusterName', 'hostId', 'clusterId', 'rackId'],
    mutable: ['hostname'],
    nameFormat: ['hostId'],
    displayFormat: '$hostname',
    parents: ['RACK', 'CLUSTER'],
  },
  {
    name: 'CMSERVER',
    plural: 'cm_servers',
    display: 'Manager',
    description: 'A manager: one per instance, named CMSERVER:<host name>.',
    immutable: ['hostname'],
    nameFormat: ['entityName'],
    displayFormat: '$entityName',
    parents: [],
  },
  {
    name: 'DISK',
    plural: 'disks',
    display: 'Disk',
    description: 'A disk of a host.',
    immutable: ['device', 'logicalPartition'],
    nameFormat: ['hostId', 'device'],
    displayFormat: '$device ($hostname)',
    parents: ['HOST'],
  },
  {
    name: 'FILESYSTEM',
    plural: 'filesystems',
    display: 'File system',
    description: 'A file system of a host.',
    immutable: ['mountpoint'],
    mutable: ['partition'],
    nameFormat: ['hostId', 'mountpoint'],
    displayFormat: '$mountpoint ($hostname)',
    parents: ['HOST'],
  },
  {
    name: 'NETWORK_INTERFACE',
    plural: 'network_interfaces',
    display: 'Network interface',
    description: 'A network interface of a host.',
    immutable: ['iface'],
    nameFormat: ['hostId', 'iface'],
    displayFormat: '$iface ($hostname)',
    parents: ['HOST'],
  },
  {
    name: 'DIRECTORY',
    plural: 'directories',
    display: 'Directory',
    description: 'A directory that a role uses.',
    immutable: ['path', 'roleName'],
    nameFormat: ['roleName', 'path'],
    displayFormat: '$path',
    parents: ['HOST'],
  },
]

const SERVICE_ATTRIBUTES = ['clusterName', 'clusterId', 'serviceName', 'serviceType']
const ROLE_ATTRIBUTES = [...SERVICE_ATTRIBUTES, 'roleName', 'roleType', 'hostId']

/** What there are metrics of: the kinds that are built in, then services, roles and other kinds in the catalogue. */
export function entityTypes(catalogue: Catalogue): EntityType[] {
  const types = CORE.map(fromCore)
  const known = new Set(types.map(({ name }) => name))
  const serviceTypes = distinct(catalogue, 'SERVICE', 'serviceType')
  const add = (type: EntityType) => {
    if (known.has(type.name)) return
    known.add(type.name)
    types.push(type)
  }
  for (const [serviceType] of serviceTypes) add(serviceOf(serviceType))
  for (const [roleType, serviceType] of distinct(catalogue, 'ROLE', 'roleType', 'serviceType'))
    add(roleOf(roleType, serviceType, known))
  for (const category of catalogue.categories().sort())
    if (category !== 'SERVICE' && category !== 'ROLE') add(otherOf(category))
  return types
}

function fromCore(core: Core): EntityType {
  return {
    name: core.name,
    category: core.name,
    nameForCrossEntityAggregateMetrics: core.plural,
    displayName: core.display,
    description: core.description,
    immutableAttributeNames: core.immutable,
    mutableAttributeNames: core.mutable ?? [],
    entityNameFormat: core.nameFormat,
    entityDisplayNameFormat: core.displayFormat,
    parentMetricEntityTypeNames: core.parents,
  }
}

const serviceOf = (type: string): EntityType => ({
  name: type,
  category: 'SERVICE',
  nameForCrossEntityAggregateMetrics: `${type.toLowerCase()}s`,
  displayName: type,
  description: `A service of type ${type}.`,
  immutableAttributeNames: SERVICE_ATTRIBUTES,
  mutableAttributeNames: ['serviceDisplayName', 'serviceState'],
  entityNameFormat: ['serviceName'],
  entityDisplayNameFormat: '$serviceDisplayName',
  parentMetricEntityTypeNames: ['CLUSTER'],
})

const roleOf = (type: string, serviceType: string, known: ReadonlySet<string>): EntityType => ({
  name: serviceType === '' ? type : `${serviceType}-${type}`,
  category: 'ROLE',
  nameForCrossEntityAggregateMetrics: `${type.toLowerCase()}s`,
  displayName: type,
  description: `A role of type ${type}.`,
  immutableAttributeNames: ROLE_ATTRIBUTES,
  mutableAttributeNames: ['hostname', 'rackId', 'roleConfigGroup', 'roleState'],
  entityNameFormat: ['roleName'],
  entityDisplayNameFormat: '$roleType ($hostname)',
  parentMetricEntityTypeNames: [...(known.has(serviceType) ? [serviceType] : []), 'HOST'],
})

const otherOf = (category: string): EntityType => ({
  name: category,
  category,
  nameForCrossEntityAggregateMetrics: `${category.toLowerCase()}s`,
  displayName: category,
  description: `Entities that senders gave the category ${category}.`,
  immutableAttributeNames: [],
  mutableAttributeNames: [],
  entityNameFormat: ['entityName'],
  entityDisplayNameFormat: '$entityName',
  parentMetricEntityTypeNames: [],
})

/** Distinct values of an attribute in a category, with another attribute of the first entity that has them. */
function distinct(catalogue: Catalogue, category: string, name: string, beside?: string): [string, string][] {
  const read = attributeReader(name)
  const other = beside === undefined ? undefined : attributeReader(beside)
  const found = new Map<string, [string, string]>()
  for (const index of catalogue.entitiesIn(category)) {
    const entity = catalogue.entityAt(index)
    const value = read(entity)
    const second = other?.(entity) ?? ''
    if (value !== undefined && !found.has(`${value}\n${second}`))
      found.set(`${value}\n${second}`, [value, second])
  }
  return [...found.values()].sort(([a], [b]) => (a < b ? -1 : 1))
}
