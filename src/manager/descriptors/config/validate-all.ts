import type { EffectiveConfig, Values } from './cascade.js'
import type { ConfigMessage } from './message.js'
import { validateValue } from './validate.js'

/** Checks every value of a configuration, required ones that are missing included. */
export function validateConfig(config: EffectiveConfig): ConfigMessage[] {
  return [...config.values()].flatMap((each) => validateValue(each.parameter, each.value))
}

/**
 * Names that cannot be set: those that no parameter has (a slip of the pen, or a value of an older version of the service
 * type), and those whose value the descriptor fixes.
 */
export function unknownNames(config: EffectiveConfig, values: Values): ConfigMessage[] {
  return Object.keys(values).flatMap((parameter): ConfigMessage[] => {
    const known = config.get(parameter)
    if (!known)
      return [
        {
          level: 'ERROR',
          code: 'UNKNOWN_NAME',
          parameter,
          text: `${parameter} is not a parameter here; correct the name or remove it`,
        },
      ]
    if (!known.parameter.fixed) return []
    const text = `${known.parameter.label}: is fixed by the service type; remove it`
    return [{ level: 'ERROR', code: 'FIXED', parameter, text }]
  })
}
