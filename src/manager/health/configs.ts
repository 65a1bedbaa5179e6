import type { HealthConfig } from '../../wire/health.js'
import { parameterName } from '../../wire/health-tests.js'
import { suppressionsAt } from '../configuration/index.js'
import {
  type EffectiveConfig,
  healthPaths,
  listOf,
  ourHealthTests,
  type Parameter,
} from '../descriptors/index.js'
import {
  collectionTargets,
  GenerationError,
  type RoleInstance,
  type ServiceInstance,
} from '../generate/index.js'
import { type ConfigTarget, type Model, targetKey } from '../model/index.js'

/** Gives equal configurations the same key, so that thousands of roles share one. */
export interface ConfigKeys {
  readonly configs: Record<string, HealthConfig>
  /** Undefined: every parameter has its default. */
  keyOf(config: HealthConfig): string | undefined
}

export function createConfigKeys(): ConfigKeys {
  const configs: Record<string, HealthConfig> = {}
  const known = new Map<string, string>()
  return {
    configs,
    keyOf(config) {
      if (Object.keys(config.values).length === 0 && !config.paths) return undefined
      const text = JSON.stringify(config)
      let key = known.get(text)
      if (key === undefined) {
        key = String(known.size + 1)
        known.set(text, key)
        configs[key] = config
      }
      return key
    },
  }
}

/** Parameters that tests divide by, such as a session time-out: they are of the service type, not of the tests. */
const divisors: ReadonlySet<string> = new Set(
  ourHealthTests().flatMap(({ source }) =>
    source.kind === 'metric' && source.divisor && 'parameter' in source.divisor
      ? [source.divisor.parameter]
      : [],
  ),
)

/** What of a settled configuration health has to know: what is not as the tests have it by default. */
export function healthValues(config: EffectiveConfig): Record<string, string> {
  const values: Record<string, string> = {}
  for (const [name, { parameter, value, source }] of config) {
    if (value === undefined || parameter.sensitive) continue
    const isSet = source !== 'DEFAULT'
    // How many roles of a type have to be well is in its descriptor.
    const isTypes = name.endsWith('_healthy_thresholds')
    if ((parameter.purpose === 'HEALTH' && (isSet || isTypes)) || divisors.has(name)) values[name] = value
  }
  return values
}

/** Configuration of a role, with its folders. */
export function roleHealthConfig(service: ServiceInstance, role: RoleInstance): HealthConfig {
  const { type, config } = role
  const paths: Record<string, string[]> = {}
  const put = (what: string, name: string) => {
    const found = config.get(name)
    const folders = found?.value ? foldersOf(found.parameter, found.value) : []
    if (folders.length > 0) paths[what] = [...(paths[what] ?? []), ...folders]
  }
  put('log', 'log_dir')
  if (config.get('oom_heap_dump_enabled')?.value === 'true') put('heapDump', 'oom_heap_dump_dir')
  for (const [what, names] of Object.entries(healthPaths(service.descriptor.type, type)))
    for (const name of names) put(what, name)
  return {
    values: { ...(hasPage(service, role) ? {} : withoutPage(type)), ...healthValues(config) },
    ...(Object.keys(paths).length > 0 ? { paths } : {}),
  }
}

/** Is there anything to read of the role beside its process? */
function hasPage(service: ServiceInstance, role: RoleInstance): boolean {
  try {
    return collectionTargets({ service, role }).length > 0
  } catch (error) {
    // Its address cannot be made: that is told when the role is started.
    if (error instanceof GenerationError) return true
    throw error
  }
}

const withoutPage = (type: string) => ({
  [parameterName('{role}_web_metric_collection_enabled', type)]: 'false',
})

/** Folders may carry a storage type, as HDFS has it: `[SSD]/data/1`, or a URI. */
function foldersOf(parameter: Parameter, value: string): string[] {
  return listOf(parameter, value)
    .map((each) =>
      each
        .trim()
        .replace(/^\[[A-Z_]+\]/, '')
        .replace(/^file:\/\//, ''),
    )
    .filter((each) => each.startsWith('/'))
}

const SUPPRESSED = /^(service|role|host|cluster)_health_suppression_(.+)$/

/** Names of tests of a kind of entity whose results do not count, as set at any of the targets. */
export function suppressedTests(
  model: Model,
  kind: 'service' | 'role' | 'host' | 'cluster',
  targets: readonly ConfigTarget[],
): string[] | undefined {
  const tests = new Set<string>()
  for (const target of targets)
    for (const name of suppressionsAt(model, target)) {
      const match = SUPPRESSED.exec(name)
      // Tests have names in upper case, triggers have any.
      if (match?.[1] === kind) tests.add(match[2]!.startsWith('alarm:') ? match[2]! : match[2]!.toUpperCase())
    }
  return tests.size > 0 ? [...tests] : undefined
}

/** Has anything been set at a target itself? */
export const hasOwn = (model: Model, target: ConfigTarget): boolean =>
  (model.config.get(targetKey(target))?.size ?? 0) > 0
