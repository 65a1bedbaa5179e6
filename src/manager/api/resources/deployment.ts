import {
  addHostsToCluster,
  type Change,
  createClusters,
  createHosts,
  createHostTemplate,
  type Host,
  hostNamed,
  type Model,
  type Service,
  setHostCommission,
  setMaintenance,
  setRoleCommission,
  setTags,
} from '../../model/index.js'
import { createUser, userNamed } from '../../users/index.js'
import type { Model as ApiModel, View } from '../contract/types.js'
import type { Handlers } from '../http/call.js'
import { badRequest } from '../http/errors.js'
import { needed } from './body.js'
import { buildGroups, buildRoles, buildServices } from './build.js'
import { changeFor } from './change.js'
import { versionInfo } from './cm.js'
import { applyConfig, configList } from './config.js'
import type { Resources } from './ports.js'
import { findManagementService, sceneFor } from './scene.js'
import { roleIn, toUser } from './users.js'
import { type Scene, toCluster, toGroup, toHost, toRole, toService, toTemplate } from './views.js'

type ApiDeployment = ApiModel<'ApiDeployment2'>

/** A form of hash that only this program knows goes through `pwHash`. */
const HASH = /^scrypt\$\d+\$\d+\$\d+\$[\w+/=]+\$[\w+/=]+$/

/**
 * The whole model as one object, and back. `GET` is a backup: secrets are in it in plain text, for a restore must bring them
 * back (`view=export_redacted` masks them); so it needs an administrator. `PUT` restores it on a manager that has no clusters
 * and no hosts, all of it or nothing.
 */
export function deploymentResources(resources: Resources): Handlers {
  const { core } = resources

  async function deployment(scene: Scene): Promise<ApiDeployment> {
    const { model, view } = scene
    const management = findManagementService(model)
    const config = (target: Parameters<typeof configList>[2]) =>
      configList(resources, model, target, 'summary', view === 'export')
    return {
      timestamp: new Date().toISOString(),
      clusters: await Promise.all(
        [...model.clusters.values()].map(async (cluster) => ({
          ...toCluster(scene, cluster),
          services: await Promise.all(
            (model.servicesOfCluster.get(cluster.id) ?? []).map((service) =>
              exported(resources, scene, service),
            ),
          ),
        })),
      ),
      hosts: [...model.hosts.values()].map((host) => ({
        ...toHost(scene, host),
        config: config({ scope: 'HOST', id: host.id }),
      })),
      users: await users(view),
      versionInfo: versionInfo(resources.version),
      managementService: management && (await exported(resources, scene, management)),
      managerSettings: config({ scope: 'MANAGER', id: 0 }),
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
      return deployment(await sceneFor(resources, call))
    },

    async 'PUT /cm/deployment'(call) {
      if (call.query.deleteCurrentDeployment)
        throw badRequest(
          'deleteCurrentDeployment: a deployment is restored on an empty manager only; delete clusters and hosts first.',
        )
      call.audit.command = 'restoreDeployment'
      await changeFor(resources, call, (change) => restore(resources, change, call.body))
      return deployment(await sceneFor(resources, call, 'export_redacted'))
    },
  }
}

async function exported(
  resources: Resources,
  scene: Scene,
  service: Service,
): Promise<ApiModel<'ApiService'>> {
  const { model, view } = scene
  const config = (target: Parameters<typeof configList>[2]) =>
    configList(resources, model, target, 'summary', view === 'export')
  return {
    ...(await toService(scene, service)),
    config: config({ scope: 'SERVICE', id: service.id }),
    roleConfigGroups: (model.groupsOfService.get(service.id) ?? []).map((group) => ({
      ...toGroup(model, group),
      config: config({ scope: 'GROUP', id: group.id }),
    })),
    roles: await Promise.all(
      (model.rolesOfService.get(service.id) ?? []).map(async (role) => ({
        ...(await toRole(scene, role)),
        config: config({ scope: 'ROLE', id: role.id }),
      })),
    ),
  }
}

async function restore(resources: Resources, change: Change, wanted: ApiDeployment): Promise<void> {
  const before = await change.model()
  if (before.clusters.size > 0 || before.hosts.size > 0)
    throw badRequest(
      'This manager has clusters or hosts already; a deployment is restored on an empty one only.',
    )
  await applyConfig(resources, change, { scope: 'MANAGER', id: 0 }, wanted.managerSettings?.items)
  await restoreHosts(resources, change, wanted)
  await restoreClusters(resources, change, wanted)
  await restoreManagement(resources, change, wanted.managementService)
  for (const [i, template] of (wanted.hostTemplates?.items ?? []).entries()) {
    const name = needed(template.clusterRef?.clusterName, `hostTemplates.items[${i}].clusterRef.clusterName`)
    const cluster = [...(await change.model()).clusters.values()].find((each) => each.name === name)
    if (!cluster)
      throw badRequest(`hostTemplates.items[${i}].clusterRef: there is no cluster "${name}" in it.`)
    await createHostTemplate(change, cluster, {
      name: needed(template.name, `hostTemplates.items[${i}].name`),
      groupNames: (template.roleConfigGroupRefs ?? []).map((ref) => ref.roleConfigGroupName ?? ''),
    })
  }
  await restoreStates(change, wanted)
  await restoreUsers(change, wanted.users ?? [])
}

async function restoreHosts(resources: Resources, change: Change, wanted: ApiDeployment): Promise<void> {
  await applyConfig(resources, change, { scope: 'ALL_HOSTS', id: 0 }, wanted.allHostsConfig?.items)
  const hosts = wanted.hosts ?? []
  const ids = await createHosts(
    change,
    hosts.map(({ hostId, hostname, ipAddress, rackId }, i) => ({
      hostId,
      hostname: needed(hostname, `hosts[${i}].hostname`),
      ipAddress,
      rackId,
    })),
  )
  for (const [i, id] of ids.entries()) {
    await applyConfig(resources, change, { scope: 'HOST', id }, hosts[i]!.config?.items)
    await setTags(change, 'HOST', id, tagsIn(hosts[i]!.tags))
  }
}

async function restoreClusters(resources: Resources, change: Change, wanted: ApiDeployment): Promise<void> {
  const clusters = wanted.clusters ?? []
  const ids = await createClusters(
    change,
    clusters.map(({ name, displayName, version, fullVersion, clusterType }, i) => ({
      name: needed(name, `clusters[${i}].name`),
      displayName,
      version,
      fullVersion,
      clusterType,
    })),
  )
  for (const [i, id] of ids.entries()) {
    const model = await change.model()
    const cluster = model.clusters.get(id)!
    await addHostsToCluster(change, cluster, hostsOf(model, wanted, cluster.name))
    await buildServices(resources, change, cluster, clusters[i]!.services ?? [])
  }
}

/** Hosts that say themselves which cluster they belong to, and those that roles of it are on (before v11). */
function hostsOf(model: Model, { hosts, clusters }: ApiDeployment, name: string): Host[] {
  const own = (hosts ?? []).filter(({ clusterRef }) => clusterRef?.clusterName === name)
  const services = clusters?.find((cluster) => cluster.name === name)?.services ?? []
  const refs = services.flatMap(({ roles }) => roles ?? []).map(({ hostRef }) => hostRef)
  const names = [...own, ...refs]
    .map((each) => each?.hostId ?? each?.hostname)
    .filter((each) => each !== undefined)
  return [...new Set(names.map((each) => hostNamed(model, each)))]
}

async function restoreManagement(
  resources: Resources,
  change: Change,
  service: ApiModel<'ApiService'> | undefined,
): Promise<void> {
  if (!service) return
  const existing = findManagementService(await change.model())
  if (!existing) {
    await buildServices(resources, change, undefined, [service])
    return
  }
  await buildGroups(resources, change, existing, service.roleConfigGroups ?? [])
  await buildRoles(resources, change, existing, service.roles ?? [])
  await applyConfig(resources, change, { scope: 'SERVICE', id: existing.id }, service.config?.items)
}

/** Maintenance mode and commission states, of what the deployment says is in one of its own. */
async function restoreStates(change: Change, { clusters, hosts }: ApiDeployment): Promise<void> {
  const model = await change.model()
  for (const wanted of hosts ?? []) {
    const host = hostNamed(model, wanted.hostId ?? wanted.hostname ?? '')
    if (wanted.maintenanceOwners?.includes('HOST')) await setMaintenance(change, 'HOST', host.id, true)
    if (wanted.commissionState === 'DECOMMISSIONED') await setHostCommission(change, [host], 'DECOMMISSIONED')
  }
  for (const wanted of clusters ?? []) {
    const cluster = [...model.clusters.values()].find(({ name }) => name === wanted.name)!
    if (wanted.maintenanceOwners?.includes('CLUSTER'))
      await setMaintenance(change, 'CLUSTER', cluster.id, true)
    await setTags(change, 'CLUSTER', cluster.id, tagsIn(wanted.tags))
    for (const each of wanted.services ?? []) {
      const service = model.servicesOfCluster.get(cluster.id)!.find(({ name }) => name === each.name)!
      if (each.maintenanceOwners?.includes('SERVICE'))
        await setMaintenance(change, 'SERVICE', service.id, true)
      await setTags(change, 'SERVICE', service.id, tagsIn(each.tags))
      for (const one of each.roles ?? []) {
        const role = model.rolesOfService.get(service.id)?.find(({ name }) => name === one.name)
        if (!role) continue
        if (one.maintenanceOwners?.includes('ROLE')) await setMaintenance(change, 'ROLE', role.id, true)
        if (one.commissionState === 'DECOMMISSIONED')
          await setRoleCommission(change, [role], 'DECOMMISSIONED')
        await setTags(change, 'ROLE', role.id, tagsIn(one.tags))
      }
    }
  }
}

const tagsIn = (tags: readonly ApiModel<'ApiEntityTag'>[] | undefined) =>
  Object.fromEntries((tags ?? []).map(({ name, value }) => [name ?? '', value ?? '']))

/**
 * Users with their passwords, as hashes. One that is there already keeps its password: whoever restores is one of them.
 * One without a hash of ours cannot be restored: nobody knows its password.
 */
async function restoreUsers(change: Change, users: readonly ApiModel<'ApiUser2'>[]): Promise<void> {
  const { trx } = change
  const existing = new Set(
    (await trx.selectFrom('userAccount').select('name').execute()).map(({ name }) => name),
  )
  for (const [i, wanted] of users.entries()) {
    const name = needed(wanted.name, `users[${i}].name`)
    const role = roleIn(wanted, `users[${i}].`)
    if (existing.has(name)) continue
    if (!wanted.pwHash || !HASH.test(wanted.pwHash))
      throw badRequest(
        `users[${i}].pwHash: is no password hash of this program. Take the user out, and make it again afterwards.`,
      )
    const user = await createUser(trx, { name, password: crypto.randomUUID(), role })
    await trx
      .updateTable('userAccount')
      .set({ passwordHash: wanted.pwHash })
      .where('id', '=', user.id)
      .execute()
  }
}
