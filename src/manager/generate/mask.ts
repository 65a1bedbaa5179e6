import type { EffectiveConfig } from '../descriptors/index.js'
import type { ProcessInput, RoleInstance, ServiceInstance } from './input.js'

/** What stands for a sensitive value wherever people look. */
export const MASK = '********'

// The roles of a service are generated one after the other from the same objects: each is masked once.
const services = new WeakMap<ServiceInstance, ServiceInstance>()
const roles = new WeakMap<RoleInstance, RoleInstance>()
const secrecy = new WeakMap<ServiceInstance, boolean>()

/**
 * The same input with every sensitive value blotted out. A process generated from it is what may be shown: no bookkeeping
 * of where a secret has gone can be wrong.
 */
export function maskInput(input: ProcessInput): ProcessInput {
  return { ...input, service: maskService(input.service), role: maskRole(input.role) }
}

/** Is there any sensitive value that could get into a process of the service? */
export function hasSecrets({ service, role }: Pick<ProcessInput, 'service' | 'role'>): boolean {
  return isSecret(role.config) || serviceHasSecrets(service)
}

function serviceHasSecrets(service: ServiceInstance): boolean {
  const known = secrecy.get(service)
  if (known !== undefined) return known
  // A service that depends on itself counts as having some: to mask for nothing is harmless.
  secrecy.set(service, true)
  const configs = [service.config, service.gatewayConfig, ...service.roles.map((role) => role.config)]
  const found =
    configs.some((config) => config !== undefined && isSecret(config)) ||
    [...service.dependencies.values()].some(serviceHasSecrets)
  secrecy.set(service, found)
  return found
}

function isSecret(config: EffectiveConfig): boolean {
  for (const each of config.values()) if (each.parameter.sensitive && each.value) return true
  return false
}

function maskService(service: ServiceInstance): ServiceInstance {
  const before = services.get(service)
  if (before) return before
  const dependencies = new Map<string, ServiceInstance>()
  const masked: ServiceInstance = {
    ...service,
    config: maskConfig(service.config),
    gatewayConfig: service.gatewayConfig && maskConfig(service.gatewayConfig),
    roles: service.roles.map(maskRole),
    dependencies,
  }
  services.set(service, masked)
  for (const [type, each] of service.dependencies) dependencies.set(type, maskService(each))
  return masked
}

function maskRole(role: RoleInstance): RoleInstance {
  const before = roles.get(role)
  if (before) return before
  const masked = { ...role, config: maskConfig(role.config) }
  roles.set(role, masked)
  return masked
}

function maskConfig(config: EffectiveConfig): EffectiveConfig {
  if (!isSecret(config)) return config
  return new Map(
    [...config].map(([name, each]) => [
      name,
      each.parameter.sensitive && each.value ? { ...each, value: MASK, covers: [] } : each,
    ]),
  )
}
