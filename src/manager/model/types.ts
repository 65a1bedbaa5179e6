import type { Selectable } from 'kysely'
import type {
  ClusterTable,
  ConfigScope,
  HostTable,
  HostTemplateTable,
  RoleConfigGroupTable,
  RoleTable,
  ServiceTable,
} from '../database/index.js'

export type Cluster = Readonly<Selectable<ClusterTable>>
export type Host = Readonly<Omit<Selectable<HostTable>, 'generation'>>
export type Service = Readonly<Selectable<ServiceTable>>
export type RoleConfigGroup = Readonly<Selectable<RoleConfigGroupTable>>
export type Role = Readonly<Selectable<RoleTable>>
export type HostTemplate = Readonly<Selectable<HostTemplateTable>> & { readonly groupIds: readonly number[] }

/** Where a configuration value, a suppression or a tag hangs. `id` is 0 for all hosts and for the manager. */
export interface ConfigTarget {
  readonly scope: ConfigScope
  readonly id: number
}

/** A value as it is stored: sensitive ones encrypted. */
export type StoredValue = { readonly value: string } | { readonly secret: Buffer }

/**
 * The whole model at one version, as plain data that never changes: everything that is computed from it (validation, cascade,
 * generation, staleness) is a pure function.
 */
export interface Model {
  readonly version: number
  readonly clusters: ReadonlyMap<number, Cluster>
  readonly hosts: ReadonlyMap<number, Host>
  readonly services: ReadonlyMap<number, Service>
  readonly groups: ReadonlyMap<number, RoleConfigGroup>
  readonly roles: ReadonlyMap<number, Role>
  readonly templates: ReadonlyMap<number, HostTemplate>
  /** By `targetKey`. */
  readonly config: ReadonlyMap<string, ReadonlyMap<string, StoredValue>>
  readonly suppressions: ReadonlyMap<string, ReadonlySet<string>>
  /** By `tagKey`. */
  readonly tags: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly rolesOfService: ReadonlyMap<number, readonly Role[]>
  readonly rolesOfHost: ReadonlyMap<number, readonly Role[]>
  readonly groupsOfService: ReadonlyMap<number, readonly RoleConfigGroup[]>
  /** 0: the services of no cluster. */
  readonly servicesOfCluster: ReadonlyMap<number, readonly Service[]>
  readonly hostsOfCluster: ReadonlyMap<number, readonly Host[]>
}

export function targetKey({ scope, id }: ConfigTarget): string {
  return `${scope}:${id}`
}

export type Entity = 'CLUSTER' | 'SERVICE' | 'ROLE' | 'HOST'

export function tagKey(entity: Entity, id: number): string {
  return `${entity}:${id}`
}
