/** Health as the monitor has it, by way of the manager, and what of the configuration belongs to it. */

import type { EntityHealth, EntityHealthList, HealthHistory } from '../../../src/wire/health.js'
import { ask, soon } from './ask.js'
import { ApiError } from './errors.js'

const MOST = 5_000
const DAY_MS = 86_400_000

export interface HealthView {
  readonly all: EntityHealthList
  readonly entity: EntityHealth | null
  readonly history: HealthHistory | null
}

/** All entities, and one of them (`ROLE/<identity>`) with its tests and the changes of the last day. */
export async function fetchHealth(chosen: string | null, signal: AbortSignal): Promise<HealthView> {
  const path =
    chosen === null ? '' : `/health/entities/${chosen.split('/').map(encodeURIComponent).join('/')}`
  const from = Date.now() - DAY_MS
  const [all, entity, history] = await Promise.all([
    ask<EntityHealthList>(`/health/entities?tests=false&limit=${MOST}`, signal),
    chosen === null ? null : known(ask<EntityHealth>(path, signal)),
    chosen === null ? null : known(ask<HealthHistory>(`${path}/history?test=&from=${from}`, signal)),
  ])
  return { all, entity, history }
}

/** What is gone is nothing to look at, and no failure of the page. */
const known = <T>(asked: Promise<T>): Promise<T | null> =>
  asked.catch((error) => {
    if (error instanceof ApiError && error.status === 404) return null
    throw error
  })

/** Where the API has the entity; null for what has no configuration of its own. */
export function pathOf(entity: EntityHealth): string | null {
  const { category, cluster, service, identity, name } = entity
  if (category === 'HOST') return `/hosts/${encodeURIComponent(identity)}`
  if (category === 'CLUSTER' || !service) return null
  const owner = cluster
    ? `/clusters/${encodeURIComponent(cluster.name)}/services/${encodeURIComponent(service.name)}`
    : '/cm/service'
  return category === 'SERVICE' ? owner : `${owner}/roles/${encodeURIComponent(name)}`
}

export async function suppress(entity: EntityHealth, test: string, on: boolean): Promise<void> {
  const kind = entity.category.toLowerCase()
  const name = `${kind}_health_suppression_${test.startsWith('alarm:') ? test : test.toLowerCase()}`
  await ask(`${pathOf(entity)}/config`, soon(), 'PUT', { items: [{ name, value: on ? 'true' : null }] })
}

export interface Preview {
  readonly firings: readonly { from: string; to: string }[]
  readonly complete: boolean
}

/** When a trigger would have fired in the last day. */
export function previewTrigger(entity: EntityHealth, triggerExpression: string): Promise<Preview> {
  const to = Date.now()
  const { cluster, service, hosts, name, category } = entity
  const [host] = hosts
  const variables: Record<string, string> = {
    ENTITYNAME: name,
    ...(category === 'ROLE' ? { ROLENAME: name } : {}),
    ...(service ? { SERVICENAME: service.name } : {}),
    ...(host && category !== 'SERVICE' ? { HOSTID: host.identity, HOSTNAME: host.hostname } : {}),
    ...(cluster ? { CLUSTERNAME: cluster.name, CLUSTERID: cluster.identity } : {}),
  }
  const from = new Date(to - DAY_MS).toISOString()
  return ask('/health/triggers/preview', soon(), 'POST', {
    triggerExpression,
    variables,
    from,
    to: new Date(to).toISOString(),
  })
}

interface ConfigList {
  items: { name: string; value?: string }[]
}

/** Adds a trigger to those of the entity, in place of one of the same name. */
export async function saveTrigger(
  entity: EntityHealth,
  triggerName: string,
  triggerExpression: string,
): Promise<void> {
  const name = `${entity.category.toLowerCase()}_triggers`
  const path = `${pathOf(entity)}/config`
  const { items } = await ask<ConfigList>(`${path}?view=full`, soon())
  const present = JSON.parse(items.find((each) => each.name === name)?.value || '[]') as {
    triggerName: string
  }[]
  const others = present.filter((each) => each.triggerName !== triggerName)
  const value = JSON.stringify([
    ...others,
    { triggerName, triggerExpression, streamThreshold: 0, enabled: true },
  ])
  await ask(path, soon(), 'PUT', { items: [{ name, value }] })
}
