import { type ConfigItem, instancesOf, listConfig } from '../../configuration/index.js'
import type { Source } from '../../descriptors/index.js'
import type { ConfigTarget, Model } from '../../model/index.js'
import type { Model as ApiModel } from '../contract/types.js'
import type { Resources } from './ports.js'

type EffectiveValue = ApiModel<'BwEffectiveValue'>
type ConfigSource = ApiModel<'BwConfigSource'>

/**
 * Everything that holds at a target, with the level that each value comes from and what it covers there. Of a role and a
 * group also the service's values that it sees, as the files of its process have them. Secrets are masked. Throws `ModelError`.
 */
export function effectiveConfigAt({ core }: Resources, model: Model, target: ConfigTarget): EffectiveValue[] {
  const instances = instancesOf(model, core.descriptors(), core.keys)
  const own = listConfig(instances, core.keys, target)
  const owner = ownerOf(model, target)
  if (owner === undefined) return own.map((item) => toValue(item, sourceAt(model, target)))
  const service: ConfigTarget = { scope: 'SERVICE', id: owner }
  const names = new Set(own.map(({ parameter }) => parameter.name))
  return [
    ...own.map((item) => toValue(item, sourceAt(model, target))),
    ...listConfig(instances, core.keys, service)
      .filter(({ parameter }) => !names.has(parameter.name))
      .map((item) => toValue(item, sourceAt(model, service))),
  ]
}

/** The service that a role or a group belongs to. */
function ownerOf(model: Model, { scope, id }: ConfigTarget): number | undefined {
  if (scope === 'ROLE') return model.roles.get(id)?.serviceId
  return scope === 'GROUP' ? model.groups.get(id)?.serviceId : undefined
}

function toValue(
  { parameter, value, source, covers }: ConfigItem,
  at: (source: Source) => ConfigSource,
): EffectiveValue {
  return {
    name: parameter.name,
    displayName: parameter.label,
    relatedName: parameter.configName,
    value,
    source: at(source),
    covers: covers.map((each) => ({ source: at(each.source), value: each.value })),
    sensitive: parameter.sensitive,
  }
}

/** Levels as the API calls them, by the names of what they belong to. */
function sourceAt(model: Model, { scope, id }: ConfigTarget): (source: Source) => ConfigSource {
  const role = scope === 'ROLE' ? model.roles.get(id) : undefined
  const group = model.groups.get(role?.roleConfigGroupId ?? (scope === 'GROUP' ? id : -1))
  return (source) => {
    switch (source) {
      case 'SERVICE':
        return scope === 'MANAGER'
          ? { level: 'MANAGER' }
          : { level: 'SERVICE', name: model.services.get(id)?.name }
      case 'GROUP':
        return { level: 'ROLE_CONFIG_GROUP', name: group?.name }
      case 'ROLE':
        return { level: 'ROLE', name: role?.name }
      case 'HOST':
        return { level: 'HOST', name: model.hosts.get(id)?.hostId }
      case 'CLUSTER':
        return { level: 'CLUSTER', name: model.clusters.get(id)?.name }
      default:
        return { level: source }
    }
  }
}
