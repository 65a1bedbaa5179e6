import {
  type Commission,
  HEALTH_LIMITS,
  type HealthCluster,
  type HealthHost,
  type HealthModel,
  type HealthRole,
  type HealthService,
  serviceIdentity as identityOfService,
  type ServiceFact,
} from '../../wire/health.js'
import type { HealthTestDefinition } from '../../wire/health-tests.js'
import type { BusyCommands } from '../commands/index.js'
import type { Instances } from '../configuration/index.js'
import { GATEWAY, type ServiceDescriptor, testsOfDescriptor } from '../descriptors/index.js'
import type { Runtime } from '../heartbeats/index.js'
import type { Cluster, Model, Role, Service } from '../model/index.js'
import { createConfigKeys, hasOwn, healthValues, roleHealthConfig, suppressedTests } from './configs.js'

/** What of the running world goes with the model. */
export interface World {
  runtime: Pick<Runtime, 'currentProcess'>
  busy: Pick<BusyCommands, 'ofRole' | 'ofService'>
}

export const clusterIdentity = (cluster: Cluster): string => cluster.uuid

export function serviceIdentity(model: Model, service: Service): string {
  const cluster = service.clusterId === null ? undefined : model.clusters.get(service.clusterId)
  return identityOfService(cluster && clusterIdentity(cluster), service.name)
}

/**
 * The health model of a moment, pure but for `world`. Names of entities are as queries have them: of a service its
 * cluster's and its own, `Cluster 1:zk`.
 */
export function healthModel(
  instances: Instances,
  world: World,
  stamp: { term: number; version: number },
): HealthModel {
  const { model } = instances
  const keys = createConfigKeys()
  const manager = instances.manager()
  const clusters = [...model.clusters.values()].map((cluster): HealthCluster => {
    const config = keys.keyOf({ values: healthValues(instances.cluster(cluster)) })
    const suppressed = suppressedTests(model, 'cluster', [
      { scope: 'MANAGER', id: 0 },
      { scope: 'CLUSTER', id: cluster.id },
    ])
    return {
      identity: clusterIdentity(cluster),
      name: cluster.name,
      displayName: cluster.displayName,
      ...(config && { config }),
      ...(suppressed && { suppressed }),
      ...(cluster.maintenance && { maintenance: true }),
    }
  })

  const heartbeats = heartbeatThresholds(manager)
  const hostConfigs = new Map<string, string | undefined>()
  const hosts = [...model.hosts.values()].map((host): HealthHost => {
    const targets = [
      { scope: 'ALL_HOSTS', id: 0 },
      { scope: 'HOST', id: host.id },
    ] as const
    const shared = hasOwn(model, targets[1]) ? String(host.id) : ''
    if (!hostConfigs.has(shared))
      hostConfigs.set(
        shared,
        keys.keyOf({ values: { ...heartbeats, ...healthValues(instances.host(host)) } }),
      )
    const config = hostConfigs.get(shared)
    const suppressed = suppressedTests(model, 'host', targets)
    const cluster = host.clusterId === null ? undefined : model.clusters.get(host.clusterId)
    return {
      identity: host.hostId,
      name: host.hostId,
      displayName: host.hostname,
      hostname: host.hostname,
      ...(host.rackId && { rackId: host.rackId }),
      ...(cluster && { cluster: clusterIdentity(cluster) }),
      ...(config && { config }),
      ...(suppressed && { suppressed }),
      ...(host.maintenance && { maintenance: true }),
      commission: commissionOf(host.commissionState),
    }
  })

  const services: HealthService[] = []
  const roles: HealthRole[] = []
  for (const service of model.services.values()) {
    const cluster = service.clusterId === null ? undefined : model.clusters.get(service.clusterId)
    const identity = serviceIdentity(model, service)
    const instance = instances.service(service)
    const config = instance && keys.keyOf({ values: healthValues(instance.config) })
    const atService = { scope: 'SERVICE', id: service.id } as const
    const suppressed = suppressedTests(model, 'service', [atService])
    services.push({
      ...serviceFact(model, service, world),
      expected: expectedOfService(model, service, world),
      name: cluster ? `${cluster.name}:${service.name}` : service.name,
      displayName: service.displayName,
      serviceName: service.name,
      type: service.type,
      ...(cluster && { cluster: clusterIdentity(cluster) }),
      ...(config && { config }),
      ...(suppressed && { suppressed }),
      ...(service.maintenance && { maintenance: true }),
    })
    const configs = new Map<string, string | undefined>()
    for (const [i, role] of (model.rolesOfService.get(service.id) ?? []).entries()) {
      if (role.type === GATEWAY) continue
      const group = { scope: 'GROUP', id: role.roleConfigGroupId } as const
      const own = { scope: 'ROLE', id: role.id } as const
      const shared = hasOwn(model, own) ? `ROLE ${role.id}` : `GROUP ${group.id}`
      // In the order of the model, as the instance has them.
      const settled = instance?.roles[i]
      if (instance && settled && !configs.has(shared))
        configs.set(shared, keys.keyOf(roleHealthConfig(instance, settled)))
      roles.push(roleEntity(model, role, identity, world, configs.get(shared), [atService, group, own]))
    }
  }
  const tests = testsOf(instances)
  return {
    ...stamp,
    configs: keys.configs,
    clusters,
    services,
    hosts,
    roles,
    ...(tests.length > 0 && { tests }),
  }
}

/** Those that service types bring which are in use. */
function testsOf({ model, service }: Instances): HealthTestDefinition[] {
  const types = new Map<string, ServiceDescriptor>()
  for (const each of model.services.values()) {
    const descriptor = types.has(each.type) ? undefined : service(each)?.descriptor
    if (descriptor) types.set(each.type, descriptor)
  }
  return [...types.values()].flatMap(testsOfDescriptor).slice(0, HEALTH_LIMITS.tests)
}

function roleEntity(
  model: Model,
  role: Role,
  service: string,
  world: World,
  config: string | undefined,
  targets: Parameters<typeof suppressedTests>[2],
): HealthRole {
  const host = model.hosts.get(role.hostId)
  const process = world.runtime.currentProcess(role.id)
  const busy = world.busy.ofRole(role)
  const suppressed = suppressedTests(model, 'role', targets)
  return {
    identity: role.name,
    name: role.name,
    displayName: `${role.type} (${host?.hostname ?? ''})`,
    type: role.type,
    service,
    host: host?.hostId ?? '-',
    expected: process?.wanted ?? 'STOPPED',
    ...(process && { since: process.createdAt }),
    ...(busy && { busy }),
    ...(config && { config }),
    ...(suppressed && { suppressed }),
    ...(role.maintenance && { maintenance: true }),
    commission: commissionOf(role.commissionState),
  }
}

/** Offlined: as good as decommissioned, for health. */
const commissionOf = (state: Role['commissionState']): Commission =>
  state === 'OFFLINED'
    ? 'DECOMMISSIONED'
    : state === 'OFFLINING'
      ? 'DECOMMISSIONING'
      : state === 'UNKNOWN'
        ? 'COMMISSIONED'
        : state

/** A service is to run when one of its roles is. */
function expectedOfService(model: Model, service: Service, { runtime }: World): 'RUNNING' | 'STOPPED' {
  const roles = model.rolesOfService.get(service.id) ?? []
  return roles.some((role) => runtime.currentProcess(role.id)?.wanted === 'RUNNING') ? 'RUNNING' : 'STOPPED'
}

/** What changes of a service between two models. */
export function serviceFact(model: Model, service: Service, world: World): ServiceFact {
  return {
    identity: serviceIdentity(model, service),
    expected: expectedOfService(model, service, world),
    busy: world.busy.ofService(service) ?? '',
  }
}

/** The manager's own settings say after how many missed heartbeats a host is not well, unless the host's configuration does. */
function heartbeatThresholds(manager: ReturnType<Instances['manager']>): Record<string, string> {
  const warning = manager.get('MISSED_HB_CONCERNING')
  const critical = manager.get('MISSED_HB_BAD')
  if (warning?.source === 'DEFAULT' && critical?.source === 'DEFAULT') return {}
  return {
    host_missed_heartbeats_thresholds: JSON.stringify({
      warning: warning?.value ?? 'never',
      critical: critical?.value ?? 'never',
    }),
  }
}
