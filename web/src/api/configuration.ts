/** What is configured of an entity, where each value comes from, and what a role runs with that is out of date. */

import type { EntityHealth } from '../../../src/wire/health.js'
import { ask, soon } from './ask.js'
import { pathOf } from './health.js'

export interface Parameter {
  readonly name: string
  readonly displayName: string
  readonly description: string
  /** What is set here; undefined: nothing. */
  readonly own: string | undefined
  /** What holds here, and where that is set; undefined: nothing holds. */
  readonly value: string | undefined
  readonly source: string
  readonly sensitive: boolean
  /** Empty: nothing is wrong with it. */
  readonly problem: string
  readonly state: 'OK' | 'WARNING' | 'ERROR'
}

export interface FileDifference {
  readonly path: string
  readonly change: string
  readonly refreshable: boolean
  readonly before?: string
  readonly after?: string
}

export interface Staleness {
  readonly staleness: 'FRESH' | 'STALE_REFRESHABLE' | 'STALE'
  readonly problem?: string
  readonly files?: readonly FileDifference[]
  readonly settings?: readonly { readonly name: string; readonly before?: string; readonly after?: string }[]
}

export interface Configuration {
  readonly entity: EntityHealth
  /** Role config groups of a service. */
  readonly groups: readonly { readonly name: string; readonly displayName?: string }[]
  readonly parameters: readonly Parameter[]
  /** Of a role. */
  readonly staleness: Staleness | null
}

interface FullItem {
  readonly name: string
  readonly value?: string
  readonly default?: string
  readonly displayName?: string
  readonly description?: string
  readonly sensitive?: boolean
  readonly validationState?: Parameter['state']
  readonly validationMessage?: string
}
interface EffectiveItem {
  readonly name: string
  readonly value?: string
  readonly source: { readonly level: string; readonly name?: string }
}

/** Of `CATEGORY/identity`, or of a role config group of that service. */
export async function fetchConfiguration(
  chosen: string,
  group: string,
  signal: AbortSignal,
): Promise<Configuration> {
  const entity = await ask<EntityHealth>(
    `/health/entities/${chosen.split('/').map(encodeURIComponent).join('/')}`,
    signal,
  )
  const path = placeOf(entity, group)
  const isService = entity.category === 'SERVICE'
  const [full, effective, groups, staleness] = await Promise.all([
    ask<{ items: FullItem[] }>(`${path}/config?view=full`, signal),
    ask<{ items: EffectiveItem[] }>(`${path}/effectiveConfig`, signal),
    isService ? ask<{ items: Configuration['groups'] }>(`${pathOf(entity)}/roleConfigGroups`, signal) : null,
    entity.category === 'ROLE' && entity.cluster ? ask<Staleness>(`${path}/staleness`, signal) : null,
  ])
  const holds = new Map(effective.items.map((item) => [item.name, item]))
  return {
    entity,
    groups: groups?.items ?? [],
    staleness,
    parameters: full.items.map((item) => parameterOf(item, holds.get(item.name))),
  }
}

function placeOf(entity: EntityHealth, group: string): string {
  const path = pathOf(entity)
  if (path === null) throw new Error('This has no configuration.')
  return group === '' ? path : `${path}/roleConfigGroups/${encodeURIComponent(group)}`
}

function parameterOf(item: FullItem, holds: EffectiveItem | undefined): Parameter {
  const { level = 'DEFAULT', name = '' } = holds?.source ?? {}
  return {
    name: item.name,
    displayName: item.displayName ?? item.name,
    description: item.description ?? '',
    own: item.value,
    value: holds?.value ?? item.value ?? item.default,
    source: `${level.toLowerCase().replaceAll('_', ' ')}${name && ` ${name}`}`,
    sensitive: item.sensitive ?? false,
    problem: item.validationMessage ?? '',
    state: item.validationState ?? 'OK',
  }
}

/** Sets values; null takes the own one away. `reason` goes into the audit event. */
export async function saveConfiguration(
  entity: EntityHealth,
  group: string,
  changes: ReadonlyMap<string, string | null>,
  reason: string,
): Promise<void> {
  const items = [...changes].map(([name, value]) => ({ name, value }))
  const query = reason === '' ? '' : `?${new URLSearchParams({ message: reason })}`
  await ask(`${placeOf(entity, group)}/config${query}`, soon(), 'PUT', { items })
}
