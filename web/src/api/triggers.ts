/** Triggers of an entity, as its configuration has them. */

import type { EntityHealth } from '../../../src/wire/health.js'
import type { QueryProblem } from '../../../src/wire/timeseries.js'
import { ask, soon } from './ask.js'
import { ApiError } from './errors.js'
import { pathOf } from './health.js'

export interface TriggerDefinition {
  readonly triggerName: string
  readonly triggerExpression: string
  /** It fires when more streams than this fulfil the condition. */
  readonly streamThreshold?: number | string
  readonly enabled?: boolean | string
  readonly suppressed?: boolean | string
  readonly validityWindowInMs?: number | string
}

export interface TriggerList {
  readonly triggers: readonly TriggerDefinition[]
  /** Where they are set: `ROLE`, `ROLE_CONFIG_GROUP`, `SERVICE`, `HOST`, `ALL_HOSTS`, …; `DEFAULT` for nowhere. */
  readonly level: string
  /** Name of the group. */
  readonly name: string
  /** There are others at a more general level, whose place they take. */
  readonly covers: boolean
}

const DAY_MS = 86_400_000

export const isOn = ({ enabled }: TriggerDefinition): boolean => String(enabled ?? true) !== 'false'

const parameterOf = (entity: EntityHealth) => `${entity.category.toLowerCase()}_triggers`

type Source = { level: string; name?: string }

interface EffectiveConfig {
  items: { name: string; value?: string; source: Source; covers?: { source: Source }[] }[]
}

/** Those that count for the entity. Throws `ApiError`. */
export async function fetchTriggers(entity: EntityHealth): Promise<TriggerList> {
  const { items } = await ask<EffectiveConfig>(`${pathOf(entity)}/effectiveConfig`, soon())
  const found = items.find((each) => each.name === parameterOf(entity))
  let triggers: unknown
  try {
    triggers = JSON.parse(found?.value || '[]')
  } catch {
    throw new ApiError(`What ${parameterOf(entity)} is set to is no JSON.`, 400, 'BAD_TRIGGERS')
  }
  return {
    triggers: Array.isArray(triggers) ? (triggers as TriggerDefinition[]) : [],
    level: found?.source.level ?? 'DEFAULT',
    name: found?.source.name ?? '',
    covers: found?.covers?.some(({ source }) => source.level !== 'DEFAULT') ?? false,
  }
}

/** Sets all of them on the entity itself; `null` takes back what is set there. Throws `ApiError` with what is wrong in which. */
export async function saveTriggers(
  entity: EntityHealth,
  triggers: readonly TriggerDefinition[] | null,
): Promise<void> {
  if (triggers !== null) await validate(triggers)
  const item = { name: parameterOf(entity), value: triggers === null ? null : JSON.stringify(triggers) }
  await ask(`${pathOf(entity)}/config`, soon(), 'PUT', { items: [item] })
}

interface Validation {
  problems: { name?: string; message: string; problems?: QueryProblem[] }[]
}

async function validate(triggers: readonly TriggerDefinition[]): Promise<void> {
  const { problems } = await ask<Validation>('/health/triggers/validate', soon(), 'POST', { triggers })
  const [first] = problems
  if (first)
    throw new ApiError(
      `${first.name ? `${first.name}: ` : ''}${first.message}`,
      400,
      'BAD_TRIGGER',
      first.problems ?? [],
    )
}

export interface Preview {
  readonly firings: readonly { from: string; to: string }[]
  readonly complete: boolean
  readonly stepMs: number
}

/** When a trigger would have fired in the last `days` days. */
export function previewTrigger(
  entity: EntityHealth,
  trigger: Pick<TriggerDefinition, 'triggerExpression' | 'streamThreshold' | 'validityWindowInMs'>,
  days: number,
): Promise<Preview> {
  const to = Date.now()
  return ask('/health/triggers/preview', soon(), 'POST', {
    ...trigger,
    variables: variablesOf(entity),
    from: new Date(to - days * DAY_MS).toISOString(),
    to: new Date(to).toISOString(),
  })
}

/** What `$ROLENAME` and its like stand for. */
function variablesOf(entity: EntityHealth): Record<string, string> {
  const { service, hosts, name, category, identity } = entity
  const cluster = category === 'CLUSTER' ? { name, identity } : entity.cluster
  const [host] = hosts
  return {
    ENTITYNAME: name,
    ...(category === 'ROLE' ? { ROLENAME: name } : {}),
    ...(service ? { SERVICENAME: service.name } : {}),
    ...(host && category !== 'SERVICE' ? { HOSTID: host.identity, HOSTNAME: host.hostname } : {}),
    ...(cluster ? { CLUSTERNAME: cluster.name, CLUSTERID: cluster.identity } : {}),
  }
}
