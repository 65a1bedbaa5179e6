import {
  addHostsToCluster,
  type Change,
  clusterNamed,
  createClusters,
  createHosts,
  createHostTemplate,
  type Host,
  hostNamed,
  type Model,
  type Role,
  type Service,
  serviceNamed,
  setHostCommission,
  setMaintenance,
  setRoleCommission,
  setTags,
} from '../../model/index.js'
import { createUser } from '../../users/index.js'
import type { Model as ApiModel } from '../contract/types.js'
import { badRequest } from '../http/errors.js'
import { needed } from './body.js'
import { buildGroups, buildRoles, buildServices, type Pause } from './build.js'
import { applyConfig } from './config.js'
import type { Resources } from './ports.js'
import { findManagementService } from './scene.js'
import { roleIn } from './users.js'

type ApiDeployment = ApiModel<'ApiDeployment2'>

/** A form of hash that only this program knows goes through `pwHash`. */
const HASH = /^scrypt\$\d+\$\d+\$\d+\$[\w+/=]+\$[\w+/=]+$/

/**
 * Makes everything that a deployment has, on a manager without clusters and hosts. `pause` is awaited between the pieces.
 */
export async function restoreDeployment(
  resources: Resources,
  change: Change,
  wanted: ApiDeployment,
  pause: Pause,
): Promise<void> {
  const before = await change.model()
  if (before.clusters.size > 0 || before.hosts.size > 0)
    throw badRequest(
      'This manager has clusters or hosts already; a deployment is restored on an empty one only.',
    )
  await applyConfig(resources, change, { scope: 'MANAGER', id: 0 }, wanted.managerSettings?.items)
  await restoreHosts(resources, change, wanted)
  await restoreClusters(resources, change, wanted, pause)
  for (const { clusterName, config } of wanted.bwClusterSettings ?? []) {
    const cluster = clusterNamed(await change.model(), clusterName ?? '')
    await applyConfig(resources, change, { scope: 'CLUSTER', id: cluster.id }, config?.items)
  }
  await restoreManagement(resources, change, wanted.managementService, pause)
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
  await restoreStates(change, wanted, pause)
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

async function restoreClusters(
  resources: Resources,
  change: Change,
  wanted: ApiDeployment,
  pause: Pause,
): Promise<void> {
  const clusters = wanted.clusters ?? []
  const ids = await createClusters(
    change,
    clusters.map(({ name, displayName, version, fullVersion, clusterType, uuid }, i) => ({
      name: needed(name, `clusters[${i}].name`),
      displayName,
      version,
      fullVersion,
      clusterType,
      uuid,
    })),
  )
  for (const [i, id] of ids.entries()) {
    const model = await change.model()
    const cluster = model.clusters.get(id)!
    await addHostsToCluster(change, cluster, hostsOf(model, wanted, cluster.name))
    await buildServices(resources, change, cluster, clusters[i]!.services ?? [], pause)
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
  return [...new Set([...new Set(names)].map((each) => hostNamed(model, each)))]
}

async function restoreManagement(
  resources: Resources,
  change: Change,
  service: ApiModel<'ApiService'> | undefined,
  pause: Pause,
): Promise<void> {
  if (!service) return
  const existing = findManagementService(await change.model())
  if (!existing) {
    await buildServices(resources, change, undefined, [service], pause)
    return
  }
  await buildGroups(resources, change, existing, service.roleConfigGroups ?? [])
  await buildRoles(resources, change, existing, service.roles ?? [], pause)
  await applyConfig(resources, change, { scope: 'SERVICE', id: existing.id }, service.config?.items)
}

/** Maintenance mode, commission states and tags, of what the deployment says is in one of its own. */
async function restoreStates(change: Change, wanted: ApiDeployment, pause: Pause): Promise<void> {
  const model = await change.model()
  const hosts = (wanted.hosts ?? []).map((each) => ({
    each,
    host: hostNamed(model, each.hostId ?? each.hostname ?? ''),
  }))
  for (const { each, host } of hosts)
    if (each.maintenanceOwners?.includes('HOST')) await setMaintenance(change, 'HOST', host.id, true)
  for (const state of AWAY)
    await setHostCommission(
      change,
      hosts.filter(({ each }) => each.commissionState === state).map(({ host }) => host),
      state,
    )
  for (const each of wanted.clusters ?? []) {
    const cluster = clusterNamed(model, each.name ?? '')
    if (each.maintenanceOwners?.includes('CLUSTER')) await setMaintenance(change, 'CLUSTER', cluster.id, true)
    await setTags(change, 'CLUSTER', cluster.id, tagsIn(each.tags))
    for (const service of each.services ?? [])
      await restoreService(change, serviceNamed(model, cluster.name, service.name ?? ''), service, pause)
  }
  const management = findManagementService(model)
  if (management && wanted.managementService)
    await restoreService(change, management, wanted.managementService, pause)
}

/** What was on its way is so still, though its command is gone: it may hold data that is nowhere else. */
const AWAY = ['DECOMMISSIONING', 'DECOMMISSIONED'] as const

async function restoreService(
  change: Change,
  service: Service,
  wanted: ApiModel<'ApiService'>,
  pause: Pause,
): Promise<void> {
  if (wanted.maintenanceOwners?.includes('SERVICE')) await setMaintenance(change, 'SERVICE', service.id, true)
  await setTags(change, 'SERVICE', service.id, tagsIn(wanted.tags))
  const roles = (await change.model()).rolesOfService.get(service.id) ?? []
  const byName = new Map(roles.map((role) => [role.name, role]))
  const away: Record<(typeof AWAY)[number], Role[]> = { DECOMMISSIONING: [], DECOMMISSIONED: [] }
  for (const each of wanted.roles ?? []) {
    await pause()
    // Those without a name have got a new one, and nothing else to restore.
    const role = byName.get(each.name ?? '')
    if (!role) continue
    if (each.maintenanceOwners?.includes('ROLE')) await setMaintenance(change, 'ROLE', role.id, true)
    const state = AWAY.find((state) => state === each.commissionState)
    if (state) away[state].push(role)
    await setTags(change, 'ROLE', role.id, tagsIn(each.tags))
  }
  for (const state of AWAY) await setRoleCommission(change, away[state], state)
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
