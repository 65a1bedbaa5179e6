import { clusterIdentity, serviceIdentity } from '../../health/index.js'
import {
  type Cluster,
  type Host,
  type HostTemplate,
  type Model,
  maintenanceOwners,
  type Role,
  type RoleConfigGroup,
  type Service,
  tagKey,
} from '../../model/index.js'
import type { Model as ApiModel, TypeOf, View } from '../contract/types.js'
import type { Health, Runtime } from './ports.js'

/** The API's objects, made from the model and what is known of the running world. */

export interface Scene {
  model: Model
  runtime: Runtime
  view: View
  base: string
}

const NO_HEALTH: Health = { summary: 'NOT_AVAILABLE', checks: [] }

const isFull = (view: View) => view !== 'summary'

function health(found: Health | undefined, view: View) {
  const { summary, checks } = found ?? NO_HEALTH
  const explained = view === 'full_with_health_check_explanation'
  return {
    healthSummary: summary,
    healthChecks: checks.map(({ explanation, ...check }) => (explained ? { ...check, explanation } : check)),
  }
}

export const clusterRef = (cluster: Cluster): ApiModel<'ApiClusterRef'> => ({
  clusterName: cluster.name,
  displayName: cluster.displayName,
})

export function serviceRef(model: Model, service: Service): ApiModel<'ApiServiceRef'> {
  const cluster = service.clusterId === null ? undefined : model.clusters.get(service.clusterId)
  return {
    clusterName: cluster?.name,
    serviceName: service.name,
    serviceDisplayName: service.displayName,
    serviceType: service.type,
  }
}

export const hostRef = (host: Host): ApiModel<'ApiHostRef'> => ({
  hostId: host.hostId,
  hostname: host.hostname,
})

export function roleRef(
  { model, runtime }: Pick<Scene, 'model' | 'runtime'>,
  role: Role,
): ApiModel<'ApiRoleRef'> {
  const service = model.services.get(role.serviceId)!
  return {
    clusterName: service.clusterId === null ? undefined : model.clusters.get(service.clusterId)?.name,
    serviceName: service.name,
    roleName: role.name,
    healthSummary: runtime.health({ role })?.summary ?? NO_HEALTH.summary,
    roleStatus: runtime.roleState(role),
  }
}

export const tagsOf = (model: Model, key: string): ApiModel<'ApiEntityTag'>[] =>
  [...(model.tags.get(key) ?? [])].map(([name, value]) => ({ name, value }))

/** The page about something that has health. */
const healthPage = (base: string, category: string, identity: string) =>
  `${base}/?${new URLSearchParams({ page: 'health', entity: `${category}/${identity}` })}`

type State = TypeOf<'ApiRoleState'>

/** Of a service: what its roles that can run at all say together. */
export function serviceState(states: readonly State[]): TypeOf<'ApiServiceState'> {
  const running = states.filter((state) => state !== 'NA')
  if (running.length === 0) return 'NA'
  for (const state of ['STOPPING', 'STARTING'] as const) if (running.includes(state)) return state
  if (running.includes('STARTED') || running.includes('BUSY')) return 'STARTED'
  return running.includes('UNKNOWN') ? 'UNKNOWN' : 'STOPPED'
}

/** State and health in one word, as lists show them. */
export function entityStatus(state: string, summary: Health['summary']): TypeOf<'ApiEntityStatus'> {
  switch (state) {
    case 'STOPPED':
    case 'STARTING':
    case 'STOPPING':
    case 'HISTORY_NOT_AVAILABLE':
      return state
    case 'NA':
      return 'NONE'
    case 'UNKNOWN':
      return 'UNKNOWN'
  }
  switch (summary) {
    case 'GOOD':
      return 'GOOD_HEALTH'
    case 'CONCERNING':
      return 'CONCERNING_HEALTH'
    case 'BAD':
      return 'BAD_HEALTH'
    case 'DISABLED':
      return 'DISABLED_HEALTH'
    default:
      return 'UNKNOWN_HEALTH'
  }
}

const worst: readonly TypeOf<'ApiEntityStatus'>[] = [
  'BAD_HEALTH',
  'CONCERNING_HEALTH',
  'STARTING',
  'STOPPING',
  'UNKNOWN_HEALTH',
  'GOOD_HEALTH',
  'DISABLED_HEALTH',
  'STOPPED',
]

/** State and health of a service, without what costs more. */
export function statusOf({ model, runtime }: Pick<Scene, 'model' | 'runtime'>, service: Service) {
  const roles = model.rolesOfService.get(service.id) ?? []
  const state = serviceState(roles.map((role) => runtime.roleState(role)))
  const found = runtime.health({ service })
  return { state, found, entityStatus: entityStatus(state, found?.summary ?? NO_HEALTH.summary) }
}

export function toCluster(scene: Scene, cluster: Cluster): ApiModel<'ApiCluster'> {
  const { model, base } = scene
  const owners = maintenanceOwners(model, 'CLUSTER', cluster.id)
  const states = (model.servicesOfCluster.get(cluster.id) ?? []).map(
    (service) => statusOf(scene, service).entityStatus,
  )
  return {
    name: cluster.name,
    displayName: cluster.displayName,
    version: cluster.version as TypeOf<'ApiClusterVersion'>,
    fullVersion: cluster.fullVersion,
    maintenanceMode: owners.length > 0,
    maintenanceOwners: owners,
    clusterUrl: healthPage(base, 'CLUSTER', clusterIdentity(cluster)),
    hostsUrl: `${base}/`,
    entityStatus: worst.find((state) => states.includes(state)) ?? 'NONE',
    uuid: cluster.uuid,
    clusterType: cluster.clusterType,
    tags: tagsOf(model, tagKey('CLUSTER', cluster.id)),
  }
}

export function toHost(scene: Scene, host: Host): ApiModel<'ApiHost'> {
  const { model, runtime, view, base } = scene
  const owners = maintenanceOwners(model, 'HOST', host.id)
  const cluster = host.clusterId === null ? undefined : model.clusters.get(host.clusterId)
  const known = runtime.host(host)
  const summary = runtime.health({ host })?.summary ?? NO_HEALTH.summary
  return {
    hostId: host.hostId,
    ipAddress: host.ipAddress,
    hostname: host.hostname,
    rackId: host.rackId,
    hostUrl: `${base}/?host=${encodeURIComponent(host.hostId)}`,
    maintenanceMode: owners.length > 0,
    maintenanceOwners: owners,
    commissionState: host.commissionState,
    numCores: known.cores,
    numPhysicalCores: known.physicalCores,
    totalPhysMemBytes: known.memory,
    clusterRef: cluster && clusterRef(cluster),
    tags: tagsOf(model, tagKey('HOST', host.id)),
    ...(known.os ? { distribution: { name: known.os.name, version: known.os.version } } : {}),
    ...(isFull(view)
      ? {
          lastHeartbeat:
            known.lastHeartbeat === undefined ? undefined : new Date(known.lastHeartbeat).toISOString(),
          roleRefs: (model.rolesOfHost.get(host.id) ?? []).map((role) => roleRef(scene, role)),
          entityStatus: entityStatus(known.lastHeartbeat === undefined ? 'UNKNOWN' : 'STARTED', summary),
          ...health(runtime.health({ host }), view),
        }
      : {}),
  }
}

export async function toService(scene: Scene, service: Service): Promise<ApiModel<'ApiService'>> {
  const { model, runtime, view, base } = scene
  const owners = maintenanceOwners(model, 'SERVICE', service.id)
  const cluster = service.clusterId === null ? undefined : model.clusters.get(service.clusterId)
  const staleness = await runtime.serviceStaleness(service)
  const url = healthPage(base, 'SERVICE', serviceIdentity(model, service))
  const { state, found, entityStatus } = statusOf(scene, service)
  return {
    name: service.name,
    type: service.type,
    clusterRef: cluster && clusterRef(cluster),
    serviceState: state,
    ...health(found, view),
    configStale: staleness !== 'FRESH',
    configStalenessStatus: staleness,
    clientConfigStalenessStatus: await runtime.clientStaleness(service),
    serviceUrl: url,
    roleInstancesUrl: url,
    maintenanceMode: owners.length > 0,
    maintenanceOwners: owners,
    displayName: service.displayName,
    entityStatus,
    tags: tagsOf(model, tagKey('SERVICE', service.id)),
    serviceVersion: cluster?.fullVersion,
  }
}

export async function toRole(scene: Scene, role: Role): Promise<ApiModel<'ApiRole'>> {
  const { model, runtime, view, base } = scene
  const service = model.services.get(role.serviceId)!
  const owners = maintenanceOwners(model, 'ROLE', role.id)
  const state = runtime.roleState(role)
  const staleness = await runtime.roleStaleness(role)
  const found = runtime.health({ role })
  return {
    name: role.name,
    type: role.type,
    serviceRef: serviceRef(model, service),
    hostRef: hostRef(model.hosts.get(role.hostId)!),
    roleUrl: healthPage(base, 'ROLE', role.name),
    roleState: state,
    ...health(found, view),
    configStale: staleness !== 'FRESH',
    configStalenessStatus: staleness,
    haStatus: runtime.haStatus(role),
    zooKeeperServerMode: runtime.zooKeeperMode(role),
    maintenanceMode: owners.length > 0,
    maintenanceOwners: owners,
    commissionState: role.commissionState,
    roleConfigGroupRef: { roleConfigGroupName: model.groups.get(role.roleConfigGroupId)!.name },
    entityStatus: entityStatus(state, found?.summary ?? NO_HEALTH.summary),
    tags: tagsOf(model, tagKey('ROLE', role.id)),
  }
}

export const toGroup = (model: Model, group: RoleConfigGroup): ApiModel<'ApiRoleConfigGroup'> => ({
  name: group.name,
  roleType: group.roleType,
  base: group.base,
  displayName: group.displayName,
  serviceRef: serviceRef(model, model.services.get(group.serviceId)!),
})

export const toTemplate = (model: Model, template: HostTemplate): ApiModel<'ApiHostTemplate'> => ({
  name: template.name,
  clusterRef: clusterRef(model.clusters.get(template.clusterId)!),
  roleConfigGroupRefs: template.groupIds.map((id) => ({ roleConfigGroupName: model.groups.get(id)!.name })),
})

export const toServices = (scene: Scene, services: readonly Service[]) =>
  Promise.all(services.map((service) => toService(scene, service)))

export const toRoles = (scene: Scene, roles: readonly Role[]) =>
  Promise.all(roles.map((role) => toRole(scene, role)))
