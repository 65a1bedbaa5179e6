import type { EntityHealth, HealthEntityRef } from '../../wire/health.js'
import { summaryOf } from '../summary.js'
import { maintenanceOwners, type Node } from './nodes.js'

const MOST_HOSTS = 100

const named = ({ identity, entity }: Node) => ({
  identity,
  name: entity.name,
  displayName: entity.displayName ?? entity.name,
})

/** An entity as others get it. */
export function refOf(node: Node): HealthEntityRef {
  const { category, cluster, host, members, entity } = node
  const service = category === 'SERVICE' ? node : node.service
  const hosts = category === 'HOST' ? [node] : category === 'ROLE' ? (host ? [host] : []) : []
  if (category === 'SERVICE') {
    const found = new Set<Node>()
    for (const member of members) if (member.host && found.size < MOST_HOSTS) found.add(member.host)
    hosts.push(...found)
  }
  return {
    category,
    ...named(node),
    ...(cluster && { cluster: named(cluster) }),
    ...(service && {
      service: {
        ...named(service),
        name: service.entity.serviceName ?? service.entity.name,
        type: service.entity.type ?? '',
      },
    }),
    ...(category === 'ROLE' && { roleType: entity.type ?? '' }),
    hosts: hosts.map((each) => ({
      identity: each.identity,
      hostname: each.entity.hostname ?? each.entity.name,
    })),
  }
}

export function healthOfNode(node: Node): EntityHealth {
  const owners = maintenanceOwners(node)
  return {
    ...refOf(node),
    summary: summaryOf(node.summary),
    since: node.since,
    at: node.at,
    maintenance: owners.length > 0,
    maintenanceOwners: owners,
  }
}
