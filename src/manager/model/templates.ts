import type { Change } from './change.js'
import { exists, invalid } from './errors.js'
import { groupOfClusterNamed } from './find.js'
import { checkClusterName } from './names.js'
import { createRoles } from './roles.js'
import type { Cluster, Host, HostTemplate, Model, RoleConfigGroup } from './types.js'

export interface NewHostTemplate {
  name: string
  /** One for each role type that a host gets. */
  groupNames: readonly string[]
}

export async function createHostTemplate(
  change: Change,
  cluster: Cluster,
  wanted: NewHostTemplate,
): Promise<number> {
  const model = await change.model()
  const name = checkClusterName(wanted.name, 'host template')
  mustBeNew(model, cluster, name)
  const groups = groupsOf(model, cluster, wanted.groupNames)
  const { id } = await change.trx
    .insertInto('hostTemplate')
    .values({ clusterId: cluster.id, name })
    .returning('id')
    .executeTakeFirstOrThrow()
  await setGroups(change, id, groups)
  return id
}

export async function updateHostTemplate(
  change: Change,
  cluster: Cluster,
  template: HostTemplate,
  update: Partial<NewHostTemplate>,
): Promise<void> {
  const model = await change.model()
  if (update.name !== undefined && update.name !== template.name) {
    const name = checkClusterName(update.name, 'host template')
    mustBeNew(model, cluster, name)
    await change.trx.updateTable('hostTemplate').set({ name }).where('id', '=', template.id).execute()
    change.touch('hostTemplate', [template.id])
  }
  if (update.groupNames) await setGroups(change, template.id, groupsOf(model, cluster, update.groupNames))
}

export async function deleteHostTemplate(change: Change, template: HostTemplate): Promise<void> {
  await change.trx.deleteFrom('hostTemplate').where('id', '=', template.id).execute()
  change.touch('hostTemplate', [template.id])
}

/** Gives hosts the roles of a template that they do not have yet; hosts of no cluster join it. Returns the new roles' ids. */
export async function applyHostTemplate(
  change: Change,
  cluster: Cluster,
  template: HostTemplate,
  hosts: readonly Host[],
): Promise<number[]> {
  const ids: number[] = []
  for (const groupId of template.groupIds) {
    const model = await change.model()
    const group = model.groups.get(groupId)
    const service = group && model.services.get(group.serviceId)
    if (!group || !service) continue
    const present = new Set(
      (model.rolesOfService.get(service.id) ?? [])
        .filter((role) => role.type === group.roleType)
        .map((role) => role.hostId),
    )
    const missing = hosts.filter((host) => !present.has(host.id))
    for (const host of missing)
      if (host.clusterId !== cluster.id)
        throw invalid(
          `Host "${host.hostname}" does not belong to cluster "${cluster.name}". Add it there first.`,
        )
    ids.push(
      ...(await createRoles(
        change,
        service,
        missing.map((host) => ({ type: group.roleType, host, groupName: group.name })),
      )),
    )
  }
  return ids
}

function mustBeNew(model: Model, cluster: Cluster, name: string): void {
  for (const other of model.templates.values())
    if (other.clusterId === cluster.id && other.name === name) throw exists(`Host template "${name}"`)
}

function groupsOf(model: Model, cluster: Cluster, names: readonly string[]): RoleConfigGroup[] {
  const groups = names.map((name) => groupOfClusterNamed(model, cluster.id, name))
  const types = groups.map((group) => `${group.serviceId} ${group.roleType}`)
  if (new Set(types).size < types.length)
    throw invalid('A host template has at most one role config group for each role type of a service.')
  return groups
}

async function setGroups(change: Change, id: number, groups: readonly RoleConfigGroup[]): Promise<void> {
  await change.trx.deleteFrom('hostTemplateGroup').where('hostTemplateId', '=', id).execute()
  if (groups.length > 0)
    await change.trx
      .insertInto('hostTemplateGroup')
      .values(groups.map((group) => ({ hostTemplateId: id, roleConfigGroupId: group.id })))
      .execute()
  change.touch('hostTemplate', [id])
}
