/** Health as the monitor has it, by way of the manager, and what of the configuration belongs to it. */

import type { EntityHealth, EntityHealthList, HealthHistory } from '../../../src/wire/health.js'
import type { Interval } from '../state/time.js'
import { ask, soon } from './ask.js'
import { ApiError } from './errors.js'

const MOST = 5_000

export interface HealthView {
  readonly all: EntityHealthList
  readonly entity: EntityHealth | null
  readonly history: HealthHistory | null
  /** Of the history, milliseconds. */
  readonly interval: Interval
}

export interface HealthQuestion {
  /** `ROLE/<identity>`; null: of nobody in particular. */
  readonly chosen: string | null
  /** Whose changes: a test's; empty: the entity's. */
  readonly test: string
  /** Of the changes. */
  readonly interval: Interval
  /** How it was at the end of the interval, instead of how it is. */
  readonly past: boolean
}

/** All entities, and one of them with its tests and its changes. */
export async function fetchHealth(question: HealthQuestion, signal: AbortSignal): Promise<HealthView> {
  const { chosen, test, interval, past } = question
  const path =
    chosen === null ? '' : `/health/entities/${chosen.split('/').map(encodeURIComponent).join('/')}`
  const at: Record<string, string> = past ? { at: String(Math.floor(interval.to)) } : {}
  const asked = (params: Record<string, string>) => `?${new URLSearchParams({ ...params, ...at })}`
  const span = new URLSearchParams({
    test,
    from: String(Math.floor(interval.from)),
    to: String(Math.floor(interval.to)),
  })
  const [all, entity, history] = await Promise.all([
    ask<EntityHealthList>(`/health/entities${asked({ tests: 'false', limit: String(MOST) })}`, signal),
    chosen === null ? null : known(ask<EntityHealth>(`${path}${asked({})}`, signal)),
    chosen === null ? null : known(ask<HealthHistory>(`${path}/history?${span}`, signal)),
  ])
  return { all, entity, history, interval }
}

/** What is gone is nothing to look at, and no failure of the page. */
const known = <T>(asked: Promise<T>): Promise<T | null> =>
  asked.catch((error) => {
    if (error instanceof ApiError && error.status === 404) return null
    throw error
  })

/** Where the API has the entity; null for a service that nobody knows. */
export function pathOf(entity: EntityHealth): string | null {
  const { category, cluster, service, identity, name } = entity
  if (category === 'HOST') return `/hosts/${encodeURIComponent(identity)}`
  if (category === 'CLUSTER') return `/clusters/${encodeURIComponent(name)}`
  if (!service) return null
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

/** What may be ordered of an entity, by the API's words; of hosts nothing. */
export function commandsOf({ category, cluster }: EntityHealth): readonly string[] {
  if (category === 'ROLE') return ['start', 'stop', 'restart']
  if (category === 'SERVICE' && !cluster) return ['start', 'stop', 'restart']
  const both = ['start', 'stop', 'restart', 'rollingRestart', 'deployClientConfig']
  if (category === 'SERVICE') return [...both, 'Refresh']
  return category === 'CLUSTER' ? [...both, 'refresh'] : []
}

/** Begins a command; it goes on by itself. */
export async function order(entity: EntityHealth, command: string): Promise<void> {
  const path = pathOf(entity)
  if (entity.category !== 'ROLE') {
    await ask(`${path}/commands/${command}`, soon(), 'POST')
    return
  }
  const owner = path?.replace(/\/roles\/[^/]+$/, '')
  const { errors } = await ask<{ errors?: string[] }>(`${owner}/roleCommands/${command}`, soon(), 'POST', {
    items: [entity.name],
  })
  if (errors && errors.length > 0) throw new Error(errors.join(' '))
}

/** Into maintenance or out of it: alerts are not sent meanwhile. */
export async function setMaintenance(entity: EntityHealth, on: boolean): Promise<void> {
  const command = on ? 'enterMaintenanceMode' : 'exitMaintenanceMode'
  await ask(`${pathOf(entity)}/commands/${command}`, soon(), 'POST')
}
