import type { AdditionalConfig, Condition, ConfigGenerator, EffectiveValue } from '../descriptors/index.js'
import { lookupIn, peerList, peerLookup } from './lookup.js'
import { type Context, rolesOf, textOf } from './scope.js'
import { type Lookup, substitute } from './substitute.js'

/** A key and a value of a generated file, before the file's format comes in. */
export interface Entry {
  readonly key: string
  readonly value: string
  /** Came from a sensitive parameter. */
  readonly sensitive: boolean
}

/** A password that a file names the script for. */
export interface PasswordScript {
  readonly parameter: string
  readonly path: string
}

export function passwordScriptPath(parameter: string): string {
  return `altscripts/${parameter.replace(/[^A-Za-z0-9_.-]/g, '_')}.sh`
}

/** Entries for the parameters of a generator: the service's, then the role's, in the order of the descriptor. */
export function parameterEntries(
  context: Context,
  generator: Pick<ConfigGenerator, 'includedParams' | 'excludedParams'>,
  scripts: PasswordScript[],
): Entry[] {
  const out: Entry[] = []
  const all = [...context.config.values()]
  const ordered = [
    ...all.filter((each) => each.parameter.scope === 'SERVICE'),
    ...all.filter((each) => each.parameter.scope !== 'SERVICE'),
  ]
  for (const each of ordered) {
    const { parameter } = each
    if (!isWritten(each, generator)) continue
    const value = textOf(context.config, parameter.name)
    // Blank means not set, as where the format comes from: an empty number or class name would stop the reader.
    if (value === undefined || value === '') continue
    const byScript = parameter.alternateScriptParameterName !== undefined || parameter.scriptBased
    if (!byScript) {
      out.push({ key: parameter.configName, value, sensitive: parameter.sensitive })
      continue
    }
    const path = passwordScriptPath(parameter.name)
    scripts.push({ parameter: parameter.name, path })
    out.push({
      key: parameter.alternateScriptParameterName ?? parameter.configName,
      // The absolute path is known on the host only; the process's first step replaces this.
      value: `{{CMF_CONF_DIR}}/${path}`,
      sensitive: false,
    })
  }
  return out
}

const emittedPurposes = new Set(['DECLARED', 'LOG_DIR', 'TLS'])

function isWritten(
  { parameter }: EffectiveValue,
  { includedParams, excludedParams }: Pick<ConfigGenerator, 'includedParams' | 'excludedParams'>,
): boolean {
  if (excludedParams.includes(parameter.name)) return false
  if (includedParams === undefined) return parameter.emitted && emittedPurposes.has(parameter.purpose)
  // A TLS parameter without a name for files stays out of them even where it is listed (csd.md §2.11).
  return includedParams.includes(parameter.name) && (parameter.emitted || parameter.purpose !== 'TLS')
}

/** Entries beside the parameters, with templates filled in. */
export function additionalEntries(
  context: Context,
  configs: readonly AdditionalConfig[],
  place: string,
): Entry[] {
  const out: Entry[] = []
  const lookup = lookupIn(context)
  for (const config of configs) {
    if (config.when && !holds(config.when, context)) continue
    const where = `${place}, entry ${config.key}`
    const fill = (template: string, names: Lookup) => substitute(template, names, where, context.problems)
    const sensitive = readsSecret(context, config)
    if (config.type === 'simple')
      out.push({ key: fill(config.key, lookup), value: fill(config.value, lookup), sensitive })
    if (config.type === 'peerEach')
      for (const peer of rolesOf(context.service, config.roleName ?? '')) {
        const names = peerLookup(peer, lookup)
        out.push({ key: fill(config.key, names), value: fill(config.value, names), sensitive })
      }
    if (config.type === 'peerList')
      out.push({ key: fill(config.key, lookup), value: peerList(context, config, lookup, where), sensitive })
  }
  return out
}

function readsSecret(context: Context, config: AdditionalConfig): boolean {
  const templates = [config.key, config.value, config.item].join(' ')
  for (const { parameter } of context.config.values())
    if (parameter.sensitive && templates.includes(`{${parameter.name}}`)) return true
  return false
}

/** Does a condition hold? Everything that it names must. */
export function holds(when: Condition, context: Context): boolean {
  if (when.roleName !== undefined) {
    const count = rolesOf(context.service, when.roleName).length
    if (count < when.minInstances || count > when.maxInstances) return false
  }
  if (when.dependency !== undefined && !context.service.dependencies.has(when.dependency)) return false
  if (when.parameter === undefined) return true
  const value = textOf(context.config, when.parameter)
  return value !== undefined && value !== '' && value !== 'false'
}
