import {
  type DescriptorSet,
  GATEWAY,
  type Parameter,
  parameter,
  parametersOfTests,
  triggersParameter,
} from '../descriptors/index.js'
import { notFound } from '../model/errors.js'
import { mustHaveDescriptor, roleDescriptor } from '../model/find.js'
import type { ConfigTarget, Model } from '../model/types.js'

const plain = { scope: 'SERVICE', purpose: 'PROCESS', emitted: false } as const

/** What can be set on a host, or on all. */
export const hostParameters: readonly Parameter[] = [
  parameter({
    ...plain,
    name: 'java_home',
    label: 'Java home directory',
    description: 'JAVA_HOME of the processes on the host; empty: the one that the process finds by itself.',
    type: 'path',
    pathType: 'serviceSpecific',
  }),
  parameter({
    ...plain,
    name: 'process_log_max_bytes',
    label: 'Size of output logs',
    description: 'Standard output and standard error of a process are rotated at this size.',
    type: 'long',
    unit: 'bytes',
    min: 4096,
    max: 10 * 1024 ** 3,
    default: String(10 * 1024 ** 2),
    required: true,
  }),
  parameter({
    ...plain,
    name: 'process_log_backups',
    label: 'Rotated output logs',
    description: 'How many rotated logs of a process are kept.',
    type: 'long',
    min: 0,
    max: 100,
    default: '2',
    required: true,
  }),
  ...parametersOfTests({ on: 'HOST' }, 'SERVICE'),
  triggersParameter('host_triggers'),
]

/** What can be set on a cluster; on the manager, for all of them. */
export const clusterParameters: readonly Parameter[] = [
  ...parametersOfTests({ on: 'CLUSTER' }, 'SERVICE'),
  triggersParameter('cluster_triggers'),
]

/** Settings of the manager itself, under the names that scripts know. */
export const managerParameters: readonly Parameter[] = [
  parameter({
    ...plain,
    name: 'HEARTBEAT_INTERVAL',
    label: 'Agent heartbeat interval',
    description: 'Time between two heartbeats of an agent while nothing happens on its host.',
    type: 'long',
    unit: 'seconds',
    min: 1,
    max: 300,
    default: '15',
    required: true,
  }),
  parameter({
    ...plain,
    name: 'MISSED_HB_CONCERNING',
    label: 'Missed heartbeats, concerning',
    description: 'After so many missed heartbeats the health of a host is concerning.',
    type: 'long',
    min: 1,
    max: 1000,
    default: '5',
    required: true,
  }),
  parameter({
    ...plain,
    name: 'MISSED_HB_BAD',
    label: 'Missed heartbeats, bad',
    description: 'After so many missed heartbeats the health of a host is bad.',
    type: 'long',
    min: 1,
    max: 1000,
    default: '10',
    required: true,
  }),
  parameter({
    ...plain,
    name: 'SESSION_TIMEOUT',
    label: 'Session time-out',
    description: 'A session that is not used for so long ends.',
    type: 'long',
    unit: 'seconds',
    min: 60,
    max: 30 * 86_400,
    default: '1800',
    required: true,
  }),
  parameter({
    ...plain,
    name: 'COMMAND_EVICTION_AGE_HOURS',
    label: 'Age of commands',
    description: 'Commands that ended so long ago are removed.',
    type: 'long',
    unit: 'hours',
    min: 1,
    max: 87_600,
    default: '17520',
    required: true,
  }),
  parameter({
    ...plain,
    name: 'AUDIT_EVICTION_AGE_HOURS',
    label: 'Age of audit events',
    description: 'Audit events of so long ago are removed.',
    type: 'long',
    unit: 'hours',
    min: 1,
    max: 87_600,
    default: '17520',
    required: true,
  }),
  // For all clusters, where one does not have its own.
  ...clusterParameters,
]

/** What can be set at a target: for roles and groups their type's own parameters, not the service's. */
export function parametersAt(
  model: Model,
  descriptors: DescriptorSet,
  target: ConfigTarget,
): readonly Parameter[] {
  switch (target.scope) {
    case 'MANAGER':
      return managerParameters
    case 'CLUSTER':
      return clusterParameters
    case 'ALL_HOSTS':
    case 'HOST':
      return hostParameters
    case 'SERVICE': {
      const service = model.services.get(target.id)
      if (!service) throw notFound(`Service ${target.id}`)
      return mustHaveDescriptor(model, descriptors, service).parameters
    }
    default: {
      const { service, type } = placeOf(model, target)
      const descriptor = mustHaveDescriptor(model, descriptors, service)
      return type === GATEWAY
        ? (descriptor.gateway?.parameters ?? [])
        : (roleDescriptor(descriptor, type)?.parameters ?? [])
    }
  }
}

/** Service and role type of a role or group. */
export function placeOf(model: Model, target: ConfigTarget) {
  const role = target.scope === 'ROLE' ? model.roles.get(target.id) : undefined
  const group = target.scope === 'GROUP' ? model.groups.get(target.id) : undefined
  const owner = role ?? group
  const service = owner && model.services.get(owner.serviceId)
  if (!service) throw notFound(`${target.scope === 'ROLE' ? 'Role' : 'Role config group'} ${target.id}`)
  return { service, type: role?.type ?? group!.roleType, role, group }
}
