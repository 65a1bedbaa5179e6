import type { Change } from './change.js'
import { exists, inUse, invalid } from './errors.js'
import { baseGroup } from './find.js'
import { checkDisplayName, checkName } from './names.js'
import type { Role, RoleConfigGroup, Service } from './types.js'

export interface NewRoleConfigGroup {
  name: string
  /** Default: the name. */
  displayName?: string | undefined
  roleType: string
}

export async function createRoleConfigGroups(
  change: Change,
  service: Service,
  wanted: readonly NewRoleConfigGroup[],
): Promise<number[]> {
  const model = await change.model()
  const siblings = (model.servicesOfCluster.get(service.clusterId ?? 0) ?? []).flatMap(
    (each) => model.groupsOfService.get(each.id) ?? [],
  )
  const names = new Set(siblings.map((group) => group.name))
  const shown = new Set(
    siblings
      .filter((group) => group.serviceId === service.id)
      .map((group) => `${group.roleType} ${group.displayName}`),
  )
  const rows = wanted.map((each) => {
    baseGroup(model, service, each.roleType)
    const name = checkName(each.name, 'role config group', 255)
    const displayName = checkDisplayName(each.displayName ?? name, 'role config group')
    if (names.has(name)) throw exists(`Role config group "${name}"`)
    if (/-BASE$/.test(name)) throw invalid(`"${name}": names that end with -BASE are for the base groups.`)
    if (shown.has(`${each.roleType} ${displayName}`))
      throw exists(`A role config group of ${each.roleType} that is shown as "${displayName}"`)
    names.add(name)
    shown.add(`${each.roleType} ${displayName}`)
    return { serviceId: service.id, name, displayName, roleType: each.roleType, base: false }
  })
  if (rows.length === 0) return []
  const made = await change.trx.insertInto('roleConfigGroup').values(rows).returning(['id', 'name']).execute()
  change.touch(
    'roleConfigGroup',
    made.map(({ id }) => id),
  )
  return rows.map((row) => made.find((each) => each.name === row.name)!.id)
}

export async function updateRoleConfigGroup(
  change: Change,
  group: RoleConfigGroup,
  update: { displayName?: string | undefined },
): Promise<void> {
  if (update.displayName === undefined || update.displayName === group.displayName) return
  const displayName = checkDisplayName(update.displayName, 'role config group')
  const siblings = (await change.model()).groupsOfService.get(group.serviceId) ?? []
  if (siblings.some((each) => each.roleType === group.roleType && each.displayName === displayName))
    throw exists(`A role config group of ${group.roleType} that is shown as "${displayName}"`)
  await change.trx.updateTable('roleConfigGroup').set({ displayName }).where('id', '=', group.id).execute()
  change.touch('roleConfigGroup', [group.id])
}

/** Refuses for base groups, and while it has roles. */
export async function deleteRoleConfigGroup(change: Change, group: RoleConfigGroup): Promise<void> {
  if (group.base)
    throw invalid(`"${group.name}" is the base group of ${group.roleType}; it cannot be deleted.`)
  const model = await change.model()
  const roles = (model.rolesOfService.get(group.serviceId) ?? []).filter(
    (role) => role.roleConfigGroupId === group.id,
  )
  if (roles.length > 0)
    throw inUse(
      `Role config group "${group.name}" still has ${roles.length === 1 ? 'a role: move it' : `${roles.length} roles: move them`} to another group first.`,
      roles.map((role) => role.name),
    )
  await change.trx.deleteFrom('roleConfigGroup').where('id', '=', group.id).execute()
  change.touch('roleConfigGroup', [group.id])
}

/** Puts roles into a group of their type; what is set on the roles themselves stays. */
export async function moveRoles(
  change: Change,
  group: RoleConfigGroup,
  roles: readonly Role[],
): Promise<void> {
  for (const role of roles)
    if (role.serviceId !== group.serviceId || role.type !== group.roleType)
      throw invalid(
        `Role "${role.name}" of type ${role.type} cannot be in the role config group "${group.name}", which is for ${group.roleType}.`,
      )
  if (roles.length === 0) return
  const ids = roles.map((role) => role.id)
  await change.trx.updateTable('role').set({ roleConfigGroupId: group.id }).where('id', 'in', ids).execute()
  // They send their metrics with the group's name.
  change.touchHosts(roles.map(({ hostId }) => hostId))
  change.touch('role', ids)
}

export async function moveRolesToBase(
  change: Change,
  service: Service,
  roles: readonly Role[],
): Promise<void> {
  const model = await change.model()
  for (const type of new Set(roles.map((role) => role.type)))
    await moveRoles(
      change,
      baseGroup(model, service, type),
      roles.filter((role) => role.type === type),
    )
}
