import {
  type Change,
  type Cluster,
  createRoleConfigGroups,
  createRoles,
  createServices,
  groupNamed,
  type NewRole,
  type RoleConfigGroup,
  type Service,
  updateRoleConfigGroup,
} from '../../model/index.js'
import type { Model as ApiModel } from '../contract/types.js'
import { hostByRef, needed } from './body.js'
import { applyConfig } from './config.js'
import type { Resources } from './ports.js'

/** Awaited between the pieces of long work. */
export type Pause = () => Promise<void>
const atOnce: Pause = async () => undefined

/**
 * Makes services with everything that their objects bring along: role config groups, roles, configuration. In this order:
 * groups, roles and values may refer to what comes before. Returns the services' ids.
 */
export async function buildServices(
  resources: Resources,
  change: Change,
  cluster: Cluster | undefined,
  services: readonly ApiModel<'ApiService'>[],
  pause: Pause = atOnce,
): Promise<number[]> {
  const ids = await createServices(
    change,
    cluster,
    services.map(({ name, type, displayName }, i) => ({
      name: needed(name, `items[${i}].name`),
      type: needed(type, `items[${i}].type`),
      displayName,
    })),
  )
  for (const [i, wanted] of services.entries()) {
    const service = (await change.model()).services.get(ids[i]!)!
    await buildGroups(resources, change, service, wanted.roleConfigGroups ?? [])
    await buildRoles(resources, change, service, wanted.roles ?? [], pause)
  }
  // Values last: one that names another service needs that service.
  for (const [i, wanted] of services.entries())
    await applyConfig(resources, change, { scope: 'SERVICE', id: ids[i]! }, wanted.config?.items)
  return ids
}

/** Makes role config groups, and sets up the base groups where the objects name them; returns all of them, in order. */
export async function buildGroups(
  resources: Resources,
  change: Change,
  service: Service,
  groups: readonly ApiModel<'ApiRoleConfigGroup'>[],
): Promise<RoleConfigGroup[]> {
  const existing = new Set(
    ((await change.model()).groupsOfService.get(service.id) ?? [])
      .filter((group) => group.base)
      .map((group) => group.name),
  )
  const isBase = ({ name, base }: ApiModel<'ApiRoleConfigGroup'>) => base === true || existing.has(name ?? '')
  await createRoleConfigGroups(
    change,
    service,
    groups
      .filter((group) => !isBase(group))
      .map(({ name, displayName, roleType }, i) => ({
        name: needed(name, `items[${i}].name`),
        displayName,
        roleType: needed(roleType, `items[${i}].roleType`),
      })),
  )
  const made: RoleConfigGroup[] = []
  for (const [i, wanted] of groups.entries()) {
    const group = groupNamed(await change.model(), service, needed(wanted.name, `items[${i}].name`))
    if (isBase(wanted)) await updateRoleConfigGroup(change, group, { displayName: wanted.displayName })
    await applyConfig(resources, change, { scope: 'GROUP', id: group.id }, wanted.config?.items)
    made.push(group)
  }
  return made
}

export async function buildRoles(
  resources: Resources,
  change: Change,
  service: Service,
  roles: readonly ApiModel<'ApiRole'>[],
  pause: Pause = atOnce,
): Promise<number[]> {
  const model = await change.model()
  const news: NewRole[] = []
  for (const [i, { name, type, hostRef, roleConfigGroupRef }] of roles.entries()) {
    await pause()
    news.push({
      type: needed(type, `items[${i}].type`),
      host: hostByRef(model, hostRef, `items[${i}].hostRef`),
      name,
      groupName: roleConfigGroupRef?.roleConfigGroupName,
    })
  }
  const ids = await createRoles(change, service, news)
  for (const [i, wanted] of roles.entries()) {
    await pause()
    await applyConfig(resources, change, { scope: 'ROLE', id: ids[i]! }, wanted.config?.items)
  }
  return ids
}
