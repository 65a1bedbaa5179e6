import { cpus } from 'node:os'
import type { Host } from './round.js'

/**
 * The host's entity, the same object until the host is renamed. Its name is the host id, as in Cloudera Manager, so that a
 * new host name changes attributes and the display name only.
 */
export function createHostSource(hostId: string, rackId: string): (hostname: string) => Host {
  let host: Host | undefined
  return (hostname) => {
    if (host?.hostname === hostname) return host
    const attributes = { hostId, hostname, rackId, cores: String(cpus().length) }
    const entity = { category: 'HOST', name: hostId, displayName: hostname, attributes }
    host = { hostId, hostname, rackId, entity }
    return host
  }
}
