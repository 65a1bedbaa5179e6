import { type Parameter, parameter, type Scope } from '../model/parameter.js'
import type { Logging } from '../model/runner.js'

const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'OFF']

/** Parameters that a role's or a gateway's logging brings (csd.md §2.5). */
export function loggingParameters(logging: Logging | undefined, scope: Scope): Parameter[] {
  if (!logging) return []
  const out: Parameter[] = []
  if (scope === 'ROLE')
    out.push(
      parameter({
        name: 'log_dir',
        label: 'Log directory',
        description: 'Folder for the log files of this role.',
        type: 'path',
        pathType: 'localDataDir',
        scope,
        purpose: 'LOG_DIR',
        configName: logging.configName,
        required: true,
        default: logging.dir,
        fixed: !logging.modifiable,
      }),
      logEventRules(),
    )
  if (logging.loggingType === 'log4j' || logging.loggingType === 'logback') {
    out.push(threshold(scope))
    if (scope === 'ROLE') out.push(...rotation())
    out.push(
      parameter({
        name: `${logging.loggingType}_safety_valve`,
        label: 'Logging safety valve',
        description:
          logging.loggingType === 'log4j'
            ? 'Lines appended to the generated logging configuration.'
            : 'XML in place of the generated logging configuration.',
        type: 'text',
        scope,
        purpose: 'LOG_SAFETY_VALVE',
        emitted: false,
        file: logFile(logging),
      }),
    )
  }
  if (logging.loggingType === 'glog') out.push(...glog(scope))
  return out
}

/** The logging configuration that is generated, or undefined. */
export function logFile(logging: Logging): string | undefined {
  if (logging.loggingType === 'log4j') return logging.configFilename ?? 'log4j.properties'
  if (logging.loggingType === 'logback') return logging.configFilename ?? 'logback.xml'
  return undefined
}

function threshold(scope: Scope): Parameter {
  return parameter({
    name: 'log_threshold',
    label: 'Log threshold',
    description: 'The least important messages that are logged.',
    type: 'string_enum',
    validValues: levels,
    scope,
    purpose: 'LOGGING',
    emitted: false,
    required: true,
    default: 'INFO',
  })
}

function rotation(): Parameter[] {
  const common = { type: 'long', scope: 'ROLE', purpose: 'LOGGING', emitted: false, required: true } as const
  return [
    parameter({
      ...common,
      name: 'max_log_size',
      label: 'Maximum size of a log file',
      description: 'A log file that has grown to this size is set aside and a new one begun.',
      unit: 'megabytes',
      min: 1,
      default: '200',
    }),
    parameter({
      ...common,
      name: 'max_log_backup_index',
      label: 'Old log files kept',
      description: 'How many log files that were set aside are kept.',
      min: 0,
      default: '10',
    }),
  ]
}

/** `src/wire/log-rules.ts` reads it; without a value its default rules hold. */
function logEventRules(): Parameter {
  return parameter({
    name: 'log_event_whitelist',
    label: 'Rules for log events',
    description:
      'Which messages of the logs become events, as JSON: a list of rules, of which the first that matches decides.',
    type: 'text',
    scope: 'ROLE',
    purpose: 'LOGGING',
    emitted: false,
  })
}

function glog(scope: Scope): Parameter[] {
  const common = { scope, purpose: 'LOGGING', emitted: false, type: 'long', required: true } as const
  return [
    parameter({ ...common, name: 'minloglevel', label: 'Least level logged', min: 0, max: 3, default: '0' }),
    parameter({
      ...common,
      name: 'logbuflevel',
      label: 'Highest level buffered',
      min: -1,
      max: 3,
      default: '0',
    }),
    parameter({ ...common, name: 'log_verbose_level', label: 'Verbosity', min: 0, max: 10, default: '0' }),
    parameter({
      ...common,
      name: 'max_log_size',
      label: 'Maximum size of a log file',
      unit: 'megabytes',
      min: 1,
      default: '200',
    }),
  ]
}
