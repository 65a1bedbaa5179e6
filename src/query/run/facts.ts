import type { Catalogue, Entity } from '../../metrics/index.js'
import { attributeReader, normalizeAttribute } from '../check/attributes.js'

/** What `getHostFact`, `getClusterFact` and `count_service_roles` know: from the catalogue and the newest `cores`. */
export interface Facts {
  hostFact(entity: Entity, fallback: number): number
  clusterFact(entity: Entity, fallback: number): number
  roleCount(entity: Entity, roleType: string | undefined, roleState: string | undefined): number
}

/** `coresOf`: number of cores of a HOST entity; undefined when it is not known. */
export function createFacts(catalogue: Catalogue, coresOf: (host: Entity) => number | undefined): Facts {
  const attribute = {
    hostId: attributeReader('hostId'),
    hostname: attributeReader('hostname'),
    cluster: attributeReader('clusterName'),
    service: attributeReader('serviceName'),
    roleType: attributeReader('roleType'),
    roleState: attributeReader('roleState'),
    numCores: attributeReader('numCores'),
    cores: attributeReader('cores'),
  }
  const coresOfHost = (host: Entity): number | undefined => {
    const known = Number(attribute.numCores(host) ?? attribute.cores(host))
    return known > 0 ? known : coresOf(host)
  }
  const hostsByName = new Map<string, Entity>()
  const hosts = (): Entity[] => catalogue.entitiesIn('HOST').map((index) => catalogue.entityAt(index))
  const hostOf = (entity: Entity): Entity | undefined => {
    if (entity.category === 'HOST') return entity
    const id = attribute.hostId(entity)
    const byId = id === undefined ? undefined : catalogue.findEntity('HOST', id)
    if (byId !== undefined) return byId
    const name = attribute.hostname(entity)
    if (name === undefined) return undefined
    if (hostsByName.size === 0)
      for (const host of hosts()) hostsByName.set(attribute.hostname(host) ?? host.name, host)
    return hostsByName.get(name)
  }
  const clusterCores = new Map<string, number>()
  const roleCounts = new Map<string, number>()
  return {
    hostFact(entity, fallback) {
      const host = hostOf(entity)
      return (host === undefined ? undefined : coresOfHost(host)) ?? fallback
    },
    clusterFact(entity, fallback) {
      const cluster = attribute.cluster(entity) ?? (entity.category === 'CLUSTER' ? entity.name : undefined)
      if (cluster === undefined) return fallback
      if (clusterCores.size === 0)
        for (const host of hosts()) {
          const name = attribute.cluster(host)
          const cores = coresOfHost(host)
          if (name === undefined || cores === undefined) continue
          clusterCores.set(name, (clusterCores.get(name) ?? 0) + cores)
        }
      return clusterCores.get(cluster) ?? fallback
    },
    roleCount(entity, roleType, roleState) {
      const service = attribute.service(entity) ?? (entity.category === 'SERVICE' ? entity.name : undefined)
      if (service === undefined) return 0
      const cluster = attribute.cluster(entity)
      const key = `${cluster}\n${service}\n${roleType}\n${roleState}`
      const known = roleCounts.get(key)
      if (known !== undefined) return known
      let count = 0
      for (const index of catalogue.entitiesIn('ROLE')) {
        const role = catalogue.entityAt(index)
        if (attribute.service(role) !== service || attribute.cluster(role) !== cluster) continue
        if (roleType !== undefined && normalizeAttribute(attribute.roleType(role) ?? '') !== roleType)
          continue
        if (roleState !== undefined && normalizeAttribute(attribute.roleState(role) ?? '') !== roleState)
          continue
        count++
      }
      roleCounts.set(key, count)
      return count
    },
  }
}
