import type { Parameter } from '../model/parameter.js'
import type { RoleDescriptor } from '../model/role.js'

/**
 * Values that are made once, when a service or role is created: 30 random bytes in base64 for `initType: randomBase64`.
 * `random` gives that many bytes.
 */
export function initialValues(
  parameters: readonly Parameter[],
  random: (bytes: number) => Uint8Array,
): Record<string, string> {
  const out: Record<string, string> = {}
  for (const each of parameters)
    if (each.initType === 'randomBase64') out[each.name] = Buffer.from(random(30)).toString('base64')
  return out
}

/**
 * Values of `uniqueIdParameters` for a new role: the smallest number from 1 (or the parameter's `min`) that
 * no other role of the type has. A number of a role that has been deleted may come again.
 *
 * ```ts
 * uniqueIds(broker, [{ 'broker.id': '1' }, { 'broker.id': '3' }]) // { 'broker.id': '2' }
 * ```
 */
export function uniqueIds(
  role: RoleDescriptor,
  others: readonly Readonly<Record<string, string | undefined>>[],
): Record<string, string> {
  const out: Record<string, string> = {}
  for (const name of role.uniqueIdParameters) {
    const parameter = role.parameters.find((each) => each.name === name)
    const taken = new Set(others.map((values) => values[name]))
    let next = Math.max(1, parameter?.min ?? 1)
    while (taken.has(String(next))) next++
    out[name] = String(next)
  }
  return out
}
