import type { Db, Trx } from '../database/index.js'
import { at, readConfig, readRows, readSuppressions, readTags } from './read.js'
import type { Model } from './types.js'

/** Reads the whole model, in one consistent view where `db` is a transaction. */
export async function loadModel(db: Db | Trx): Promise<Model> {
  const { modelVersion } = await db.selectFrom('deployment').select('modelVersion').executeTakeFirstOrThrow()
  return indexed({
    version: modelVersion,
    clusters: ordered(await readRows.cluster(db, undefined), byName),
    hosts: ordered(await readRows.host(db, undefined), byHostname),
    services: ordered(await readRows.service(db, undefined), byName),
    groups: ordered(await readRows.roleConfigGroup(db, undefined), byName),
    roles: ordered(await readRows.role(db, undefined), byName),
    templates: ordered(await readRows.hostTemplate(db, undefined), byName),
    config: await readConfig(db, undefined),
    suppressions: await readSuppressions(db, undefined),
    tags: await readTags(db, undefined),
  })
}

export type Tables = Omit<
  Model,
  'rolesOfService' | 'rolesOfHost' | 'groupsOfService' | 'servicesOfCluster' | 'hostsOfCluster'
>

/** The model of these tables; `base` has indexes of tables that are still the same. */
export function indexed(tables: Tables, base?: Model): Model {
  const { hosts, services, groups, roles } = tables
  const sameRoles = base?.roles === roles
  return {
    ...tables,
    rolesOfService: sameRoles ? base.rolesOfService : grouped(roles.values(), (role) => role.serviceId),
    rolesOfHost: sameRoles ? base.rolesOfHost : grouped(roles.values(), (role) => role.hostId),
    groupsOfService:
      base?.groups === groups ? base.groupsOfService : grouped(groups.values(), (group) => group.serviceId),
    servicesOfCluster:
      base?.services === services
        ? base.servicesOfCluster
        : grouped(services.values(), (service) => service.clusterId ?? 0),
    hostsOfCluster:
      base?.hosts === hosts ? base.hostsOfCluster : grouped(hosts.values(), (host) => host.clusterId ?? 0),
  }
}

export const byName = (row: { name: string }) => row.name
export const byHostname = (row: { hostname: string }) => row.hostname

/** Rows by their ids, in the order of their names: by code units, whatever order the database would give them. */
export function ordered<T extends { id: number }>(
  rows: readonly T[],
  name: (row: T) => string,
): Map<number, T> {
  const sorted = [...rows].sort((a, b) => {
    const [x, y] = [name(a), name(b)]
    return x < y ? -1 : x > y ? 1 : a.id - b.id
  })
  return new Map(sorted.map((row) => [row.id, row]))
}

function grouped<T>(rows: Iterable<T>, key: (row: T) => number): Map<number, T[]> {
  const out = new Map<number, T[]>()
  for (const row of rows) at(out, key(row), () => []).push(row)
  return out
}
