import { type AdditionalConfig, token } from '../descriptors/index.js'
import type { RoleInstance, ServiceInstance } from './input.js'
import type { GenerationProblem } from './problem.js'
import { type Context, processUser, rolesOf, textOf } from './scope.js'
import { type Lookup, substitute } from './substitute.js'

/**
 * Names of a template: parameters in scope (empty when they have no value), `host`, `user`, `group`, `principal` (the user,
 * as there is no Kerberos), `dependency:TYPE` (name of the chosen service or `none`) and `dependency:TYPE:VARIABLE`.
 */
export function lookupIn(context: Context, trail: readonly ServiceInstance[] = []): Lookup {
  const { user, group } = processUser(context)
  return (name) => {
    if (context.config.has(name)) return textOf(context.config, name) ?? ''
    if (name === 'host') return context.hostname
    if (name === 'user') return user
    if (name === 'group') return group
    if (name === 'principal') return textOf(context.config, 'kerberos_princ_name') ?? user
    if (!name.startsWith('dependency:')) return undefined
    const [type = '', variable] = name.slice('dependency:'.length).split(':')
    const chosen = context.service.dependencies.get(type)
    if (variable === undefined) return chosen?.name ?? 'none'
    return chosen
      ? (clientVariable(chosen, variable, context.problems, [...trail, context.service]) ?? '')
      : ''
  }
}

/** Names of a template about another role: its parameters and its host, as `peer:…`; everything else as `outer` says. */
export function peerLookup(peer: RoleInstance, outer: Lookup): Lookup {
  return (name) => {
    if (!name.startsWith('peer:')) return outer(name)
    const own = name.slice('peer:'.length)
    if (own === 'host') return peer.hostname
    return peer.config.has(own) ? (textOf(peer.config, own) ?? '') : undefined
  }
}

/** The value of a `peerList` entry: `value` with `${peers}` for all of them. */
export function peerList(
  { service, problems }: Pick<Context, 'service' | 'problems'>,
  config: AdditionalConfig,
  lookup: Lookup,
  place: string,
): string {
  const peers = rolesOf(service, config.roleName ?? '')
    .map((peer) => substitute(config.item, peerLookup(peer, lookup), place, problems))
    .join(config.separator)
  return substitute(
    config.value === '' ? token('peers') : config.value,
    (name) => (name === 'peers' ? peers : lookup(name)),
    place,
    problems,
  )
}

/** The value of one of the variables that a service gives to those that depend on it, such as `ZK_QUORUM`. */
export function clientVariable(
  service: ServiceInstance,
  name: string,
  problems: GenerationProblem[],
  trail: readonly ServiceInstance[] = [],
): string | undefined {
  const variable = service.descriptor.clientVariables.find((each) => each.name === name)
  if (!variable) return undefined
  const place = `${service.descriptor.type} clientVariables ${name}`
  if (trail.includes(service)) {
    problems.push({
      place,
      message: `service ${service.name} depends on itself; undo one of the dependencies`,
    })
    return undefined
  }
  const context: Context = { service, roleType: '', hostname: '', config: service.config, problems }
  const lookup = lookupIn(context, trail)
  return variable.entry.type === 'peerList'
    ? peerList(context, variable.entry, lookup, place)
    : substitute(variable.entry.value, lookup, place, problems)
}
