import type { EffectiveConfig } from '../descriptors/index.js'
import type { ProcessInput, RoleInstance, ServiceInstance } from './input.js'

/** What stands for a sensitive value wherever people look. */
export const MASK = '********'

/**
 * The same input with every sensitive value blotted out. A process generated from it is what may be shown: no bookkeeping
 * of where a secret has gone can be wrong.
 */
export function maskInput(input: ProcessInput): ProcessInput {
  const services = new Map<ServiceInstance, ServiceInstance>()
  const service = maskService(input.service, services)
  return { ...input, service, role: maskRole(input.role) }
}

function maskService(service: ServiceInstance, done: Map<ServiceInstance, ServiceInstance>): ServiceInstance {
  const before = done.get(service)
  if (before) return before
  const dependencies = new Map<string, ServiceInstance>()
  const masked: ServiceInstance = {
    ...service,
    config: maskConfig(service.config),
    gatewayConfig: service.gatewayConfig && maskConfig(service.gatewayConfig),
    roles: service.roles.map(maskRole),
    dependencies,
  }
  done.set(service, masked)
  for (const [type, each] of service.dependencies) dependencies.set(type, maskService(each, done))
  return masked
}

function maskRole(role: RoleInstance): RoleInstance {
  return { ...role, config: maskConfig(role.config) }
}

function maskConfig(config: EffectiveConfig): EffectiveConfig {
  return new Map(
    [...config].map(([name, each]) => [
      name,
      each.parameter.sensitive && each.value ? { ...each, value: MASK, covers: [] } : each,
    ]),
  )
}
