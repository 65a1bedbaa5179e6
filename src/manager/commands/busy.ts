import type { Role, Service } from '../model/index.js'
import type { CommandRow } from './types.js'

/** Which commands start and stop what, as health is told: meanwhile nothing there gets worse. */
export interface BusyCommands {
  begin(rows: readonly CommandRow[]): void
  end(rootId: number): void
  /** Name of the command that is about this role; undefined: none. */
  ofRole(role: Pick<Role, 'id'>): string | undefined
  /** Of one that is about the whole service, or its cluster. */
  ofService(service: Pick<Service, 'id' | 'clusterId'>): string | undefined
  /** Called after each begin and end with the roles that it is about, until the returned function is called. */
  onChange(listener: (roleIds: Iterable<number>) => void): () => void
}

interface Busy {
  name: string
  roles: ReadonlySet<number>
  serviceId: number | undefined
  clusterId: number | undefined
}

const ENDS_PROCESSES: ReadonlySet<string | null> = new Set(['startRole', 'stopRole'])

export function createBusyCommands(): BusyCommands {
  const known = new Map<number, Busy>()
  const listeners = new Set<(roleIds: Iterable<number>) => void>()
  const tell = (roles: Iterable<number>) => {
    for (const listener of listeners) listener(roles)
  }
  const first = (isIt: (busy: Busy) => boolean) => {
    for (const each of known.values()) if (isIt(each)) return each.name
    return undefined
  }
  return {
    begin(rows) {
      const root = rows.find((row) => row.parentId === null)
      const roles = new Set(
        rows.flatMap((row) => (row.roleId !== null && ENDS_PROCESSES.has(row.kind) ? [row.roleId] : [])),
      )
      if (!root || roles.size === 0) return
      const isOfRole = root.roleId !== null
      known.set(root.id, {
        name: root.name,
        roles,
        serviceId: isOfRole ? undefined : (root.serviceId ?? undefined),
        clusterId: isOfRole || root.serviceId !== null ? undefined : (root.clusterId ?? undefined),
      })
      tell(roles)
    },
    end(rootId) {
      const busy = known.get(rootId)
      if (!busy) return
      known.delete(rootId)
      tell(busy.roles)
    },
    ofRole: ({ id }) => first(({ roles }) => roles.has(id)),
    ofService: ({ id, clusterId }) =>
      first(
        (busy) => busy.serviceId === id || (busy.clusterId !== undefined && busy.clusterId === clusterId),
      ),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
