import type { Instances } from '../configuration/index.js'
import type { Core } from '../core.js'
import { type Differences, differences, type Staleness } from '../generate/index.js'
import type { Role } from '../model/types.js'
import { clientConfigProcess, clientConfigRoles, roleProcess } from './generate.js'
import { loadProcess, type ProcessRow } from './store.js'

/** `problem`: what would be started now cannot be generated; the difference is not known then. */
export type RoleStaleness = Differences & { readonly problem?: string }

const FRESH: RoleStaleness = { staleness: 'FRESH', files: [], settings: [] }
const CACHED = 20_000

export interface StalenessStore {
  /**
   * What is different between a role's running process and the one that would be started now. Always fresh for roles that
   * are stopped or were never started.
   */
  ofRole(instances: Instances, role: Role): Promise<RoleStaleness>
  /** The worst of a service's roles. */
  ofService(instances: Instances, serviceId: number): Promise<Staleness>
  /** STALE where a host of the service has no client configuration, or another than would be deployed now. */
  ofClientConfig(instances: Instances, serviceId: number): Promise<Staleness>
}

/** `currentProcess` tells which process stands for a role now. */
export function createStalenessStore(
  core: Core,
  currentProcess: (roleId: number) => ProcessRow | undefined,
): StalenessStore {
  // What was compared stays true as long as process, model and service types are the same.
  const cache = new Map<number, { key: string; descriptors: unknown; result: RoleStaleness }>()

  async function ofRole(instances: Instances, role: Role): Promise<RoleStaleness> {
    const current = currentProcess(role.id)
    if (current?.wanted !== 'RUNNING') return FRESH
    const key = `${current.id} ${current.revision} ${instances.model.version}`
    const known = cache.get(role.id)
    if (known?.key === key && known.descriptors === instances.descriptors) return known.result
    const result = await compare(instances, role, current.id)
    cache.delete(role.id)
    cache.set(role.id, { key, descriptors: instances.descriptors, result })
    if (cache.size > CACHED) cache.delete(cache.keys().next().value!)
    return result
  }

  async function compare(instances: Instances, role: Role, processId: number): Promise<RoleStaleness> {
    const before = await loadProcess(core.db, core.keys, processId)
    if (!before) return FRESH
    try {
      return differences(before, roleProcess(core, instances, role))
    } catch (error) {
      return { staleness: 'STALE', files: [], settings: [], problem: (error as Error).message }
    }
  }

  return {
    ofRole,
    async ofService(instances, serviceId) {
      const found: Staleness[] = []
      for (const role of instances.model.rolesOfService.get(serviceId) ?? [])
        found.push((await ofRole(instances, role)).staleness)
      return worstStaleness(found)
    },
    async ofClientConfig(instances, serviceId) {
      const service = instances.model.services.get(serviceId)
      if (!service || !instances.service(service)?.descriptor.gateway) return 'FRESH'
      const rows = await core.db
        .selectFrom('clientConfig')
        .select(['hostId', 'deployedProcessId'])
        .where('serviceId', '=', serviceId)
        .execute()
      const deployed = new Map(rows.map((row) => [row.hostId, row.deployedProcessId]))
      for (const role of clientConfigRoles(instances.model, serviceId)) {
        const id = deployed.get(role.hostId)
        // A host that has none is as outdated as one that has an old one.
        if (id == null) return 'STALE'
        const before = await loadProcess(core.db, core.keys, id)
        if (!before) continue
        try {
          if (differences(before, clientConfigProcess(core, instances, role)).staleness !== 'FRESH')
            return 'STALE'
        } catch {
          return 'STALE'
        }
      }
      return 'FRESH'
    },
  }
}

export function worstStaleness(all: readonly Staleness[]): Staleness {
  if (all.includes('STALE')) return 'STALE'
  return all.includes('STALE_REFRESHABLE') ? 'STALE_REFRESHABLE' : 'FRESH'
}
