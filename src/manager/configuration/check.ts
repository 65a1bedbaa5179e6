import {
  type ConfigMessage,
  type RoleDescriptor,
  type ServiceDescriptor,
  validateConfig,
} from '../descriptors/index.js'
import type { Model, Role, Service } from '../model/types.js'
import type { Instances } from './instances.js'
import { portConflicts } from './port-conflicts.js'
import { isSuppressed, suppressionsAt } from './suppressions.js'

/** Something that is wrong with a service's configuration or its layout. Errors keep its roles from starting. */
export interface ValidationMessage {
  readonly level: 'ERROR' | 'WARNING'
  readonly code: ConfigMessage['code'] | 'NO_DESCRIPTOR' | 'ROLE_COUNT' | 'PLACEMENT' | 'DEPENDENCY'
  readonly serviceName: string
  /** Absent for what is about the service. */
  readonly roleName?: string
  readonly parameter?: string
  readonly text: string
  readonly suppressed: boolean
}

/** Checks a service: its own values, those of its roles (all, or these), its dependencies, how many roles there are and where. */
export function checkService(
  instances: Instances,
  service: Service,
  only?: ReadonlySet<number>,
): ValidationMessage[] {
  const { model } = instances
  const instance = instances.service(service)
  const about = { serviceName: service.name, suppressed: false }
  if (!instance)
    return [
      {
        ...about,
        level: 'ERROR',
        code: 'NO_DESCRIPTOR',
        text: `The service type ${service.type} is not installed, or only in an incompatible version`,
      },
    ]
  const out: ValidationMessage[] = []
  const add = (
    messages: readonly ConfigMessage[],
    suppressions: ReadonlySet<string>[],
    roleName?: string,
  ) => {
    for (const { level, code, parameter, text } of messages)
      out.push({
        ...about,
        level,
        code,
        parameter,
        text,
        ...(roleName === undefined ? {} : { roleName }),
        suppressed: level === 'WARNING' && suppressions.some((each) => isSuppressed(each, parameter)),
      })
  }
  add(validateConfig(instance.config), [suppressionsAt(model, { scope: 'SERVICE', id: service.id })])
  const roles = model.rolesOfService.get(service.id) ?? []
  for (const role of roles) {
    if (only && !only.has(role.id)) continue
    const config = instances.role(role)?.role.config
    if (!config) continue
    const own = new Map([...config].filter(([, each]) => each.parameter.scope !== 'SERVICE'))
    add(
      [...validateConfig(own), ...portConflicts(instances, role)],
      [
        suppressionsAt(model, { scope: 'ROLE', id: role.id }),
        suppressionsAt(model, { scope: 'GROUP', id: role.roleConfigGroupId }),
      ],
      role.name,
    )
  }
  const layout = [
    ...dependencyMessages(instance.descriptor, service, instance.config.get.bind(instance.config), model),
    ...instance.descriptor.roles.flatMap((role) => layoutMessages(model, role, roles)),
  ]
  return [...out, ...layout.map((each) => ({ ...about, ...each }))]
}

type Layout = Pick<ValidationMessage, 'level' | 'code' | 'text'> & { parameter?: string; roleName?: string }

function dependencyMessages(
  descriptor: ServiceDescriptor,
  service: Service,
  settled: (name: string) => { value: string | undefined } | undefined,
  model: Model,
): Layout[] {
  const out: Layout[] = []
  for (const parameter of descriptor.parameters) {
    const value = parameter.purpose === 'DEPENDENCY' ? settled(parameter.name)?.value : undefined
    if (!value) continue
    const found = (model.servicesOfCluster.get(service.clusterId ?? 0) ?? []).find(
      (each) => each.name === value,
    )
    if (found?.type !== parameter.dependencyType)
      out.push({
        level: 'ERROR',
        code: 'DEPENDENCY',
        parameter: parameter.name,
        text: `${parameter.label}: there is no ${parameter.dependencyType} service "${value}" in the cluster`,
      })
  }
  return out
}

function layoutMessages(model: Model, descriptor: RoleDescriptor, all: readonly Role[]): Layout[] {
  const { topology, type, pluralLabel } = descriptor
  const roles = all.filter((role) => role.type === type)
  const count = roles.length
  const out: Layout[] = []
  const counted = (level: Layout['level'], text: string) =>
    out.push({ level, code: 'ROLE_COUNT', text: `${pluralLabel}: there are ${count}, ${text}` })
  const most = topology.maxInstances
  if (count < topology.minInstances) counted('ERROR', `needed are at least ${topology.minInstances}`)
  else if (most !== undefined && count > most) counted('ERROR', `there can be at most ${most}`)
  else if (topology.softMinInstances !== undefined && count < topology.softMinInstances)
    counted('WARNING', `there should be at least ${topology.softMinInstances}`)
  else if (topology.softMaxInstances !== undefined && count > topology.softMaxInstances)
    counted('WARNING', `there should be at most ${topology.softMaxInstances}`)
  if (topology.requiresOddNumberOfInstances && count > 0 && count % 2 === 0)
    counted('WARNING', 'the number should be odd')
  for (const rule of topology.placementRules)
    for (const role of roles)
      for (const other of rule.roleTypes) {
        const together = all.some((each) => each.type === other && each.hostId === role.hostId)
        if (together === (rule.type === 'alwaysWith')) continue
        out.push({
          level: 'ERROR',
          code: 'PLACEMENT',
          roleName: role.name,
          text: `On ${model.hosts.get(role.hostId)?.hostname} there must be ${rule.type === 'alwaysWith' ? 'a' : 'no'} ${other} beside ${type}`,
        })
      }
  return out
}

/** One line for people. */
export function validationText(message: ValidationMessage): string {
  return `${message.roleName ?? message.serviceName}: ${message.text}`
}
