import type { Trx } from '../database/index.js'
import { byHostname, byName, indexed, ordered } from './load.js'
import {
  MANY_KEYS,
  type ModelTable,
  type RowTable,
  readConfig,
  readRows,
  readSuppressions,
  readTags,
} from './read.js'
import type { Entity, Model } from './types.js'

/** What a change has written: rows by their ids, values by `targetKey`, tags by `tagKey`. */
export type Touched = Map<ModelTable, Set<number | string>>

/**
 * The model after a change, from the one before and the rows that it touched: a change of one host costs one row, however
 * large the model. Rows that are gone take with them what the database deletes with them.
 *
 * The law: it is what `loadModel` would read.
 */
export async function patchModel(trx: Trx, base: Model, touched: Touched, version: number): Promise<Model> {
  const rows = async <K extends RowTable, T extends Awaited<ReturnType<(typeof readRows)[K]>>[number]>(
    table: K,
    before: ReadonlyMap<number, T>,
    name: (row: T) => string,
  ) => {
    const ids = touched.get(table) as Set<number> | undefined
    if (!ids || ids.size === 0) return { after: before, gone: [] as T[] }
    const read = (await readRows[table](trx, ids.size > MANY_KEYS ? undefined : [...ids])) as T[]
    return merged(before, ids, read, name)
  }
  const clusters = await rows('cluster', base.clusters, byName)
  const hosts = await rows('host', base.hosts, byHostname)
  const services = await rows('service', base.services, byName)
  const goneServices = new Set(services.gone.map(({ id }) => id))
  const groups = without(
    await rows('roleConfigGroup', base.groups, byName),
    (group) => goneServices.has(group.serviceId),
    goneServices.size > 0,
  )
  const roles = without(
    await rows('role', base.roles, byName),
    (role) => goneServices.has(role.serviceId),
    goneServices.size > 0,
  )
  const goneClusters = new Set(clusters.gone.map(({ id }) => id))
  const goneGroups = new Set(groups.gone.map(({ id }) => id))
  const kept = without(
    await rows('hostTemplate', base.templates, byName),
    (template) => goneClusters.has(template.clusterId),
    goneClusters.size > 0,
  )
  const templates =
    goneGroups.size === 0
      ? kept.after
      : new Map(
          [...kept.after].map(([id, template]) => [
            id,
            { ...template, groupIds: template.groupIds.filter((each) => !goneGroups.has(each)) },
          ]),
        )

  const ownersGone: [Entity | 'GROUP', readonly { id: number }[]][] = [
    ['CLUSTER', clusters.gone],
    ['HOST', hosts.gone],
    ['SERVICE', services.gone],
    ['GROUP', groups.gone],
    ['ROLE', roles.gone],
  ]
  const gone = ownersGone.flatMap(([word, list]) => list.map(({ id }) => `${word}:${id}`))
  const values = async <T>(
    table: 'config' | 'configSuppression' | 'tag',
    before: ReadonlyMap<string, T>,
    read: (trx: Trx, keys: readonly string[] | undefined) => Promise<Map<string, T>>,
  ): Promise<ReadonlyMap<string, T>> => {
    const keys = touched.get(table) as Set<string> | undefined
    if (keys && keys.size > MANY_KEYS) return read(trx, undefined)
    if (!keys?.size && gone.length === 0) return before
    const after = new Map(before)
    for (const key of gone) after.delete(key)
    if (!keys?.size) return after
    const found = await read(trx, [...keys])
    for (const key of keys) {
      const value = found.get(key)
      if (value === undefined) after.delete(key)
      else after.set(key, value)
    }
    return after
  }
  return indexed(
    {
      version,
      clusters: clusters.after,
      hosts: hosts.after,
      services: services.after,
      groups: groups.after,
      roles: roles.after,
      templates,
      config: await values('config', base.config, readConfig),
      suppressions: await values('configSuppression', base.suppressions, readSuppressions),
      tags: await values('tag', base.tags, readTags),
    },
    base,
  )
}

interface Merged<T> {
  after: ReadonlyMap<number, T>
  /** Rows of the model before that are there no more. */
  gone: T[]
}

function merged<T extends { id: number }>(
  before: ReadonlyMap<number, T>,
  ids: ReadonlySet<number>,
  read: readonly T[],
  name: (row: T) => string,
): Merged<T> {
  const found = new Set(read.map(({ id }) => id))
  const gone = [...ids].filter((id) => !found.has(id)).flatMap((id) => before.get(id) ?? [])
  const after = new Map(before)
  for (const { id } of gone) after.delete(id)
  let inOrder = true
  for (const row of read) {
    const old = before.get(row.id)
    // A row that keeps its name keeps its place.
    if (!old || name(old) !== name(row)) inOrder = false
    after.set(row.id, row)
  }
  return { after: inOrder ? after : ordered([...after.values()], name), gone }
}

function without<T extends { id: number }>(
  { after, gone }: Merged<T>,
  isGone: (row: T) => boolean,
  any: boolean,
): Merged<T> {
  if (!any) return { after, gone }
  const more = [...after.values()].filter(isGone)
  const rest = new Map(after)
  for (const { id } of more) rest.delete(id)
  return { after: rest, gone: [...gone, ...more] }
}
