import {
  type ConfigMessage,
  type DescriptorSet,
  effectiveConfig,
  type Level,
  type Parameter,
  type Source,
  validateValue,
} from '../descriptors/index.js'
import { MASK } from '../generate/index.js'
import { ModelError } from '../model/errors.js'
import { type ConfigTarget, type Model, targetKey } from '../model/types.js'
import type { Instances } from './instances.js'
import type { Keyring } from './keyring.js'
import { parametersAt, placeOf } from './parameters.js'
import { portConflicts } from './port-conflicts.js'
import { isSuppressed, suppressionsAt } from './suppressions.js'
import { valuesAt } from './values.js'

/** One parameter at one place of the model. Sensitive values are blotted out, unless `reveal` was asked for. */
export interface ConfigItem {
  readonly parameter: Parameter
  /** What is set here; undefined: nothing. */
  readonly own: string | undefined
  /** What holds here. */
  readonly value: string | undefined
  /** Where `value` comes from. */
  readonly source: Source
  /** What would hold if nothing were set here. */
  readonly inherited: string | undefined
  /** What the levels below say, which `value` covers; the nearest first. */
  readonly covers: readonly { readonly source: Source; readonly value: string }[]
  readonly state: 'OK' | 'WARNING' | 'ERROR'
  readonly messages: readonly ConfigMessage[]
  /** Its warnings are not to be counted. */
  readonly suppressed: boolean
}

/**
 * All parameters that can be set at a target, with what holds there. Names that are stored and that no descriptor has any
 * more are left out. Throws `ModelError`.
 */
export function listConfig(
  instances: Instances,
  keys: Keyring,
  target: ConfigTarget,
  options: { reveal?: boolean } = {},
): ConfigItem[] {
  const { model, descriptors } = instances
  const parameters = parametersAt(model, descriptors, target)
  const levels = levelsAt(model, keys, target)
  const effective = effectiveConfig(parameters, levels)
  const below = effectiveConfig(parameters, levels.slice(0, -1))
  const own = levels.at(-1)?.values ?? {}
  const suppressed = suppressionsAt(model, target)
  const role = target.scope === 'ROLE' ? model.roles.get(target.id) : undefined
  const conflicts = role ? portConflicts(instances, role) : []
  return parameters
    .filter((parameter) => !parameter.hidden)
    .map((parameter): ConfigItem => {
      const { value, source, covers } = effective.get(parameter.name)!
      const messages = [
        ...validateValue(parameter, value),
        ...conflicts.filter((each) => each.parameter === parameter.name),
      ]
      const shown = <T extends string | undefined>(text: T) =>
        parameter.sensitive && text && !options.reveal ? MASK : text
      return {
        parameter,
        own: shown(Object.hasOwn(own, parameter.name) ? own[parameter.name] : undefined),
        value: shown(value),
        source,
        inherited: shown(below.get(parameter.name)?.value),
        covers: covers.map((each) => ({ source: each.source, value: shown(each.value) })),
        messages,
        state: worst(messages),
        suppressed: isSuppressed(suppressed, parameter.name),
      }
    })
}

export interface StoredItem {
  readonly name: string
  /** Blotted out when it is sensitive, unless `reveal` was asked for. */
  readonly value: string
  readonly sensitive: boolean
}

/**
 * Just what is set at a target, in the order of its parameters, without looking at what could be: for a whole model of
 * twenty thousand roles. Values that a descriptor made by itself are left out unless `reveal` is given. Of a service whose
 * descriptor is away, all that is stored.
 */
export function listStored(
  model: Model,
  descriptors: DescriptorSet,
  keys: Keyring,
  target: ConfigTarget,
  reveal = false,
): StoredItem[] {
  const stored = model.config.get(targetKey(target))
  if (!stored || stored.size === 0) return []
  const item = (name: string, sensitive: boolean): StoredItem => {
    const value = stored.get(name)!
    const hide = !reveal && (sensitive || 'secret' in value)
    if (hide) return { name, value: MASK, sensitive }
    const text = 'secret' in value ? keys.open(value.secret, 'config').toString() : value.value
    return { name, value: text, sensitive }
  }
  const known = knownAt(model, descriptors, target)
  if (!known) return [...stored].map(([name, value]) => item(name, 'secret' in value))
  return known
    .filter(({ name, hidden }) => stored.has(name) && (reveal || !hidden))
    .map(({ name, sensitive }) => item(name, sensitive))
}

function knownAt(model: Model, descriptors: DescriptorSet, target: ConfigTarget) {
  try {
    return parametersAt(model, descriptors, target)
  } catch (error) {
    if (error instanceof ModelError && error.code === 'INVALID') return undefined
    throw error
  }
}

export function worst(messages: readonly ConfigMessage[]): 'OK' | 'WARNING' | 'ERROR' {
  if (messages.some((each) => each.level === 'ERROR')) return 'ERROR'
  return messages.length > 0 ? 'WARNING' : 'OK'
}

/** From the most general to the target itself, which is last. */
function levelsAt(model: Model, keys: Keyring, target: ConfigTarget): Level[] {
  const at = (scope: ConfigTarget['scope'], id: number) => valuesAt(model, keys, { scope, id })
  switch (target.scope) {
    case 'MANAGER':
    case 'SERVICE':
      return [{ source: 'SERVICE', values: valuesAt(model, keys, target) }]
    case 'CLUSTER':
      return [
        { source: 'ALL_CLUSTERS', values: at('MANAGER', 0) },
        { source: 'CLUSTER', values: valuesAt(model, keys, target) },
      ]
    case 'ALL_HOSTS':
      return [{ source: 'ALL_HOSTS', values: valuesAt(model, keys, target) }]
    case 'HOST':
      return [
        { source: 'ALL_HOSTS', values: at('ALL_HOSTS', 0) },
        { source: 'HOST', values: valuesAt(model, keys, target) },
      ]
    case 'GROUP':
      return [{ source: 'GROUP', values: valuesAt(model, keys, target) }]
    case 'ROLE': {
      const { role } = placeOf(model, target)
      return [
        { source: 'GROUP', values: at('GROUP', role!.roleConfigGroupId) },
        { source: 'ROLE', values: valuesAt(model, keys, target) },
      ]
    }
  }
}
