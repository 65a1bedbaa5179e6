import { roleTests, singletonTests } from '../health/of-descriptor.js'
import { parametersOfTests } from '../health/parameters.js'
import { type Parameter, parameter, type Scope } from '../model/parameter.js'
import type { RoleDescriptor } from '../model/role.js'

/**
 * Settings of the health tests that a role has, with the defaults of the tests (docs/health.md): thresholds are JSON,
 * `{"warning":"50.0","critical":"70.0"}`, with `any` for any value above 0 and `never` for off.
 */
export const roleHealthParameters = (serviceType: string, role: RoleDescriptor): Parameter[] =>
  parametersOfTests({ on: 'ROLE', serviceType, roleType: role.type }, 'ROLE', roleTests(serviceType, role))

/**
 * How many roles of each type have to be well for the service to be: percentages, warning for GOOD and critical for
 * CONCERNING. Types that run once have none: the service takes their health.
 */
export function serviceHealthParameters(serviceType: string, roles: readonly RoleDescriptor[]): Parameter[] {
  const out = parametersOfTests(
    { on: 'SERVICE', serviceType },
    'SERVICE',
    roles.flatMap((role) => singletonTests(serviceType, role)),
  ).filter(({ name }) => !name.startsWith('_') && !name.includes('{'))
  const known = new Set(out.map(({ name }) => name))
  for (const role of roles) {
    if (isSingleton(role) || known.has(`${role.type.toLowerCase()}_healthy_thresholds`)) continue
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
