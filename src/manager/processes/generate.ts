import type { Instances } from '../configuration/index.js'
import type { Core } from '../core.js'
import type { HdfsDirectory, RoleCommand } from '../descriptors/index.js'
import {
  type CollectionTarget,
  collectionTargets,
  generateClientConfig,
  generateRole,
  generateRoleCommand,
  generateStop,
  hdfsDirectoryOf,
  type Process,
  type RoleCanary,
  roleCanaries,
} from '../generate/index.js'
import { ModelError } from '../model/errors.js'
import type { Model, Role, Service } from '../model/types.js'
import { canaryTests } from './canary-tests.js'

/** The process of a role as it would be started now. Throws `GenerationError` or `ModelError`. */
export function roleProcess(core: Core, instances: Instances, role: Role): Process {
  return generateRole(inputOf(core, instances, role))
}

export function roleMetrics(core: Core, instances: Instances, role: Role): CollectionTarget[] {
  return collectionTargets(inputOf(core, instances, role))
}

export function canariesOfRole(core: Core, instances: Instances, role: Role): RoleCanary[] {
  return roleCanaries(inputOf(core, instances, role), canaryTests())
}

export function roleCommandProcess(
  core: Core,
  instances: Instances,
  role: Role,
  command: RoleCommand,
): Process {
  return generateRoleCommand(inputOf(core, instances, role), command)
}

/**
 * The command of a file system's role that makes a directory for `service`. The command gets it in its environment:
 * `HDFS_DIRECTORY_PATH`, `HDFS_DIRECTORY_OWNER` (`user:group`), `HDFS_DIRECTORY_PERMISSIONS` (`0755`).
 */
export function directoryProcess(
  core: Core,
  instances: Instances,
  role: Role,
  command: RoleCommand,
  { service, directory }: { service: Service; directory: HdfsDirectory },
): Process {
  const instance = instances.service(service)
  if (!instance) throw new ModelError('INVALID', `The service type ${service.type} is not installed.`)
  const process = roleCommandProcess(core, instances, role, command)
  const { path, user, group, permissions } = hdfsDirectoryOf(instance, directory)
  const added = {
    HDFS_DIRECTORY_PATH: path,
    HDFS_DIRECTORY_OWNER: `${user}:${group}`,
    HDFS_DIRECTORY_PERMISSIONS: permissions,
  }
  const { environment, shown } = process
  return {
    ...process,
    environment: { ...environment, ...added },
    shown: shown && { ...shown, environment: { ...shown.environment, ...added } },
  }
}

/** The graceful stop of a service, in the context of one of its master roles. */
export function serviceStopProcess(core: Core, instances: Instances, role: Role): Process {
  const input = inputOf(core, instances, role)
  const { stopRunner, type } = input.service.descriptor
  if (!stopRunner) throw new ModelError('INVALID', `The service type ${type} has no graceful stop.`)
  return generateStop(input, stopRunner)
}

export function clientConfigProcess(core: Core, instances: Instances, role: Role): Process {
  return generateClientConfig(inputOf(core, instances, role))
}

/** One role a host: it stands for the host when the client configuration of a service is deployed. */
export function clientConfigRoles(model: Model, serviceId: number): Role[] {
  const byHost = new Map<number, Role>()
  for (const role of model.rolesOfService.get(serviceId) ?? [])
    if (!byHost.has(role.hostId) || role.type === 'GATEWAY') byHost.set(role.hostId, role)
  return [...byHost.values()]
}

function inputOf(core: Core, instances: Instances, role: Role) {
  const found = instances.role(role)
  if (found) return { ...found, common: core.common }
  const service = instances.model.services.get(role.serviceId)
  throw new ModelError(
    'INVALID',
    `Role "${role.name}" cannot be run: the service type ${service?.type} is not installed, or only in an incompatible version.`,
  )
}
