import { type Catalogue, CatalogueLimitError } from '../../metrics/index.js'
import type { Node } from '../evaluate/nodes.js'

/** Hosts and roles are known by what their agents send; services and clusters nobody else speaks of. */
export function registerEntity(catalogue: Catalogue, node: Node): number {
  const { category, identity, entity, cluster, service, host } = node
  const found = catalogue.findEntity(category, identity)
  if (found !== undefined && (category === 'HOST' || category === 'ROLE')) return found.index
  const attributes: Record<string, string> = {}
  const put = (name: string, value: string | undefined) => {
    if (value) attributes[name] = value
  }
  const owner = category === 'CLUSTER' ? node : cluster
  put('clusterName', owner?.entity.name)
  put('clusterId', owner?.identity)
  put('clusterDisplayName', owner?.entity.displayName ?? owner?.entity.name)
  const of = category === 'SERVICE' ? node : service
  put('serviceName', of?.entity.serviceName)
  put('serviceType', of?.entity.type)
  put('serviceDisplayName', of?.entity.displayName ?? of?.entity.serviceName)
  if (category === 'ROLE') {
    put('roleName', entity.name)
    put('roleType', entity.type)
  }
  const on = category === 'HOST' ? node : host
  put('hostId', on?.identity)
  put('hostname', on?.entity.hostname)
  put('rackId', on?.entity.rackId)
  return catalogue.addEntity({
    category,
    // In queries a cluster's `entityName` is its id, as in Cloudera Manager: docs/decisions/0033.
    name: category === 'CLUSTER' ? identity : entity.name,
    identity,
    ...(entity.displayName !== undefined && { displayName: entity.displayName }),
    attributes,
  })
}

/**
 * Tells the catalogue what entities are called now, so that it knows what they were called before: services and clusters, and
 * hosts, whose agents say it only with their next figures. At the limit of the catalogue it is left out.
 */
export function followNames(catalogue: Catalogue, nodes: readonly Node[]): void {
  for (const node of nodes) {
    const { category, identity, entity, bare } = node
    if (bare) continue
    try {
      if (category === 'SERVICE' || category === 'CLUSTER') registerEntity(catalogue, node)
      else if (category === 'HOST' && entity.hostname !== undefined) {
        const { hostname } = entity
        const known = catalogue.findByIdentity('HOST', identity)
        if (known !== undefined && known.attributes.hostname !== hostname)
          catalogue.addEntity({ category, name: identity, displayName: hostname, attributes: { hostname } })
      }
    } catch (error) {
      if (!(error instanceof CatalogueLimitError)) throw error
    }
  }
}
