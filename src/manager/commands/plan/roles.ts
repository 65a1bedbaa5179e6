import { GATEWAY, type ServiceDescriptor } from '../../descriptors/index.js'
import { invalid } from '../../model/errors.js'
import type { Role, Service } from '../../model/index.js'
import { mayRun, mustHaveDescriptor, roleDescriptor } from '../../model/index.js'
import type { At, PlanNode, Scope, StepKind } from '../types.js'

export function roleScope(at: At, role: Role): Scope {
  const clusterId = at.instances.model.services.get(role.serviceId)?.clusterId ?? null
  return { clusterId, serviceId: role.serviceId, roleId: role.id, hostId: role.hostId }
}

function step(at: At, role: Role, name: string, kind: StepKind, args?: Record<string, unknown>): PlanNode {
  return { name, kind, scope: roleScope(at, role), ...(args ? { args } : {}) }
}

export const startStep = (at: At, role: Role) => step(at, role, 'Start', 'startRole')
export const stopStep = (at: At, role: Role) => step(at, role, 'Stop', 'stopRole')
export const refreshStep = (at: At, role: Role) => step(at, role, 'Refresh', 'refreshRole')

export function validateStep(
  scope: Scope,
  serviceIds: readonly number[],
  roleIds?: readonly number[],
): PlanNode {
  return { name: 'Validate', kind: 'validate', scope, args: { serviceIds, ...(roleIds ? { roleIds } : {}) } }
}

/** Start, with a validation before it. Refuses roles without a process, and decommissioned ones. */
export function planRoleStart(at: At, role: Role): PlanNode {
  mustRun(at, role)
  return {
    name: 'Start',
    scope: roleScope(at, role),
    children: [validateStep(roleScope(at, role), [role.serviceId], [role.id]), startStep(at, role)],
  }
}

export function planRoleStop(at: At, role: Role): PlanNode {
  return { name: 'Stop', scope: roleScope(at, role), children: [stopStep(at, role)] }
}

export function planRoleRestart(at: At, role: Role): PlanNode {
  mustRun(at, role)
  return {
    name: 'Restart',
    scope: roleScope(at, role),
    children: [
      validateStep(roleScope(at, role), [role.serviceId], [role.id]),
      stopStep(at, role),
      startStep(at, role),
    ],
  }
}

export function planRoleRefresh(at: At, role: Role): PlanNode {
  return { name: 'Refresh', scope: roleScope(at, role), children: [refreshStep(at, role)] }
}

/** A command of the role's descriptor, by its name. */
export function planRoleCommand(at: At, role: Role, commandName: string): PlanNode {
  return { name: commandName, scope: roleScope(at, role), children: [roleCommandStep(at, role, commandName)] }
}

export function roleCommandStep(at: At, role: Role, commandName: string): PlanNode {
  const command = descriptorOfRole(at, role).commands.find((each) => each.name === commandName)
  if (!command) throw invalid(`The role type ${role.type} has no command "${commandName}".`)
  return step(at, role, commandName, 'roleCommand', { command: commandName })
}

function mustRun(at: At, role: Role): void {
  if (role.type === GATEWAY) throw invalid(`Role "${role.name}" is a gateway: it has no process.`)
  if (!mayRun(at.instances.model, role))
    throw invalid(`Role "${role.name}" is decommissioned, or its host is. Recommission it first.`)
}

function descriptorOfRole(at: At, role: Role) {
  const service = at.instances.model.services.get(role.serviceId)
  const descriptor = service && mustHaveDescriptor(at.instances.model, at.instances.descriptors, service)
  const found = descriptor && roleDescriptor(descriptor, role.type)
  if (!found) throw invalid(`Role "${role.name}" has no process.`)
  return found
}

/** Roles that have a process and may run, by name of host. */
export function runnable(at: At, service: Service): Role[] {
  const { model } = at.instances
  return (model.rolesOfService.get(service.id) ?? [])
    .filter((role) => role.type !== GATEWAY && mayRun(model, role))
    .sort((a, b) => compare(hostname(at, a), hostname(at, b)) || compare(a.name, b.name))
}

/**
 * Roles in the order in which they are started: the types in the order of the descriptor's rolling restart, where there is
 * one (the ones that others need come first), then the rest; those of one list side by side.
 */
export function inOrder(descriptor: ServiceDescriptor, roles: readonly Role[]): Role[][] {
  const steps = descriptor.rollingRestart?.nonWorkerSteps ?? []
  const first = steps.map(({ roleName }) => roles.filter((role) => role.type === roleName))
  const named = new Set(steps.map(({ roleName }) => roleName))
  const rest = roles.filter((role) => !named.has(role.type))
  return [...first, rest].filter((list) => list.length > 0)
}

export function hostname(at: At, role: Role): string {
  return at.instances.model.hosts.get(role.hostId)?.hostname ?? ''
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
