import type { ConfigWriter } from '../model/config-writer.js'
import type { ServiceMetrics } from '../model/mdl.js'
import { type Parameter, parameter, type Scope } from '../model/parameter.js'
import type { RoleDescriptor } from '../model/role.js'
import type { GatewayDescriptor } from '../model/service.js'
import type { WrittenService } from '../sdl/service.js'
import { token } from '../token.js'
import { roleHealthParameters, serviceHealthParameters } from './health.js'
import { loggingParameters } from './logging.js'
import { alertParameters, environmentValve, fileValve, processParameters, userParameters } from './process.js'
import { withShared } from './shared.js'
import { tlsParameters } from './tls.js'

/**
 * Adds to a written descriptor the parameters that the framework makes for every service type (csd.md §2.3).
 *
 * A parameter that the descriptor declares under a framework name keeps its own label, default and bounds, and serves
 * the framework's purpose.
 */
export function complete(written: WrittenService, metrics: ServiceMetrics | undefined): WrittenService {
  const roles = written.roles.map((role) =>
    completeRole(
      written.type,
      { ...role, configWriter: withShared(role.configWriter, written.sharedConfigs) },
      metrics,
    ),
  )
  return {
    ...written,
    roles,
    parameters: merge(written.parameters, [
      ...userParameters(written.runAs, 'SERVICE'),
      ...written.serviceDependencies.map((dependency) =>
        parameter({
          name: dependencyParameter(dependency.type),
          label: `${dependency.type} service`,
          description: `Name of the ${dependency.type} service that this service depends on.`,
          type: 'string',
          scope: 'SERVICE',
          purpose: 'DEPENDENCY',
          emitted: false,
          required: dependency.required,
          dependencyType: dependency.type,
        }),
      ),
      environmentValve(`${written.type}_service_env_safety_valve`, 'SERVICE'),
      ...serviceHealthParameters(written.type, roles),
      ...alertParameters('SERVICE'),
    ]),
    gateway:
      written.gateway &&
      completeGateway({
        ...written.gateway,
        configWriter: withShared(written.gateway.configWriter, written.sharedConfigs),
      }),
  }
}

/** `ZOOKEEPER` → `zookeeper_service`. */
export function dependencyParameter(type: string): string {
  return `${type.toLowerCase()}_service`
}

function completeRole(
  serviceType: string,
  role: RoleDescriptor,
  metrics: ServiceMetrics | undefined,
): RoleDescriptor {
  return {
    ...role,
    parameters: merge(role.parameters, [
      ...(role.runAs ? userParameters(role.runAs, 'ROLE') : []),
      ...loggingParameters(role.logging, 'ROLE'),
      ...tlsParameters(role.sslServer, role.sslClient),
      ...processParameters(role),
      environmentValve(`${role.type}_role_env_safety_valve`, 'ROLE'),
      ...valves(role.configWriter, 'role_safety_valve', 'ROLE'),
      ...metricParameters(role, metrics),
      ...roleHealthParameters(serviceType, role, metrics),
      ...alertParameters('ROLE'),
    ]),
  }
}

function completeGateway(gateway: GatewayDescriptor): GatewayDescriptor {
  const own = { scope: 'GATEWAY', purpose: 'CLIENT_CONFIG', emitted: false, required: true } as const
  return {
    ...gateway,
    parameters: merge(gateway.parameters, [
      parameter({
        ...own,
        name: 'client_config_root_dir',
        label: 'Client configuration folder',
        description: 'The link conf in this folder leads to the client configuration.',
        type: 'path',
        pathType: 'serviceSpecific',
        default: gateway.alternatives.linkRoot,
      }),
      parameter({
        ...own,
        name: 'client_config_priority',
        label: 'Alternatives priority',
        type: 'long',
        min: 0,
        default: String(gateway.alternatives.priority),
      }),
      ...loggingParameters(gateway.logging, 'GATEWAY'),
      ...valves(gateway.configWriter, 'client_config_safety_valve', 'GATEWAY'),
      ...alertParameters('GATEWAY'),
    ]),
  }
}

function valves(writer: ConfigWriter, suffix: string, scope: 'ROLE' | 'GATEWAY'): Parameter[] {
  const files = [...writer.generators, ...writer.auxConfigGenerators].map((each) => each.filename)
  return [...new Set(files)].map((file) => fileValve(file, suffix, scope))
}

/** A role with metrics and no word on where to read them can be told by its configuration. */
function metricParameters(role: RoleDescriptor, metrics: ServiceMetrics | undefined): Parameter[] {
  const own = metrics?.roles.find((each) => each.type === role.type)
  if (!own || own.metrics.length === 0 || own.collectors.length > 0) return []
  const common = { scope: 'ROLE' as Scope, purpose: 'METRICS', emitted: false } as const
  return [
    parameter({
      ...common,
      name: 'metrics_url',
      label: 'Metrics URL',
      description: `Where the metrics of this role are read, such as http://${token('host')}:8080/metrics; empty: nowhere.`,
      type: 'string',
    }),
    parameter({
      ...common,
      name: 'metrics_format',
      label: 'Metrics format',
      type: 'string_enum',
      validValues: ['json', 'jmx', 'prometheus'],
      default: 'json',
      required: true,
    }),
  ]
}

function merge(declared: readonly Parameter[], made: readonly Parameter[]): Parameter[] {
  const byName = new Map(made.map((each) => [each.name, each]))
  const own = declared.map((each) => {
    const framework = byName.get(each.name)
    if (!framework) return each
    byName.delete(each.name)
    const { purpose, file, sensitive, dependencyType } = framework
    return { ...each, purpose, file, dependencyType, sensitive: each.sensitive || sensitive }
  })
  return [...own, ...byName.values()]
}
