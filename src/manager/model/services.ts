import { randomBytes } from 'node:crypto'
import { writeValues } from '../configuration/write.js'
import {
  chooseDescriptor,
  dependencyParameter,
  GATEWAY,
  initialValues,
  type ServiceDescriptor,
} from '../descriptors/index.js'
import type { Change } from './change.js'
import { exists, inUse, invalid } from './errors.js'
import { descriptorOf, NO_CLUSTER_VERSION } from './find.js'
import { baseGroupName, checkDisplayName, checkName } from './names.js'
import { mustBeStopped } from './running.js'
import { type Cluster, type Model, type Service, targetKey } from './types.js'

export interface NewService {
  name: string
  type: string
  /** Default: the name. */
  displayName?: string | undefined
}

/** Makes services with the base group of each role type. `cluster` undefined: for the management service. */
export async function createServices(
  change: Change,
  cluster: Cluster | undefined,
  wanted: readonly NewService[],
): Promise<number[]> {
  const ids: number[] = []
  for (const each of wanted) ids.push(await createService(change, cluster, each))
  return ids
}

async function createService(
  change: Change,
  cluster: Cluster | undefined,
  wanted: NewService,
): Promise<number> {
  const model = await change.model()
  const siblings = model.servicesOfCluster.get(cluster?.id ?? 0) ?? []
  const name = checkName(wanted.name, 'service')
  if (siblings.some((each) => each.name === name)) throw exists(`Service "${name}"`)
  const version = cluster?.fullVersion ?? NO_CLUSTER_VERSION
  const descriptor = chooseDescriptor(change.descriptors.descriptors, wanted.type, version)
  if (!descriptor) throw unknownType(change, wanted.type, version)
  const same = siblings.filter((each) => each.type === wanted.type)
  if (descriptor.maxInstances !== undefined && same.length >= descriptor.maxInstances)
    throw invalid(
      `There can be at most ${descriptor.maxInstances} services of type ${wanted.type}; there is "${same.map((each) => each.name).join('", "')}".`,
    )
  const { id } = await change.trx
    .insertInto('service')
    .values({
      clusterId: cluster?.id ?? null,
      name,
      type: wanted.type,
      displayName: checkDisplayName(wanted.displayName ?? name, 'service'),
      generation: descriptor.compatibility.generation,
      maintenance: false,
      createdAt: change.now,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const groups = await change.trx
    .insertInto('roleConfigGroup')
    .values(
      roleTypes(descriptor).map(({ type, label }) => ({
        serviceId: id,
        name: baseGroupName(name, type),
        displayName: `${label} Default Group`,
        roleType: type,
        base: true,
      })),
    )
    .returning('id')
    .execute()
  change.touch('service', [id])
  change.touch(
    'roleConfigGroup',
    groups.map((group) => group.id),
  )
  const initial = initialValues(descriptor.parameters, randomBytes)
  await writeValues(
    change,
    Object.entries(initial).map(([parameter, value]) => ({
      target: { scope: 'SERVICE', id },
      name: parameter,
      value,
      sensitive: descriptor.parameters.find((each) => each.name === parameter)?.sensitive === true,
    })),
  )
  return id
}

/** The role types of a service type, the gateway too. */
export function roleTypes(descriptor: ServiceDescriptor): { type: string; label: string }[] {
  return [
    ...descriptor.roles.map(({ type, label }) => ({ type, label })),
    ...(descriptor.gateway ? [{ type: GATEWAY, label: 'Gateway' }] : []),
  ]
}

export async function updateService(
  change: Change,
  service: Service,
  update: { displayName?: string | undefined },
): Promise<void> {
  if (update.displayName === undefined) return
  const displayName = checkDisplayName(update.displayName, 'service')
  await change.trx.updateTable('service').set({ displayName }).where('id', '=', service.id).execute()
  // Its roles are told of by its name.
  change.touchHosts(((await change.model()).rolesOfService.get(service.id) ?? []).map((role) => role.hostId))
  change.touch('service', [service.id])
}

/** With its roles, which must be stopped. Refuses while another service depends on it. */
export async function deleteService(change: Change, service: Service): Promise<void> {
  const model = await change.model()
  const dependents = dependentsOf(change, model, service)
  if (dependents.length > 0)
    throw inUse(
      `Service "${service.name}" cannot be deleted: ${dependents.map((each) => `"${each.name}"`).join(', ')} depends on it. Change that first.`,
      dependents.map((each) => each.name),
    )
  const roles = model.rolesOfService.get(service.id) ?? []
  await mustBeStopped(change, roles, `Service "${service.name}"`)
  const clients = await change.trx
    .selectFrom('clientConfig')
    .select('hostId')
    .where('serviceId', '=', service.id)
    .execute()
  await change.trx.deleteFrom('service').where('id', '=', service.id).execute()
  change.touchHosts([...roles.map((role) => role.hostId), ...clients.map((each) => each.hostId)])
  change.touch('service', [service.id])
}

function dependentsOf(change: Change, model: Model, service: Service): Service[] {
  return (model.servicesOfCluster.get(service.clusterId ?? 0) ?? []).filter((other) => {
    const stored = model.config
      .get(targetKey({ scope: 'SERVICE', id: other.id }))
      ?.get(dependencyParameter(service.type))
    if (!stored || !('value' in stored) || stored.value !== service.name) return false
    const descriptor = descriptorOf(model, change.descriptors, other)
    return descriptor?.serviceDependencies.some((each) => each.type === service.type) === true
  })
}

function unknownType(change: Change, type: string, version: string) {
  const known = [...new Set(change.descriptors.descriptors.map((each) => each.type))].sort()
  const refused = change.descriptors.refused.find((each) => each.type === type)
  if (refused)
    return invalid(
      `The service type ${type} cannot be used: its descriptor ${refused.path} is refused.`,
      refused.problems.map((each) => each.message),
    )
  return invalid(
    known.includes(type)
      ? `The service type ${type} does not go with version ${version} of the cluster.`
      : `There is no service type ${type.slice(0, 80)}; there are ${known.join(', ')}.`,
  )
}
