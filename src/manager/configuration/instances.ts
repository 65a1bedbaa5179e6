import {
  type DescriptorSet,
  dependencyParameter,
  type EffectiveConfig,
  effectiveConfig,
  GATEWAY,
  hostConfig,
  parametersInScope,
  roleConfig,
  type ServiceDescriptor,
  serviceConfig,
} from '../descriptors/index.js'
import type { RoleInstance, ServiceInstance } from '../generate/index.js'
import { clusterOf, descriptorOf, NO_CLUSTER_VERSION } from '../model/find.js'
import type { Cluster, Host, Model, Role, Service } from '../model/types.js'
import type { Keyring } from './keyring.js'
import { clusterParameters, hostParameters, managerParameters } from './parameters.js'
import { valuesAt } from './values.js'

/** The model with its configuration settled: what generation and validation work on. Computed as it is asked for. */
export interface Instances {
  readonly model: Model
  readonly descriptors: DescriptorSet
  /** Undefined: no installed descriptor runs this service. */
  service(service: Service): ServiceInstance | undefined
  role(role: Role): { service: ServiceInstance; role: RoleInstance } | undefined
  host(host: Host): EffectiveConfig
  /** By default, for all clusters (on the manager), and the cluster. */
  cluster(cluster: Cluster): EffectiveConfig
  manager(): EffectiveConfig
}

/**
 * ```ts
 * const found = instancesOf(model, descriptors, keys).role(role)
 * const process = found && generateRole({ ...found, common })
 * ```
 */
export function instancesOf(model: Model, descriptors: DescriptorSet, keys: Keyring): Instances {
  const services = new Map<number, ServiceInstance | undefined>()

  function service(row: Service): ServiceInstance | undefined {
    if (services.has(row.id)) return services.get(row.id)
    const descriptor = descriptorOf(model, descriptors, row)
    if (!descriptor) {
      services.set(row.id, undefined)
      return undefined
    }
    const values = valuesAt(model, keys, { scope: 'SERVICE', id: row.id })
    const cluster = clusterOf(model, row)
    const config = serviceConfig(descriptor.parameters, values)
    const dependencies = new Map<string, ServiceInstance>()
    const instance: ServiceInstance = {
      name: row.name,
      descriptor,
      clusterName: cluster?.name ?? '',
      clusterVersion: cluster?.fullVersion ?? NO_CLUSTER_VERSION,
      config,
      gatewayConfig: gatewayConfig(row, descriptor, values),
      roles: (model.rolesOfService.get(row.id) ?? []).map((role) => roleInstance(role, descriptor, values)),
      dependencies,
    }
    // Before its dependencies: two services may depend on each other.
    services.set(row.id, instance)
    for (const { type } of descriptor.serviceDependencies) {
      const name = config.get(dependencyParameter(type))?.value
      const target = name
        ? (model.servicesOfCluster.get(row.clusterId ?? 0) ?? []).find(
            (each) => each.name === name && each.type === type,
          )
        : undefined
      const dependency = target && service(target)
      if (dependency) dependencies.set(type, dependency)
    }
    return instance
  }

  function roleInstance(
    role: Role,
    descriptor: ServiceDescriptor,
    serviceValues: Record<string, unknown>,
  ): RoleInstance {
    let config: EffectiveConfig | undefined
    return {
      name: role.name,
      type: role.type,
      hostname: model.hosts.get(role.hostId)?.hostname ?? '',
      // A service has thousands of roles, of which few are looked at.
      get config() {
        config ??= roleConfig(parametersInScope(descriptor, role.type) ?? [], {
          service: serviceValues as Record<string, string>,
          group: valuesAt(model, keys, { scope: 'GROUP', id: role.roleConfigGroupId }),
          role: valuesAt(model, keys, { scope: 'ROLE', id: role.id }),
        })
        return config
      },
    }
  }

  function gatewayConfig(row: Service, descriptor: ServiceDescriptor, values: Record<string, unknown>) {
    const parameters = parametersInScope(descriptor, GATEWAY)
    const group = (model.groupsOfService.get(row.id) ?? []).find(
      (each) => each.base && each.roleType === GATEWAY,
    )
    if (!parameters || !group) return undefined
    return roleConfig(parameters, {
      service: values as Record<string, string>,
      group: valuesAt(model, keys, { scope: 'GROUP', id: group.id }),
      role: {},
    })
  }

  return {
    model,
    descriptors,
    service,
    role(role) {
      const row = model.services.get(role.serviceId)
      const instance = row && service(row)
      const found = instance?.roles.find((each) => each.name === role.name)
      return instance && found ? { service: instance, role: found } : undefined
    },
    host: (host) =>
      hostConfig(hostParameters, {
        allHosts: valuesAt(model, keys, { scope: 'ALL_HOSTS', id: 0 }),
        host: valuesAt(model, keys, { scope: 'HOST', id: host.id }),
      }),
    cluster: (cluster) =>
      effectiveConfig(clusterParameters, [
        { source: 'ALL_CLUSTERS', values: valuesAt(model, keys, { scope: 'MANAGER', id: 0 }) },
        { source: 'CLUSTER', values: valuesAt(model, keys, { scope: 'CLUSTER', id: cluster.id }) },
      ]),
    manager: () =>
      effectiveConfig(managerParameters, [
        { source: 'SERVICE', values: valuesAt(model, keys, { scope: 'MANAGER', id: 0 }) },
      ]),
  }
}
