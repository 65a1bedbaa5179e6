import type { Parameter } from '../model/parameter.js'
import { GATEWAY } from '../model/service.js'

/** What scoping needs of a service descriptor, written or complete. */
export interface Scoped {
  readonly parameters: readonly Parameter[]
  readonly roles: readonly { readonly type: string; readonly parameters: readonly Parameter[] }[]
  readonly gateway: { readonly parameters: readonly Parameter[] } | undefined
}

/**
 * The parameters that a role (or the gateway) sees: its own, then the service's; where both have a name, its own.
 * Undefined for a role type that the service does not have.
 */
export function parametersInScope(service: Scoped, roleType: string): readonly Parameter[] | undefined {
  const own =
    roleType === GATEWAY
      ? service.gateway?.parameters
      : service.roles.find((role) => role.type === roleType)?.parameters
  if (!own) return undefined
  const names = new Set(own.map((each) => each.name))
  return [...own, ...service.parameters.filter((each) => !names.has(each.name))]
}
