import type { Parameter } from '../model/parameter.js'

/** Raw values by parameter name; what is absent is not set at that level. */
export type Values = Readonly<Record<string, string | undefined>>

export type Source =
  | 'DEFAULT'
  | 'SERVICE'
  | 'GROUP'
  | 'ROLE'
  | 'ALL_HOSTS'
  | 'HOST'
  | 'ALL_CLUSTERS'
  | 'CLUSTER'

export interface EffectiveValue {
  readonly parameter: Parameter
  /** Undefined: set nowhere, and there is no default. */
  readonly value: string | undefined
  /** The level that the value comes from. */
  readonly source: Source
  /** Values of the levels below it, which it covers; the nearest first. */
  readonly covers: readonly { readonly source: Source; readonly value: string }[]
}

/** Effective values by parameter name. */
export type EffectiveConfig = ReadonlyMap<string, EffectiveValue>

export interface Level {
  readonly source: Source
  readonly values: Values
}

/**
 * Settles each parameter: the last level that sets it wins over the levels before and over its default.
 *
 * ```ts
 * effectiveConfig([heap], [{ source: 'GROUP', values: { heap: '512' } }, { source: 'ROLE', values: {} }])
 *   .get('heap') // { value: '512', source: 'GROUP', … }
 * ```
 */
export function effectiveConfig(parameters: readonly Parameter[], levels: readonly Level[]): EffectiveConfig {
  const out = new Map<string, EffectiveValue>()
  for (const parameter of parameters) {
    const found: { source: Source; value: string }[] = []
    if (parameter.default !== undefined) found.unshift({ source: 'DEFAULT', value: parameter.default })
    for (const { source, values } of parameter.fixed ? [] : levels) {
      const value = Object.hasOwn(values, parameter.name) ? values[parameter.name] : undefined
      if (value !== undefined) found.unshift({ source, value })
    }
    const [top, ...covers] = found
    out.set(parameter.name, {
      parameter,
      value: top?.value,
      source: top?.source ?? 'DEFAULT',
      covers,
    })
  }
  return out
}

/**
 * Configuration of a role: its own parameters by default, group and role; the service's by default and service.
 * `parameters` are those in its scope (`parametersInScope`).
 */
export function roleConfig(
  parameters: readonly Parameter[],
  values: { readonly service: Values; readonly group: Values; readonly role: Values },
): EffectiveConfig {
  const own = parameters.filter((each) => each.scope !== 'SERVICE')
  return new Map([
    ...effectiveConfig(own, [
      { source: 'GROUP', values: values.group },
      { source: 'ROLE', values: values.role },
    ]),
    ...serviceConfig(
      parameters.filter((each) => each.scope === 'SERVICE'),
      values.service,
    ),
  ])
}

export function serviceConfig(parameters: readonly Parameter[], service: Values): EffectiveConfig {
  return effectiveConfig(parameters, [{ source: 'SERVICE', values: service }])
}

/** Configuration of a host: default, all hosts, the host. */
export function hostConfig(
  parameters: readonly Parameter[],
  values: { readonly allHosts: Values; readonly host: Values },
): EffectiveConfig {
  return effectiveConfig(parameters, [
    { source: 'ALL_HOSTS', values: values.allHosts },
    { source: 'HOST', values: values.host },
  ])
}
