import type { EffectiveConfig, Values } from './cascade.js'
import type { ConfigMessage } from './message.js'
import { validateValue } from './validate.js'

/** Checks every value of a configuration, required ones that are missing included. */
export function validateConfig(config: EffectiveConfig): ConfigMessage[] {
  return [...config.values()].flatMap((each) => validateValue(each.parameter, each.value))
}

/** Names that no parameter has: a slip of the pen, or a value of an older version of the service type. */
export function unknownNames(config: EffectiveConfig, values: Values): ConfigMessage[] {
  return Object.keys(values)
    .filter((name) => !config.has(name))
    .map((name) => ({
      level: 'ERROR' as const,
      code: 'UNKNOWN_NAME' as const,
      parameter: name,
      text: `${name} is not a parameter here; correct the name or remove it`,
    }))
}
