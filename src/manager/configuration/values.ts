import type { Values } from '../descriptors/index.js'
import { type ConfigTarget, type Model, targetKey } from '../model/types.js'
import type { Keyring } from './keyring.js'

/** Plain text of everything that is set at a target. */
export function valuesAt(model: Model, keys: Keyring, target: ConfigTarget): Values {
  const stored = model.config.get(targetKey(target))
  if (!stored) return {}
  const out: Record<string, string> = Object.create(null)
  for (const [name, each] of stored)
    out[name] = 'secret' in each ? keys.open(each.secret, 'config').toString() : each.value
  return out
}

/** One value, decrypted; undefined where it is not set. */
export function valueAt(model: Model, keys: Keyring, target: ConfigTarget, name: string): string | undefined {
  const stored = model.config.get(targetKey(target))?.get(name)
  if (!stored) return undefined
  return 'secret' in stored ? keys.open(stored.secret, 'config').toString() : stored.value
}
