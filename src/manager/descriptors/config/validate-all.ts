import type { EffectiveConfig } from './cascade.js'
import type { ConfigMessage } from './message.js'
import { validateValue } from './validate.js'

/** Checks every value of a configuration, required ones that are missing included. */
export function validateConfig(config: EffectiveConfig): ConfigMessage[] {
  return [...config.values()].flatMap((each) => validateValue(each.parameter, each.value))
}
