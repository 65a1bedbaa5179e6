import { type Parameter, parameter } from '../model/parameter.js'
import type { RoleDescriptor, RunAs } from '../model/role.js'

const valve = { type: 'text', emitted: false } as const

export function alertParameters(scope: Parameter['scope']): Parameter[] {
  return [
    parameter({
      name: 'enable_config_alerts',
      label: 'Alert on configuration changes',
      type: 'boolean',
      default: 'false',
      scope,
      purpose: 'HEALTH',
      emitted: false,
    }),
    ...(scope === 'GATEWAY'
      ? []
      : [
          parameter({
            name: 'enable_alerts',
            label: 'Alert when the health turns bad',
            type: 'boolean',
            default: 'true',
            scope,
            purpose: 'HEALTH',
            emitted: false,
          }),
          parameter({
            name: scope === 'SERVICE' ? 'service_triggers' : 'role_triggers',
            label: 'Triggers',
            description: 'Conditions of one’s own that change the health, as JSON.',
            type: 'text',
            default: '[]',
            scope,
            purpose: 'HEALTH',
            emitted: false,
          }),
        ]),
  ]
}

export function userParameters(runAs: RunAs, scope: 'SERVICE' | 'ROLE'): Parameter[] {
  const common = {
    type: 'string',
    scope,
    emitted: false,
    required: true,
    conformRegex: '[A-Za-z0-9_.$-]+',
  } as const
  const out = [
    parameter({
      ...common,
      name: 'process_username',
      label: 'System user',
      description: 'The user that the processes run as.',
      purpose: 'PROCESS_USER',
      default: runAs.user,
    }),
    parameter({
      ...common,
      name: 'process_groupname',
      label: 'System group',
      description: 'The group that the processes run as.',
      purpose: 'PROCESS_GROUP',
      default: runAs.group,
    }),
  ]
  if (runAs.principal !== undefined)
    out.push(
      parameter({
        name: 'kerberos_princ_name',
        label: 'Kerberos principal',
        type: 'string',
        scope,
        purpose: 'PRINCIPAL',
        emitted: false,
        required: true,
        default: runAs.principal,
      }),
    )
  return out
}

export function environmentValve(name: string, scope: 'SERVICE' | 'ROLE'): Parameter {
  return parameter({
    ...valve,
    name,
    label: 'Environment safety valve',
    description: 'Lines KEY=VALUE added to the environment of the processes.',
    scope,
    purpose: 'ENV_SAFETY_VALVE',
  })
}

export function fileValve(file: string, suffix: string, scope: 'ROLE' | 'GATEWAY'): Parameter {
  return parameter({
    ...valve,
    name: `${file}_${suffix}`,
    label: `Safety valve for ${file}`,
    description: `Text appended to the generated file ${file}.`,
    scope,
    purpose: 'FILE_SAFETY_VALVE',
    file,
  })
}

/** How the agent runs a role: restarts, start window, limits. */
export function processParameters(role: RoleDescriptor): Parameter[] {
  const own = { scope: 'ROLE', purpose: 'PROCESS', emitted: false, required: true } as const
  const out = [
    parameter({
      ...own,
      name: 'process_auto_restart',
      label: 'Restart automatically',
      description: 'Start the process again when it ends unexpectedly.',
      type: 'boolean',
      default: String(role.autoRestart),
    }),
    parameter({
      ...own,
      name: 'process_start_secs',
      label: 'Start window',
      description: 'A process that stays up this long has started.',
      type: 'long',
      unit: 'seconds',
      min: 0,
      default: '20',
    }),
    parameter({
      ...own,
      name: 'process_start_retries',
      label: 'Start attempts',
      description: 'How often a process that ends within the start window is started again.',
      type: 'long',
      min: 0,
      default: '3',
    }),
    parameter({
      ...own,
      name: 'graceful_stop_timeout',
      label: 'Time to stop',
      description: 'Time between the polite signal and the hard one.',
      type: 'long',
      unit: 'seconds',
      min: 0,
      default: String(Math.ceil((role.stopTimeout ?? 30_000) / 1000)),
    }),
    parameter({
      ...own,
      name: 'rlimit_fds',
      label: 'Maximum number of open files',
      description: 'Limit of file descriptors of the process; empty: the system’s.',
      required: false,
      type: 'long',
      min: 0,
    }),
  ]
  const resource = {
    scope: 'ROLE',
    purpose: 'RESOURCES',
    emitted: false,
    type: 'long',
    required: true,
  } as const
  out.push(
    parameter({
      ...resource,
      name: 'rm_cpu_shares',
      label: 'CPU shares',
      min: 2,
      max: 262_144,
      default: '1024',
    }),
    parameter({
      ...resource,
      name: 'rm_io_weight',
      label: 'I/O weight',
      min: 100,
      max: 1000,
      default: '500',
    }),
    parameter({
      ...resource,
      name: 'rm_memory_soft_limit',
      label: 'Memory soft limit',
      description: 'Above it memory is taken back first from this process; -1: none.',
      unit: 'megabytes',
      min: -1,
      default: '-1',
    }),
    parameter({
      ...resource,
      name: 'rm_memory_hard_limit',
      label: 'Memory hard limit',
      description: 'The process ends when it needs more; -1: none.',
      unit: 'megabytes',
      min: -1,
      default: '-1',
    }),
  )
  if (role.jvmBased) out.push(...jvmParameters())
  return out
}

function jvmParameters(): Parameter[] {
  const own = { scope: 'ROLE', purpose: 'JVM', emitted: false, required: true } as const
  return [
    parameter({
      ...own,
      name: 'oom_heap_dump_enabled',
      label: 'Dump the heap when memory runs out',
      type: 'boolean',
      default: 'false',
    }),
    parameter({
      ...own,
      name: 'oom_heap_dump_dir',
      label: 'Heap dump folder',
      type: 'path',
      pathType: 'localDataDir',
      mode: '1777',
      default: '/tmp',
    }),
    parameter({
      ...own,
      name: 'oom_sigkill_enabled',
      label: 'Kill when memory runs out',
      description: 'End the process when the JVM reports that memory has run out.',
      type: 'boolean',
      default: 'true',
    }),
  ]
}
