import { type ConfigMessage, GATEWAY } from '../descriptors/index.js'
import type { Role } from '../model/types.js'
import type { Instances } from './instances.js'

interface Port {
  readonly parameter: string
  readonly label: string
  readonly value: string
}

/**
 * Warnings where a role is to listen on a port that another role of its host listens on as well. They may listen on different
 * addresses, or not at all as they are configured: so it is no error.
 */
export function portConflicts(instances: Instances, role: Role): ConfigMessage[] {
  const own = portsOf(instances, role)
  if (own.length === 0) return []
  const others = (instances.model.rolesOfHost.get(role.hostId) ?? []).filter(({ id }) => id !== role.id)
  return others.flatMap((other) => {
    const taken = new Map(portsOf(instances, other).map(({ value, label }) => [value, label]))
    return own.flatMap(({ parameter, label, value }): ConfigMessage[] => {
      const used = taken.get(value)
      if (used === undefined) return []
      const host = instances.model.hosts.get(role.hostId)?.hostname
      const text = `${label}: port ${value} is that of role "${other.name}" on ${host} too (${used}); choose another`
      return [{ level: 'WARNING', code: 'PORT_TWICE', parameter, text }]
    })
  })
}

/** Ports that a role listens on; 0 and -1 stand for none. */
function portsOf(instances: Instances, role: Role): Port[] {
  if (role.type === GATEWAY) return []
  const out: Port[] = []
  for (const { parameter, value } of instances.role(role)?.role.config.values() ?? [])
    if (
      parameter.type === 'port' &&
      parameter.scope !== 'SERVICE' &&
      !parameter.outbound &&
      Number(value) > 0
    )
      out.push({ parameter: parameter.name, label: parameter.label, value: String(Number(value)) })
  return out
}
