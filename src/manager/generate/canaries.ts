import { CANARY_LIMITS, type CanaryCheck, type DesiredCanary } from '../../wire/canary.js'
import type { CanaryRun, HealthTestDefinition } from '../../wire/health-tests.js'
import type { ProcessInput } from './input.js'
import { lookupIn, peerLookup } from './lookup.js'
import { type Context, rolesOf, textOf } from './scope.js'
import { type Lookup, substitute } from './substitute.js'

/** A canary as a role's process would run it, filled in. */
export interface RoleCanary {
  /** Of a service one of its roles runs it, of a role each. */
  readonly on: 'ROLE' | 'SERVICE'
  /** Of the service's roles those of these types may; empty for `ROLE`. */
  readonly roleTypes: readonly string[]
  /** The parameter that switches it off. */
  readonly enabled: string | undefined
  readonly canary: DesiredCanary
}

const STARTUP_SECONDS = 60

/**
 * The canaries that health tests have for a role. One that cannot be filled in, or has nobody to ask, is left out: its test says
 * that there is no figure, and the role starts all the same.
 */
export function roleCanaries(
  { service, role }: Pick<ProcessInput, 'service' | 'role'>,
  tests: readonly HealthTestDefinition[],
): RoleCanary[] {
  return tests.flatMap(({ name, on, serviceType, roleTypes, source, enabled }): RoleCanary[] => {
    if (source.kind !== 'canary' || !source.run || (on !== 'ROLE' && on !== 'SERVICE')) return []
    if (serviceType !== undefined && serviceType !== service.descriptor.type) return []
    const types = (on === 'ROLE' ? roleTypes : source.roleTypes) ?? [role.type]
    if (!types.includes(role.type)) return []
    const { run } = source
    if (Object.entries(run.when ?? {}).some(([key, value]) => textOf(role.config, key) !== value)) return []
    const context: Context = {
      service,
      roleType: role.type,
      hostname: role.hostname,
      config: role.config,
      problems: [],
    }
    const check = filledIn(run, context, role.name, types)
    if (context.problems.length > 0 || !check) return []
    return [
      {
        on,
        roleTypes: on === 'SERVICE' ? types : [],
        enabled: enabled?.parameter.replace('{role}', role.type.toLowerCase()),
        canary: {
          name,
          status: source.status,
          ...(source.duration === undefined ? {} : { duration: source.duration }),
          everySeconds: run.everySeconds,
          timeoutMs: run.timeoutMs,
          startupSeconds: run.startupSeconds ?? STARTUP_SECONDS,
          check,
        },
      },
    ]
  })
}

function filledIn(
  run: CanaryRun,
  context: Context,
  own: string,
  types: readonly string[],
): CanaryCheck | undefined {
  const outer = lookupIn(context)
  const fill = (template: string, lookup: Lookup = outer) =>
    substitute(template, lookup, 'canary', context.problems).trim()
  /** Of each role of the types; its own first, for that is next door. */
  const ofPeers = (template: string): string[] => {
    const peers = types.flatMap((type) => rolesOf(context.service, type))
    const ordered = [...peers].sort((a, b) => Number(b.name === own) - Number(a.name === own))
    const filled = ordered.map((peer) => fill(template, peerLookup(peer, outer)))
    return [...new Set(filled)].slice(0, CANARY_LIMITS.servers)
  }
  switch (run.kind) {
    case 'command':
      return { kind: 'command', program: fill(run.program), args: run.args.map((one) => fill(one)) }
    case 'http': {
      const url = fill(run.url)
      if (!URL.canParse(url)) return undefined
      return {
        kind: 'http',
        url,
        ...(run.status ? { status: run.status } : {}),
        ...(run.contains === undefined ? {} : { contains: fill(run.contains) }),
      }
    }
    case 'file': {
      const folder = fill(run.folder)
      return folder.startsWith('/') ? { kind: 'file', folder } : undefined
    }
    case 'zookeeper':
      return { kind: 'zookeeper', servers: ofPeers(run.server), path: fill(run.path) }
    case 'webhdfs':
      return { kind: 'webhdfs', urls: ofPeers(run.url), path: fill(run.path), user: fill(run.user) }
  }
}
