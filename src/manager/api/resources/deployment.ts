import {
  type Cluster,
  type Host,
  maintenanceOwners,
  type Role,
  type Service,
  tagKey,
} from '../../model/index.js'
import { userNamed } from '../../users/index.js'
import type { Model as ApiModel, TypeOf, View } from '../contract/types.js'
import type { Handlers } from '../http/call.js'
import { badRequest } from '../http/errors.js'
import { pauses } from '../http/pauses.js'
import type { Pause } from './build.js'
import { changeFor } from './change.js'
import { versionInfo } from './cm.js'
import { configList } from './config.js'
import type { Resources } from './ports.js'
import { restoreDeployment } from './restore.js'
import { findManagementService, sceneFor } from './scene.js'
import { toUser } from './users.js'
import {
  clusterRef,
  hostRef,
  type Scene,
  tagsOf,
  toCluster,
  toGroup,
  toHost,
  toRole,
  toService,
  toTemplate,
} from './views.js'

type ApiDeployment = ApiModel<'ApiDeployment2'>

const isExport = (view: View) => view === 'export' || view === 'export_redacted'

/**
 * The whole model as one object, and back. `GET` is a backup: secrets are in it in plain text, for a restore must bring them
 * back (`view=export_redacted` masks them); so it needs an administrator. `PUT` restores it on a manager that has no clusters
 * and no hosts, all of it or nothing.
 *
 * The law: what is restored and backed up again is the same, but for its time and for users that were there before. So states,
 * health and staleness are no part of it, unless another view asks for them.
 */
export function deploymentResources(resources: Resources): Handlers {
  const { core } = resources

  async function deployment(scene: Scene, pause: Pause): Promise<ApiDeployment> {
    const { model, view } = scene
    const management = findManagementService(model)
    const config = configOf(resources, scene)
    const clusters: ApiModel<'ApiCluster'>[] = []
    for (const cluster of model.clusters.values()) {
      const services: ApiModel<'ApiService'>[] = []
      for (const service of model.servicesOfCluster.get(cluster.id) ?? [])
        services.push(await exported(resources, scene, service, pause))
      clusters.push({
        ...(isExport(view) ? bareCluster(scene, cluster) : toCluster(scene, cluster)),
        services,
      })
    }
    const hosts: ApiModel<'ApiHost'>[] = []
    for (const host of model.hosts.values()) {
      const bare = isExport(view) ? bareHost(scene, host) : toHost(scene, host)
      hosts.push({ ...bare, config: config({ scope: 'HOST', id: host.id }) })
      await pause()
    }
    return {
      timestamp: new Date().toISOString(),
      clusters,
      hosts,
      users: await users(view),
      versionInfo: versionInfo(resources.version),
      managementService: management && (await exported(resources, scene, management, pause)),
      managerSettings: config({ scope: 'MANAGER', id: 0 }),
      ...clusterSettings(model, config),
      allHostsConfig: config({ scope: 'ALL_HOSTS', id: 0 }),
      hostTemplates: { items: [...model.templates.values()].map((template) => toTemplate(model, template)) },
    }
  }

  async function users(view: View): Promise<ApiModel<'ApiUser2'>[]> {
    const rows = await core.db
      .selectFrom('userAccount')
      .select(['name', 'passwordHash'])
      .orderBy('name')
      .execute()
    const result: ApiModel<'ApiUser2'>[] = []
    for (const { name, passwordHash } of rows)
      result.push({
        ...toUser(await userNamed(core.db, name)),
        ...(view === 'export' ? { pwHash: passwordHash, pwLogin: true } : {}),
      })
    return result
  }

  return {
    async 'GET /cm/deployment'(call) {
      return deployment(await sceneFor(resources, call), pauses(call.signal))
    },

    async 'PUT /cm/deployment'(call) {
      if (call.query.deleteCurrentDeployment)
        throw badRequest(
          'deleteCurrentDeployment: a deployment is restored on an empty manager only; delete clusters and hosts first.',
        )
      call.audit.command = 'restoreDeployment'
      const pause = pauses(call.signal)
      await changeFor(resources, call, (change) => restoreDeployment(resources, change, call.body, pause))
      return deployment(await sceneFor(resources, call, 'export_redacted'), pauses())
    },
  }
}

function clusterSettings(model: Scene['model'], config: ReturnType<typeof configOf>) {
  const settings = [...model.clusters.values()]
    .map(({ id, name }) => ({ clusterName: name, config: config({ scope: 'CLUSTER', id }) }))
    .filter(({ config }) => config.items.length > 0)
  return settings.length > 0 ? { bwClusterSettings: settings } : {}
}

const configOf =
  (resources: Resources, { model, view }: Scene) =>
  (target: Parameters<typeof configList>[2]) =>
    configList(resources, model, target, 'summary', view === 'export')

async function exported(
  resources: Resources,
  scene: Scene,
  service: Service,
  pause: Pause,
): Promise<ApiModel<'ApiService'>> {
  const { model, view } = scene
  const config = configOf(resources, scene)
  const roles: ApiModel<'ApiRole'>[] = []
  for (const role of model.rolesOfService.get(service.id) ?? []) {
    const bare = isExport(view) ? bareRole(scene, role) : await toRole(scene, role)
    roles.push({ ...bare, config: config({ scope: 'ROLE', id: role.id }) })
    await pause()
  }
  return {
    ...(isExport(view) ? bareService(scene, service) : await toService(scene, service)),
    config: config({ scope: 'SERVICE', id: service.id }),
    roleConfigGroups: (model.groupsOfService.get(service.id) ?? []).map((group) => ({
      ...toGroup(model, group),
      config: config({ scope: 'GROUP', id: group.id }),
    })),
    roles,
  }
}

function maintenance({ model }: Scene, entity: Parameters<typeof maintenanceOwners>[1], id: number) {
  const owners = maintenanceOwners(model, entity, id)
  return {
    maintenanceMode: owners.length > 0,
    maintenanceOwners: owners,
    tags: tagsOf(model, tagKey(entity, id)),
  }
}

const bareCluster = (scene: Scene, cluster: Cluster): ApiModel<'ApiCluster'> => ({
  name: cluster.name,
  displayName: cluster.displayName,
  uuid: cluster.uuid,
  version: cluster.version as TypeOf<'ApiClusterVersion'>,
  fullVersion: cluster.fullVersion,
  clusterType: cluster.clusterType,
  ...maintenance(scene, 'CLUSTER', cluster.id),
})

function bareHost(scene: Scene, host: Host): ApiModel<'ApiHost'> {
  const cluster = host.clusterId === null ? undefined : scene.model.clusters.get(host.clusterId)
  return {
    hostId: host.hostId,
    hostname: host.hostname,
    ipAddress: host.ipAddress,
    rackId: host.rackId,
    commissionState: host.commissionState,
    clusterRef: cluster && clusterRef(cluster),
    ...maintenance(scene, 'HOST', host.id),
  }
}

function bareService(scene: Scene, service: Service): ApiModel<'ApiService'> {
  const cluster = service.clusterId === null ? undefined : scene.model.clusters.get(service.clusterId)
  return {
    name: service.name,
    type: service.type,
    displayName: service.displayName,
    clusterRef: cluster && clusterRef(cluster),
    serviceVersion: cluster?.fullVersion,
    ...maintenance(scene, 'SERVICE', service.id),
  }
}

const bareRole = (scene: Scene, role: Role): ApiModel<'ApiRole'> => ({
  name: role.name,
  type: role.type,
  hostRef: hostRef(scene.model.hosts.get(role.hostId)!),
  roleConfigGroupRef: { roleConfigGroupName: scene.model.groups.get(role.roleConfigGroupId)!.name },
  commissionState: role.commissionState,
  ...maintenance(scene, 'ROLE', role.id),
})
