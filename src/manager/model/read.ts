import type { ConfigScope, Db, Trx } from '../database/index.js'
import { type Entity, type HostTemplate, type StoredValue, tagKey, targetKey } from './types.js'

/** The model's tables. Rows of the first six go by their ids, values by `targetKey`, tags by `tagKey`. */
export type ModelTable = RowTable | ValueTable | 'tag'
export type RowTable = 'cluster' | 'host' | 'service' | 'roleConfigGroup' | 'role' | 'hostTemplate'
export type ValueTable = 'config' | 'configSuppression'

/** More than these are not picked one by one: the table is read whole. */
export const MANY_KEYS = 2_000

type Ids = readonly number[] | undefined

/** What all of our queries have that pick rows by `id`. */
interface Picked<Q> {
  where(column: 'id', operator: 'in', ids: number[]): Q
}

const withIds =
  (ids: Ids) =>
  <Q extends Picked<Q>>(query: Q): Q =>
    ids === undefined ? query : query.where('id', 'in', [...ids])

/** Rows in no order; without `ids`, all of them. */
export const readRows = {
  cluster: (db: Db | Trx, ids: Ids) => db.selectFrom('cluster').selectAll().$call(withIds(ids)).execute(),
  host: (db: Db | Trx, ids: Ids) =>
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
      .$call(withIds(ids))
      .execute(),
  service: (db: Db | Trx, ids: Ids) => db.selectFrom('service').selectAll().$call(withIds(ids)).execute(),
  roleConfigGroup: (db: Db | Trx, ids: Ids) =>
    db.selectFrom('roleConfigGroup').selectAll().$call(withIds(ids)).execute(),
  role: (db: Db | Trx, ids: Ids) => db.selectFrom('role').selectAll().$call(withIds(ids)).execute(),
  async hostTemplate(db: Db | Trx, ids: Ids) {
    const rows = await db.selectFrom('hostTemplate').selectAll().$call(withIds(ids)).execute()
    const groups = await db
      .selectFrom('hostTemplateGroup')
      .selectAll()
      .$if(ids !== undefined, (q) => q.where('hostTemplateId', 'in', [...ids!]))
      .orderBy('roleConfigGroupId')
      .execute()
    const groupIds = new Map<number, number[]>()
    for (const { hostTemplateId, roleConfigGroupId } of groups)
      at(groupIds, hostTemplateId, () => []).push(roleConfigGroupId)
    return rows.map((row): HostTemplate => ({ ...row, groupIds: groupIds.get(row.id) ?? [] }))
  },
}

const OWNERS = {
  SERVICE: 'serviceId',
  GROUP: 'roleConfigGroupId',
  ROLE: 'roleId',
  HOST: 'hostId',
  CLUSTER: 'clusterId',
} as const

/** `ROLE:17`, `ROLE:18`, `MANAGER:0` as the ids of each word. */
function byWord<W extends string>(keys: readonly string[]): Map<W, number[]> {
  const result = new Map<W, number[]>()
  for (const key of keys) {
    const [word = '', id = ''] = key.split(':')
    at(result, word as W, () => []).push(Number(id))
  }
  return result
}

/** What the queries of values and suppressions have: rows are picked by their target. */
interface Targeted<Q> {
  where(column: 'scope', operator: '=', scope: ConfigScope): Q
  where(column: (typeof OWNERS)[keyof typeof OWNERS], operator: 'in', ids: number[]): Q
}

type Pick = <Q extends Targeted<Q>>(query: Q) => Q

const ofTargets =
  (scope: ConfigScope, ids: number[]): Pick =>
  (query) => {
    const scoped = query.where('scope', '=', scope)
    return scope in OWNERS ? scoped.where(OWNERS[scope as keyof typeof OWNERS], 'in', ids) : scoped
  }

/** What `put` makes of the rows of each target, by `targetKey`; without `keys`, of all of them. */
async function byTarget<Row extends Owned & { scope: ConfigScope }, T>(
  keys: readonly string[] | undefined,
  read: (pick: Pick) => Promise<Row[]>,
  make: () => T,
  put: (held: T, row: Row) => void,
): Promise<Map<string, T>> {
  const result = new Map<string, T>()
  const picks = keys ? [...byWord<ConfigScope>(keys)].map((target) => ofTargets(...target)) : [all]
  for (const pick of picks)
    for (const row of await read(pick))
      put(at(result, targetKey({ scope: row.scope, id: ownerOf(row) }), make), row)
  return result
}

const all: Pick = (query) => query

/** Values by `targetKey`, each in the order of names; without `keys`, all of them. */
export const readConfig = (
  db: Db | Trx,
  keys: readonly string[] | undefined,
): Promise<Map<string, Map<string, StoredValue>>> =>
  byTarget(
    keys,
    (pick) => db.selectFrom('config').selectAll().orderBy('name').$call(pick).execute(),
    () => new Map(),
    (values, row) => values.set(row.name, row.secret ? { secret: row.secret } : { value: row.value ?? '' }),
  )

/** Suppressions by `targetKey`; without `keys`, all of them. */
export const readSuppressions = (
  db: Db | Trx,
  keys: readonly string[] | undefined,
): Promise<Map<string, Set<string>>> =>
  byTarget(
    keys,
    (pick) => db.selectFrom('configSuppression').selectAll().orderBy('name').$call(pick).execute(),
    () => new Set(),
    (names, row) => names.add(row.name),
  )

/** Tags by `tagKey`, each in the order of names; without `keys`, all of them. */
export async function readTags(
  db: Db | Trx,
  keys: readonly string[] | undefined,
): Promise<Map<string, Map<string, string>>> {
  const result = new Map<string, Map<string, string>>()
  const all = db.selectFrom('tag').selectAll().orderBy('name')
  for (const [entity, ids] of keys ? byWord<Entity>(keys) : [[undefined, []] as const]) {
    const rows = await all.$if(entity !== undefined, (q) => q.where(OWNERS[entity!], 'in', ids)).execute()
    for (const row of rows) at(result, keyOfTag(row), () => new Map()).set(row.name, row.value)
  }
  return result
}

interface Owned {
  clusterId?: number | null
  serviceId: number | null
  roleConfigGroupId?: number | null
  roleId: number | null
  hostId: number | null
}

function ownerOf(row: Owned): number {
  return row.clusterId ?? row.serviceId ?? row.roleConfigGroupId ?? row.roleId ?? row.hostId ?? 0
}

function keyOfTag({ clusterId, serviceId, roleId, hostId }: Owned): string {
  if (clusterId != null) return tagKey('CLUSTER', clusterId)
  if (serviceId !== null) return tagKey('SERVICE', serviceId)
  return roleId !== null ? tagKey('ROLE', roleId) : tagKey('HOST', hostId ?? 0)
}

export function at<K, T>(map: Map<K, T>, key: K, make: () => T): T {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}
