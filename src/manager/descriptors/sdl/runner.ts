import {
  fail,
  flag,
  list,
  matching,
  number,
  object,
  oneOf,
  optional,
  pairs,
  type Read,
  required,
  text,
  withDefault,
  words,
} from '../json/read.js'
import {
  type AdditionalConfig,
  type Condition,
  type Logging,
  loggingTypes,
  type Runner,
} from '../model/runner.js'
import { token } from '../token.js'

/** A path inside the process directory: relative, without `..`. */
export const innerPath: Read<string> = (value, at) => {
  const path = words(value, at)
  if (path === undefined) return undefined
  if (path.startsWith('/') || path.includes('\0') || path.split('/').includes('..'))
    return fail(
      at,
      'BAD_VALUE',
      `${JSON.stringify(path)} must be a path inside the process directory: relative and without ..`,
    )
  return path.replace(/^(\.\/)+/, '')
}

export const roleTypeName = matching(
  /^[A-Z0-9_|]+$/,
  'must only contain upper case letters, numbers and underscores',
)

const variableName: Read<readonly (readonly [string, string])[]> = (value, at) =>
  pairs(text)(value, at)?.filter(([name]) => {
    if (/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) return true
    fail(at, 'BAD_VALUE', `${JSON.stringify(name)} cannot be the name of an environment variable; rename it`)
    return false
  })

export const runner: Read<Runner> = object<Runner>({
  program: required(innerPath),
  args: withDefault(list(text), []),
  environmentVariables: withDefault(variableName, []),
})

const condition: Read<Condition> = object<Condition>({
  roleName: optional(roleTypeName),
  minInstances: withDefault(number({ whole: true, least: 0 }), 0),
  maxInstances: withDefault(number({ whole: true, least: 0 }), Number.MAX_SAFE_INTEGER),
  dependency: optional(text),
  parameter: optional(text),
})

const entryTypes = ['simple', 'authToLocal', 'peerEach', 'peerList', 'shared'] as const

export const additionalConfig: Read<AdditionalConfig> = (value, at) => {
  const entry = object<AdditionalConfig>({
    key: required(text),
    value: withDefault(text, ''),
    type: withDefault(
      oneOf(entryTypes, { value: 'simple', what: 'it is written as a plain entry' }),
      'simple' as const,
    ),
    roleName: optional(roleTypeName),
    item: withDefault(text, token('peer:host')),
    separator: withDefault(text, ','),
    when: optional(condition),
  })(value, at)
  if (entry?.type.startsWith('peer') && entry.roleName === undefined)
    return fail(at, 'MISSING', `type ${entry.type} needs roleName: the role type whose roles are listed`)
  return entry
}

export const logging: Read<Logging> = loggingOf(required(words), required(words))

/** A gateway's logging has neither directory nor file. */
export const gatewayLogging: Read<Logging> = loggingOf(optional(words), optional(words))

function loggingOf(
  dir: { read: Read<string>; missing: undefined } | ReturnType<typeof optional<string>>,
  filename: typeof dir,
): Read<Logging> {
  return object<Logging>({
    loggingType: withDefault(
      oneOf(loggingTypes, { value: 'other', what: 'no logging configuration is generated' }),
      'other' as const,
    ),
    dir: dir as ReturnType<typeof optional<string>>,
    filename: filename as ReturnType<typeof optional<string>>,
    configFilename: optional(innerPath),
    modifiable: withDefault(flag, false),
    configName: withDefault(text, 'log_dir'),
    additionalConfigs: withDefault(list(additionalConfig), []),
  })
}
