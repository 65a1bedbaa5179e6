import { cpus } from 'node:os'
import type { HostPlace } from '../wire/heartbeat.js'
import type { Host } from './round.js'

/**
 * The host's entity, the same object until the host is renamed or moved. Its name is the host id, as in Cloudera Manager, so
 * that a new host name changes attributes and the display name only. `place`, which the manager gives, comes before `rackId`.
 */
export function createHostSource(
  hostId: string,
  rackId: string,
): (hostname: string, place?: HostPlace) => Host {
  let host: Host | undefined
  let known = ''
  return (hostname, place) => {
    const now = JSON.stringify([hostname, place])
    if (host && known === now) return host
    known = now
    const located = { rackId, ...place }
    const attributes = { hostId, hostname, ...located, cores: String(cpus().length) }
    const entity = { category: 'HOST', name: hostId, displayName: hostname, attributes }
    host = { hostId, hostname, place: located, entity }
    return host
  }
}
