import { cpus } from 'node:os'
import type { Host } from './round.js'

/**
 * The host's entity, the same object until the host is renamed or belongs elsewhere. Its name is the host id, as in Cloudera
 * Manager, so that a new host name changes attributes and the display name only. `given`: attributes from the manager, which
 * come before the agent's own.
 */
export function createHostSource(
  hostId: string,
  rackId: string,
): (hostname: string, given?: Readonly<Record<string, string>>) => Host {
  let host: Host | undefined
  let known = ''
  return (hostname, given = {}) => {
    const key = JSON.stringify([hostname, given])
    if (host && known === key) return host
    known = key
    const shared = { rackId, ...given, hostId, hostname }
    const attributes = { ...shared, cores: String(cpus().length) }
    const entity = { category: 'HOST', name: hostId, displayName: hostname, attributes }
    host = { hostId, hostname, shared, entity }
    return host
  }
}
