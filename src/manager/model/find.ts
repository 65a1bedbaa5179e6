import {
  chooseDescriptor,
  type DescriptorSet,
  type RoleDescriptor,
  type ServiceDescriptor,
} from '../descriptors/index.js'
import { invalid, notFound } from './errors.js'
import type { Cluster, Host, HostTemplate, Model, Role, RoleConfigGroup, Service } from './types.js'

/** Each finds by the name that the API uses, or throws `NOT_FOUND`. */

export function clusterNamed(model: Model, name: string): Cluster {
  for (const cluster of model.clusters.values()) if (cluster.name === name) return cluster
  throw notFound(`Cluster "${name}"`)
}

/** `clusterName` undefined: the management service and its like. */
export function serviceNamed(model: Model, clusterName: string | undefined, name: string): Service {
  const clusterId = clusterName === undefined ? 0 : clusterNamed(model, clusterName).id
  const found = model.servicesOfCluster.get(clusterId)?.find((service) => service.name === name)
  if (!found)
    throw notFound(`Service "${name}"${clusterName === undefined ? '' : ` of cluster "${clusterName}"`}`)
  return found
}

export function roleNamed(model: Model, service: Service, name: string): Role {
  const found = model.rolesOfService.get(service.id)?.find((role) => role.name === name)
  if (!found) throw notFound(`Role "${name}" of service "${service.name}"`)
  return found
}

export function groupNamed(model: Model, service: Service, name: string): RoleConfigGroup {
  const found = model.groupsOfService.get(service.id)?.find((group) => group.name === name)
  if (!found) throw notFound(`Role config group "${name}" of service "${service.name}"`)
  return found
}

/** Host templates name groups without their service: a group's name is unique within a cluster. */
export function groupOfClusterNamed(model: Model, clusterId: number, name: string): RoleConfigGroup {
  for (const service of model.servicesOfCluster.get(clusterId) ?? []) {
    const found = model.groupsOfService.get(service.id)?.find((group) => group.name === name)
    if (found) return found
  }
  throw notFound(`Role config group "${name}"`)
}

export function baseGroup(model: Model, service: Service, roleType: string): RoleConfigGroup {
  const found = model.groupsOfService
    .get(service.id)
    ?.find((group) => group.base && group.roleType === roleType)
  if (!found) throw invalid(`Service "${service.name}" of type ${service.type} has no role type ${roleType}.`)
  return found
}

/** By the agent's id or by host name, as the API takes both. */
export function hostNamed(model: Model, name: string): Host {
  for (const host of model.hosts.values()) if (host.hostId === name || host.hostname === name) return host
  throw notFound(`Host "${name}"`)
}

export function templateNamed(model: Model, cluster: Cluster, name: string): HostTemplate {
  for (const template of model.templates.values())
    if (template.clusterId === cluster.id && template.name === name) return template
  throw notFound(`Host template "${name}" of cluster "${cluster.name}"`)
}

export function clusterOf(model: Model, service: Service): Cluster | undefined {
  return service.clusterId === null ? undefined : model.clusters.get(service.clusterId)
}

/** Of services that belong to no cluster. */
export const NO_CLUSTER_VERSION = '7.0.0'

/** The descriptor that runs a service; undefined when its jar is gone or is of another generation. */
export function descriptorOf(
  model: Model,
  descriptors: DescriptorSet,
  service: Service,
): ServiceDescriptor | undefined {
  const version = clusterOf(model, service)?.fullVersion ?? NO_CLUSTER_VERSION
  const fitting = descriptors.descriptors.filter(
    (each) => each.compatibility.generation === service.generation,
  )
  return chooseDescriptor(fitting, service.type, version)
}

export function mustHaveDescriptor(
  model: Model,
  descriptors: DescriptorSet,
  service: Service,
): ServiceDescriptor {
  const found = descriptorOf(model, descriptors, service)
  if (found) return found
  throw invalid(
    `The service type ${service.type} of service "${service.name}" is not installed any more, or only in an incompatible version. Put its descriptor back and reload.`,
  )
}

export function roleDescriptor(descriptor: ServiceDescriptor, roleType: string): RoleDescriptor | undefined {
  return descriptor.roles.find((each) => each.type === roleType)
}
