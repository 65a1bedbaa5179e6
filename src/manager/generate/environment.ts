import { type EffectiveConfig, environmentLines, type Logging, type Runner } from '../descriptors/index.js'
import { dependencyVariables } from './client-variables.js'
import type { ParcelEnvironment } from './input.js'
import { lookupIn } from './lookup.js'
import { type Context, textOf } from './scope.js'
import { substitute } from './substitute.js'

/**
 * The environment of a process (csd.md §3.2), later ones winning: parcels, framework, the runner's own, the service's
 * safety valve, the role's.
 */
export function environmentOf(
  context: Context,
  runner: Runner | undefined,
  more: {
    readonly place: string
    readonly logging?: Logging | undefined
    readonly jvmBased?: boolean
    readonly parcels?: ParcelEnvironment | undefined
  },
): Record<string, string> {
  const out: Record<string, string> = {}
  const { parcels } = more
  if (parcels) {
    out.PARCELS_ROOT = parcels.root
    out.PARCEL_DIRNAMES = parcels.directories.map((each) => each.name).join(':')
    out.SCM_DEFINES_SCRIPTS = parcels.directories.map((each) => each.definesScript).join(':')
  }
  out.CDH_VERSION = context.service.clusterVersion.split('.')[0] ?? ''
  Object.assign(out, dependencyVariables(context.service, context.problems))
  if (more.jvmBased) out.CSD_JAVA_OPTS = javaOptions(context)
  if (more.logging?.loggingType === 'glog') Object.assign(out, glogVariables(context, more.logging))
  for (const [name, template] of runner?.environmentVariables ?? [])
    out[name] = substitute(
      template,
      lookupIn(context),
      `${more.place} environmentVariables ${name}`,
      context.problems,
    )
  for (const scope of ['SERVICE', 'ROLE'] as const) Object.assign(out, valveVariables(context.config, scope))
  for (const [name, value] of Object.entries(out))
    if (value.includes('\0'))
      context.problems.push({
        place: `${more.place} environment ${name}`,
        message: 'has a zero byte; remove it',
      })
  return out
}

function valveVariables(config: EffectiveConfig, scope: 'SERVICE' | 'ROLE'): Record<string, string> {
  for (const { parameter, value } of config.values())
    if (parameter.purpose === 'ENV_SAFETY_VALVE' && parameter.scope === scope)
      return Object.fromEntries(environmentLines(value ?? '').variables)
  return {}
}

/** Heap dumps and the end of a JVM that has run out of memory. `{{PID}}` is filled in by the common script. */
function javaOptions({ config, service, roleType }: Context): string {
  const options: string[] = []
  if (textOf(config, 'oom_heap_dump_enabled') === 'true') {
    const directory = (textOf(config, 'oom_heap_dump_dir') ?? '/tmp').replace(/\/+$/, '')
    options.push(
      '-XX:+HeapDumpOnOutOfMemoryError',
      `-XX:HeapDumpPath=${directory}/${service.name}_${roleType}_pid{{PID}}.hprof`.replace(/\s/g, '_'),
    )
  }
  if (textOf(config, 'oom_sigkill_enabled') === 'true') options.push('-XX:+ExitOnOutOfMemoryError')
  return options.join(' ')
}

function glogVariables(context: Context, logging: Logging): Record<string, string> {
  const value = (name: string, standard: string) => textOf(context.config, name) ?? standard
  return {
    GLOG_log_dir: value('log_dir', logging.dir ?? ''),
    GLOG_minloglevel: value('minloglevel', '0'),
    GLOG_logbuflevel: value('logbuflevel', '0'),
    GLOG_v: value('log_verbose_level', '0'),
    GLOG_max_log_size: value('max_log_size', '200'),
  }
}
