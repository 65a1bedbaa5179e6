import { parseLogRules } from '../../wire/log-rules.js'
import { ShapeError } from '../../wire/shape.js'
import { type Parameter, validateValue } from '../descriptors/index.js'
import { MASK } from '../generate/index.js'
import type { Change } from '../model/change.js'
import { invalid } from '../model/errors.js'
import { type ConfigTarget, type Model, targetKey } from '../model/types.js'
import { parametersAt, placeOf } from './parameters.js'
import { isSuppressionName, setSuppressions } from './suppressions.js'
import { type ConfigWrite, removeValues, writeValues } from './write.js'

/** Which messages of a role's logs become events. */
const LOG_RULES = 'log_event_whitelist'

export interface ConfigUpdate {
  name: string
  /** Null removes what is set here. */
  value: string | null | undefined
}

/**
 * Sets and removes values at one place; what is not named stays. All or nothing: throws `ModelError` `INVALID` with a cause
 * for each name that is not known and each value that cannot be. Values that merely give warnings are taken.
 *
 * A sensitive value that comes back as it was shown (`********`) stays as it is.
 */
export async function updateConfig(
  change: Change,
  target: ConfigTarget,
  updates: readonly ConfigUpdate[],
): Promise<void> {
  const model = await change.model()
  const parameters = new Map(parametersAt(model, change.descriptors, target).map((each) => [each.name, each]))
  const causes: string[] = []
  const writes = new Map<string, ConfigWrite>()
  const removals = new Set<string>()
  const suppressions: Record<string, boolean> = {}
  const stored = model.config.get(targetKey(target))
  for (const { name, value } of updates) {
    const parameter = parameters.get(name)
    if (writes.has(name) || removals.has(name)) causes.push(`${name} is given twice`)
    else if (!parameter && isSuppressionName(name)) {
      if (value !== 'true' && value !== 'false' && value != null) causes.push(`${name} must be true or false`)
      else suppressions[name] = value === 'true'
    } else if (value === null || value === undefined) {
      if (parameter || stored?.has(name)) removals.add(name)
      else causes.push(unknown(change, model, target, name))
    } else if (!parameter) causes.push(unknown(change, model, target, name))
    else if (parameter.sensitive && value === MASK && stored?.has(name)) continue
    else {
      causes.push(...problems(model, target, parameter, value))
      writes.set(name, { target, name, value, sensitive: parameter.sensitive })
    }
  }
  if (causes.length > 0)
    throw invalid(`The configuration cannot be changed: ${causes.slice(0, 10).join('; ')}.`, causes)
  await removeValues(change, target, [...removals])
  await writeValues(change, [...writes.values()])
  await setSuppressions(change, target, suppressions)
  // What of the settings is part of what agents get, whether or not a process starts anew.
  if (writes.has(LOG_RULES) || removals.has(LOG_RULES)) change.touchHosts(hostsOfRoles(model, target))
  if (target.scope === 'HOST') change.touchHosts([target.id])
  if (target.scope === 'ALL_HOSTS') change.touchHosts(model.hosts.keys())
}

/** Where the roles are whose configuration comes from a place. */
function hostsOfRoles(model: Model, { scope, id }: ConfigTarget): number[] {
  const roles = [...model.roles.values()]
  if (scope === 'ROLE') return roles.filter((role) => role.id === id).map(({ hostId }) => hostId)
  if (scope !== 'GROUP') return []
  return roles.filter((role) => role.roleConfigGroupId === id).map(({ hostId }) => hostId)
}

/** As in Cloudera Manager, settings of roles are set where roles share them, in role config groups, and in roles; not in services. */
function unknown(change: Change, model: Model, target: ConfigTarget, name: string): string {
  const groups = (target.scope === 'SERVICE' && model.groupsOfService.get(target.id)) || []
  const having = groups.filter(({ base, id }) => base && isAt(change, model, { scope: 'GROUP', id }, name))
  const where = having
    .slice(0, 3)
    .map((group) => group.name)
    .join(', ')
  return `${name.slice(0, 120)} is not a parameter here${where && `; it is one of roles: set it in a role config group, such as ${where}`}`
}

const isAt = (change: Change, model: Model, target: ConfigTarget, name: string): boolean =>
  parametersAt(model, change.descriptors, target).some((each) => each.name === name)

function problems(model: Model, target: ConfigTarget, parameter: Parameter, value: string): string[] {
  if (parameter.fixed) return [`${parameter.name} is fixed by the service type`]
  const errors = validateValue(parameter, value)
    .filter((each) => each.level === 'ERROR' && each.code !== 'MISSING')
    .map((each) => `${parameter.name}: ${each.text}`)
  if (parameter.name === LOG_RULES && value.trim() !== '') errors.push(...problemsOfRules(value))
  if (parameter.purpose === 'HEALTH' && parameter.name.endsWith('_triggers') && value !== '')
    errors.push(...triggerProblems(value).map((text) => `${parameter.name}: ${text}`))
  if (parameter.purpose === 'DEPENDENCY' && value !== '' && target.scope === 'SERVICE') {
    const own = model.services.get(target.id)
    const found = (model.servicesOfCluster.get(own?.clusterId ?? 0) ?? []).find((each) => each.name === value)
    if (!found) errors.push(`${parameter.name}: there is no service "${value.slice(0, 80)}"`)
    else if (found.type !== parameter.dependencyType)
      errors.push(
        `${parameter.name}: service "${value}" is a ${found.type}, not a ${parameter.dependencyType}`,
      )
    else if (found.id === own?.id) errors.push(`${parameter.name}: a service cannot depend on itself`)
  }
  return errors
}

function problemsOfRules(value: string): string[] {
  try {
    parseLogRules(value)
    return []
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error
    return [`${LOG_RULES}: ${error.message}`]
  }
}

/** What can be seen without reading the expressions: that is the monitor's, which says so in the health of the entity. */
function triggerProblems(value: string): string[] {
  let list: unknown
  try {
    list = JSON.parse(value)
  } catch {
    return ['is no JSON']
  }
  if (!Array.isArray(list)) return ['must be a list, such as [{"triggerName": …, "triggerExpression": …}]']
  return list.flatMap((each: { triggerName?: unknown; triggerExpression?: unknown } | null, i) =>
    typeof each?.triggerName === 'string' && typeof each.triggerExpression === 'string'
      ? []
      : [`the trigger ${i + 1} needs a triggerName and a triggerExpression, both texts`],
  )
}

/**
 * Encrypts what became sensitive through a new descriptor, and brings secrets of older keys over to the first one. Returns
 * how many values were changed.
 */
export async function reseal(change: Change): Promise<number> {
  const model = await change.model()
  const writes: ConfigWrite[] = []
  for (const [key, values] of model.config) {
    const [scope = '', id = ''] = key.split(':')
    const target = { scope: scope as ConfigTarget['scope'], id: Number(id) }
    const sensitive = sensitiveNames(change, model, target)
    for (const [name, value] of values) {
      if ('secret' in value) {
        if (change.keys.isCurrent(value.secret)) continue
        const text = change.keys.open(value.secret, 'config').toString()
        writes.push({ target, name, value: text, sensitive: true })
      } else if (sensitive.has(name)) writes.push({ target, name, value: value.value, sensitive: true })
    }
  }
  await writeValues(change, writes)
  return writes.length
}

function sensitiveNames(change: Change, model: Model, target: ConfigTarget): Set<string> {
  try {
    if (target.scope === 'ROLE' || target.scope === 'GROUP') placeOf(model, target)
    return new Set(
      parametersAt(model, change.descriptors, target)
        .filter((each) => each.sensitive)
        .map((each) => each.name),
    )
  } catch {
    // A service whose descriptor is away: as it is until that comes back.
    return new Set()
  }
}
