import { randomBytes } from 'node:crypto'
import { type ConfigWrite, writeValues } from '../configuration/write.js'
import { GATEWAY, initialValues, uniqueIds } from '../descriptors/index.js'
import type { Change } from './change.js'
import { exists, invalid } from './errors.js'
import { baseGroup, groupNamed, mustHaveDescriptor, roleDescriptor } from './find.js'
import { checkRoleName, generatedRoleName } from './names.js'
import { mustBeStopped } from './running.js'
import { type Host, type Model, type Role, type Service, targetKey } from './types.js'

export interface NewRole {
  type: string
  host: Host
  /** Default: `<service>-<TYPE>-<32 hexadecimal digits>`. */
  name?: string | undefined
  /** Default: the base group of the type. */
  groupName?: string | undefined
}

/** Makes roles; none when one of them is wrong. Returns their ids, in the order given. */
export async function createRoles(
  change: Change,
  service: Service,
  wanted: readonly NewRole[],
): Promise<number[]> {
  if (wanted.length === 0) return []
  const model = await change.model()
  const descriptor = mustHaveDescriptor(model, change.descriptors, service)
  const siblings = model.rolesOfService.get(service.id) ?? []
  const names = new Set(siblings.map((role) => role.name))
  const places = new Set(siblings.map((role) => `${role.type} ${role.hostId}`))
  const rows = wanted.map((each) => {
    const base = baseGroup(model, service, each.type)
    const group = each.groupName === undefined ? base : groupNamed(model, service, each.groupName)
    if (group.roleType !== each.type)
      throw invalid(`Role config group "${group.name}" is for ${group.roleType}, not for ${each.type}.`)
    const name =
      each.name === undefined
        ? generatedRoleName(service.name, each.type)
        : checkRoleName(each.name, service.name, each.type)
    if (names.has(name)) throw exists(`Role "${name}"`)
    if (service.clusterId !== null && each.host.clusterId !== service.clusterId)
      throw invalid(
        `Host "${each.host.hostname}" does not belong to cluster "${model.clusters.get(service.clusterId)?.name}". Add it there first.`,
      )
    const place = `${each.type} ${each.host.id}`
    if (places.has(place))
      throw exists(`A role ${each.type} of service "${service.name}" on host "${each.host.hostname}"`)
    names.add(name)
    places.add(place)
    return {
      serviceId: service.id,
      name,
      type: each.type,
      hostId: each.host.id,
      roleConfigGroupId: group.id,
      commissionState: 'COMMISSIONED' as const,
      maintenance: false,
      createdAt: change.now,
    }
  })
  const made: { id: number; name: string }[] = []
  for (let i = 0; i < rows.length; i += 2_000)
    made.push(
      ...(await change.trx
        .insertInto('role')
        .values(rows.slice(i, i + 2_000))
        .returning(['id', 'name'])
        .execute()),
    )
  change.touch(
    'role',
    made.map(({ id }) => id),
  )
  const idOf = new Map(made.map((each) => [each.name, each.id]))
  const writes: ConfigWrite[] = []
  const taken = new Map<string, Record<string, string | undefined>[]>()
  for (const { name, type } of rows) {
    const role = roleDescriptor(descriptor, type)
    const parameters = type === GATEWAY ? (descriptor.gateway?.parameters ?? []) : (role?.parameters ?? [])
    const values = initialValues(parameters, randomBytes)
    if (role && role.uniqueIdParameters.length > 0) {
      const others = taken.get(type) ?? idsOf(model, siblings, type, role.uniqueIdParameters)
      taken.set(type, others)
      const own = uniqueIds(role, others)
      others.push(own)
      Object.assign(values, own)
    }
    for (const [parameter, value] of Object.entries(values))
      writes.push({
        target: { scope: 'ROLE', id: idOf.get(name)! },
        name: parameter,
        value,
        sensitive: parameters.find((each) => each.name === parameter)?.sensitive === true,
      })
  }
  await writeValues(change, writes)
  return rows.map((row) => idOf.get(row.name)!)
}

/** Refuses while one of them runs. `what`: what is deleted with them, as a sentence begins with it. */
export async function deleteRoles(change: Change, roles: readonly Role[], what?: string): Promise<void> {
  if (roles.length === 0) return
  await mustBeStopped(change, roles, what ?? (roles.length === 1 ? `Role "${roles[0]!.name}"` : 'The roles'))
  const ids = roles.map((role) => role.id)
  for (let i = 0; i < ids.length; i += 10_000)
    await change.trx
      .deleteFrom('role')
      .where('id', 'in', ids.slice(i, i + 10_000))
      .execute()
  change.touchHosts(roles.map((role) => role.hostId))
  change.touch('role', ids)
}

function idsOf(
  model: Model,
  roles: readonly Role[],
  type: string,
  names: readonly string[],
): Record<string, string | undefined>[] {
  return roles
    .filter((role) => role.type === type)
    .map((role) => {
      const stored = model.config.get(targetKey({ scope: 'ROLE', id: role.id }))
      return Object.fromEntries(
        names.map((name) => {
          const value = stored?.get(name)
          return [name, value && 'value' in value ? value.value : undefined]
        }),
      )
    })
}
