import { type Parameter, parameter, type Scope } from '../model/parameter.js'
import type { RoleDescriptor } from '../model/role.js'

const GIB = 1024 ** 3

/**
 * Settings of the health tests that every role has, with the defaults that the field is used to (manager.md §4.3):
 * thresholds are JSON, `{"warning":"50.0","critical":"70.0"}`, with `any` for any value above 0 and `never` for off.
 */
export function roleHealthParameters(role: RoleDescriptor): Parameter[] {
  const type = role.type.toLowerCase()
  const out = [
    toggle(`${type}_scm_health_enabled`, 'Process status test', 'ROLE'),
    toggle(`${type}_host_health_enabled`, 'Host health test', 'ROLE'),
    thresholds(`${type}_fd_thresholds`, 'File descriptors, percent of the limit', 'ROLE', '50.0', '70.0'),
    thresholds('unexpected_exits_thresholds', 'Unexpected exits', 'ROLE', 'never', 'any'),
    parameter({
      name: 'unexpected_exits_window',
      label: 'Window for unexpected exits',
      type: 'long',
      unit: 'minutes',
      min: 1,
      default: '5',
      scope: 'ROLE',
      purpose: 'HEALTH',
      emitted: false,
    }),
    thresholds('process_swap_memory_thresholds', 'Swapped memory of the process', 'ROLE', 'any', 'never'),
  ]
  if (role.logging) out.push(...freeSpace('log_directory', 'Log folder'))
  if (role.jvmBased) out.push(...freeSpace('heap_dump_directory', 'Heap dump folder'))
  return out
}

/**
 * How many roles of each type have to be well for the service to be: percentages, warning for GOOD and critical for
 * CONCERNING. Types that run once have none: the service takes their health.
 */
export function serviceHealthParameters(roles: readonly RoleDescriptor[]): Parameter[] {
  const out: Parameter[] = []
  for (const role of roles) {
    if (isSingleton(role)) continue
    const { percentGreenForGreen: warning = 95, percentYellowGreenForYellow: critical = 90 } =
      role.healthAggregation ?? {}
    out.push(
      thresholds(
        `${role.type.toLowerCase()}_healthy_thresholds`,
        `Healthy ${role.pluralLabel}, percent`,
        'SERVICE',
        warning.toFixed(1),
        critical.toFixed(1),
      ),
    )
  }
  return out
}

export function isSingleton(role: RoleDescriptor): boolean {
  return role.healthAggregation
    ? role.healthAggregation.type === 'singleton'
    : role.topology.maxInstances === 1
}

function freeSpace(what: string, label: string): Parameter[] {
  return [
    thresholds(
      `${what}_free_space_absolute_thresholds`,
      `${label}: free space, bytes`,
      'ROLE',
      String(10 * GIB),
      String(5 * GIB),
    ),
    thresholds(
      `${what}_free_space_percentage_thresholds`,
      `${label}: free space, percent`,
      'ROLE',
      'never',
      'never',
    ),
  ]
}

function toggle(name: string, label: string, scope: Scope): Parameter {
  return parameter({
    name,
    label,
    type: 'boolean',
    default: 'true',
    scope,
    purpose: 'HEALTH',
    emitted: false,
  })
}

function thresholds(name: string, label: string, scope: Scope, warning: string, critical: string): Parameter {
  return parameter({
    name,
    label,
    type: 'thresholds',
    default: JSON.stringify({ critical, warning }),
    scope,
    purpose: 'HEALTH',
    emitted: false,
  })
}
