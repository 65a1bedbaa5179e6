import { type EffectiveConfig, emittedText } from '../descriptors/index.js'
import type { RoleInstance, ServiceInstance } from './input.js'
import type { GenerationProblem } from './problem.js'

/** Where something is generated: a role of a service, or its gateway for some host. */
export interface Context {
  readonly service: ServiceInstance
  readonly roleType: string
  readonly hostname: string
  readonly config: EffectiveConfig
  /** Filled with what goes wrong. */
  readonly problems: GenerationProblem[]
}

/** A parameter's value as templates and files get it; undefined when it has none. */
export function textOf(config: EffectiveConfig, name: string): string | undefined {
  const each = config.get(name)
  if (!each) return undefined
  // Provided values come from products that are not here: neutral ones keep scripts going.
  if (each.parameter.type === 'provided') return each.value ?? (name.endsWith('_enabled') ? 'false' : '')
  return each.value === undefined ? undefined : emittedText(each.parameter, each.value)
}

/** The user or group of a process: the role's own where its type has one, else the service's. */
export function processUser({ config }: Pick<Context, 'config'>): { user: string; group: string } {
  return {
    user: textOf(config, 'process_username') ?? 'root',
    group: textOf(config, 'process_groupname') ?? 'root',
  }
}

// Every file of every role asks: a service's roles are put in order once.
const byType = new WeakMap<ServiceInstance, ReadonlyMap<string, readonly RoleInstance[]>>()

/** Roles of a type in a fixed order: by host, then by name. */
export function rolesOf(service: ServiceInstance, type: string): readonly RoleInstance[] {
  const types = byType.get(service) ?? inOrder(service)
  byType.set(service, types)
  return types.get(type) ?? []
}

function inOrder({ roles }: ServiceInstance): ReadonlyMap<string, readonly RoleInstance[]> {
  const out = new Map<string, RoleInstance[]>()
  for (const role of [...roles].sort((a, b) => compare(a.hostname, b.hostname) || compare(a.name, b.name))) {
    const same = out.get(role.type)
    if (same) same.push(role)
    else out.set(role.type, [role])
  }
  return out
}

/** By code units, so that the order does not depend on the machine's language. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
