import {
  type ConfigItem,
  instancesOf,
  listConfig,
  listStored,
  parametersAt,
  suppressionsAt,
  updateConfig,
} from '../../configuration/index.js'
import {
  type Change,
  type ConfigTarget,
  clusterNamed,
  groupNamed,
  hostNamed,
  type Model,
  roleNamed,
} from '../../model/index.js'
import type { Model as ApiModel, View } from '../contract/types.js'
import { type Handlers, type SharedCall, shared } from '../http/call.js'
import { badRequest } from '../http/errors.js'
import { changeFor } from './change.js'
import { effectiveConfigAt } from './effective-config.js'
import type { Resources } from './ports.js'
import { serviceAt } from './scene.js'

type ApiConfig = ApiModel<'ApiConfig'>
type EffectiveValue = ApiModel<'BwEffectiveValue'>

const everything = (view: View) => view === 'full' || view === 'full_with_health_check_explanation'

/** A parameter as the full view shows it: what is set here, and everything that is known of it. */
function toConfig({ parameter, own, state, messages, suppressed }: ConfigItem): ApiConfig {
  const { name, sensitive } = parameter
  return {
    name,
    value: own,
    required: parameter.required,
    default: parameter.default,
    displayName: parameter.label,
    description: parameter.description,
    relatedName: parameter.configName,
    sensitive,
    validationState: state,
    validationMessage: messages.map(({ text }) => text).join('; ') || undefined,
    validationWarningsSuppressed: suppressed,
  }
}

/** What is set at a target; the full view adds what could be. Secrets are masked unless `reveal` is given. */
export function configList(
  { core }: Resources,
  model: Model,
  target: ConfigTarget,
  view: View,
  reveal = false,
): { items: ApiConfig[] } {
  const items: readonly ApiConfig[] = everything(view)
    ? listConfig(instancesOf(model, core.descriptors(), core.keys), core.keys, target, { reveal }).map(
        toConfig,
      )
    : listStored(model, core.descriptors(), core.keys, target, reveal)
  const suppressions = [...suppressionsAt(model, target)].map((name) => ({
    name,
    value: 'true',
    sensitive: false,
  }))
  return { items: [...items, ...suppressions] }
}

/**
 * Merges a body's items into what is set at a target; an item without a value clears. Names are taken in either case where
 * that is clear: scripts send `REMOTE_PARCEL_REPO_URLS` and `remote_parcel_repo_urls`.
 */
export async function applyConfig(
  { core }: Resources,
  change: Change,
  target: ConfigTarget,
  items: readonly ApiConfig[] | undefined,
): Promise<void> {
  if (!items || items.length === 0) return
  const parameters = parametersAt(await change.model(), core.descriptors(), target)
  const byLowerCase = new Map(parameters.map(({ name }) => [name.toLowerCase(), name]))
  const exact = new Set(parameters.map(({ name }) => name))
  const updates = items.map(({ name, value }, i) => {
    if (!name) throw badRequest(`items[${i}].name: a configuration value needs the name of what it sets.`)
    return { name: exact.has(name) ? name : (byLowerCase.get(name.toLowerCase()) ?? name), value }
  })
  await updateConfig(change, target, updates)
}

type Find = (model: Model, params: SharedCall['params']) => ConfigTarget

const find = {
  cluster: (model, params) => ({
    scope: 'CLUSTER',
    id: clusterNamed(model, params.clusterName ?? '').id,
  }),
  service: (model, params) => ({ scope: 'SERVICE', id: serviceAt(model, params).service.id }),
  role: (model, params) => ({
    scope: 'ROLE',
    id: roleNamed(model, serviceAt(model, params).service, params.roleName ?? '').id,
  }),
  group: (model, params) => ({
    scope: 'GROUP',
    id: groupNamed(model, serviceAt(model, params).service, params.roleConfigGroupName ?? '').id,
  }),
  host: (model, params) => ({ scope: 'HOST', id: hostNamed(model, params.hostId ?? '').id }),
  allHosts: () => ({ scope: 'ALL_HOSTS', id: 0 }),
  manager: () => ({ scope: 'MANAGER', id: 0 }),
} satisfies Record<string, Find>

const paths = {
  '/cm/config': find.manager,
  '/cm/allHosts/config': find.allHosts,
  '/hosts/{hostId}/config': find.host,
  '/clusters/{clusterName}/config': find.cluster,
  '/cm/service/config': find.service,
  '/cm/service/roles/{roleName}/config': find.role,
  '/cm/service/roleConfigGroups/{roleConfigGroupName}/config': find.group,
  '/clusters/{clusterName}/services/{serviceName}/config': find.service,
  '/clusters/{clusterName}/services/{serviceName}/roles/{roleName}/config': find.role,
  '/clusters/{clusterName}/services/{serviceName}/roleConfigGroups/{roleConfigGroupName}/config': find.group,
} as const satisfies Record<string, Find>

/** Configuration at every level: GET lists it, and what holds there; PUT merges into it and lists it again. */
export function configResources(resources: Resources): Handlers {
  const handlers: Record<string, (call: SharedCall) => Promise<{ items: ApiConfig[] | EffectiveValue[] }>> =
    {}
  for (const [path, target] of Object.entries(paths) as [string, Find][]) {
    handlers[`GET ${path}`] = async ({ params, query }) => {
      const model = await resources.core.model()
      return configList(resources, model, target(model, params), query.view ?? 'summary')
    }
    handlers[`GET ${path.replace(/config$/, 'effectiveConfig')}`] = async ({ params }) => {
      const model = await resources.core.model()
      return { items: effectiveConfigAt(resources, model, target(model, params)) }
    }
    handlers[`PUT ${path}`] = async (call) => {
      const body = call.body as ApiModel<'ApiServiceConfig'>
      if (body.roleTypeConfigs?.length)
        throw badRequest('roleTypeConfigs: since v3 of the API, roles are configured by role config groups.')
      await changeFor(resources, call, async (change) => {
        const model = await change.model()
        const at = target(model, call.params)
        call.audit.command = 'updateConfig'
        call.audit.text ??= (body.items ?? []).map(({ name }) => name).join(', ')
        await applyConfig(resources, change, at, body.items)
      })
      const model = await resources.core.model()
      return configList(resources, model, target(model, call.params), 'summary')
    }
  }
  return shared(handlers)
}
