import type { Db, Trx } from '../database/index.js'
import { type Host, type Model, type StoredValue, tagKey, targetKey } from './types.js'

/** Reads the whole model, in one consistent view where `db` is a transaction. */
export async function loadModel(db: Db | Trx): Promise<Model> {
  const all = async <T extends { id: number }>(query: Promise<T[]>) =>
    new Map((await query).map((row) => [row.id, row]))
  const deployment = await db.selectFrom('deployment').select('modelVersion').executeTakeFirstOrThrow()
  const clusters = await all(db.selectFrom('cluster').selectAll().orderBy('name').execute())
  const hosts: Map<number, Host> = await all(
    db
      .selectFrom('host')
      .select([
        'id',
        'hostId',
        'hostname',
        'ipAddress',
        'rackId',
        'clusterId',
        'commissionState',
        'maintenance',
        'createdAt',
      ])
      .orderBy('hostname')
      .execute(),
  )
  const services = await all(db.selectFrom('service').selectAll().orderBy('name').execute())
  const groups = await all(db.selectFrom('roleConfigGroup').selectAll().orderBy('name').execute())
  const roles = await all(db.selectFrom('role').selectAll().orderBy('name').execute())
  const templateRows = await db.selectFrom('hostTemplate').selectAll().orderBy('name').execute()
  const templateGroups = grouped(
    await db.selectFrom('hostTemplateGroup').selectAll().orderBy('roleConfigGroupId').execute(),
    (row) => row.hostTemplateId,
  )

  const config = new Map<string, Map<string, StoredValue>>()
  for (const row of await db.selectFrom('config').selectAll().orderBy('name').execute()) {
    const values = at(config, targetKey({ scope: row.scope, id: ownerOf(row) }), () => new Map())
    values.set(row.name, row.secret ? { secret: row.secret } : { value: row.value ?? '' })
  }
  const suppressions = new Map<string, Set<string>>()
  for (const row of await db.selectFrom('configSuppression').selectAll().execute())
    at(suppressions, targetKey({ scope: row.scope, id: ownerOf(row) }), () => new Set()).add(row.name)
  const tags = new Map<string, Map<string, string>>()
  for (const row of await db.selectFrom('tag').selectAll().orderBy('name').execute()) {
    const key =
      row.clusterId !== null
        ? tagKey('CLUSTER', row.clusterId)
        : row.serviceId !== null
          ? tagKey('SERVICE', row.serviceId)
          : row.roleId !== null
            ? tagKey('ROLE', row.roleId)
            : tagKey('HOST', row.hostId ?? 0)
    at(tags, key, () => new Map()).set(row.name, row.value)
  }

  return {
    version: deployment.modelVersion,
    clusters,
    hosts,
    services,
    groups,
    roles,
    templates: new Map(
      templateRows.map((row) => [
        row.id,
        { ...row, groupIds: (templateGroups.get(row.id) ?? []).map((each) => each.roleConfigGroupId) },
      ]),
    ),
    config,
    suppressions,
    tags,
    rolesOfService: grouped(roles.values(), (role) => role.serviceId),
    rolesOfHost: grouped(roles.values(), (role) => role.hostId),
    groupsOfService: grouped(groups.values(), (group) => group.serviceId),
    servicesOfCluster: grouped(services.values(), (service) => service.clusterId ?? 0),
    hostsOfCluster: grouped(hosts.values(), (host) => host.clusterId ?? 0),
  }
}

function ownerOf(row: {
  serviceId: number | null
  roleConfigGroupId: number | null
  roleId: number | null
  hostId: number | null
}): number {
  return row.serviceId ?? row.roleConfigGroupId ?? row.roleId ?? row.hostId ?? 0
}

function at<T>(map: Map<string, T>, key: string, make: () => T): T {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}

function grouped<T>(rows: Iterable<T>, key: (row: T) => number): Map<number, T[]> {
  const out = new Map<number, T[]>()
  for (const row of rows) {
    const list = out.get(key(row))
    if (list) list.push(row)
    else out.set(key(row), [row])
  }
  return out
}
