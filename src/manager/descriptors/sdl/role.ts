import {
  fail,
  flag,
  inside,
  isObject,
  list,
  number,
  object,
  oneOf,
  optional,
  type Place,
  type Read,
  required,
  text,
  withDefault,
  words,
} from '../json/read.js'
import { type ConfigWriter, noConfigWriter } from '../model/config-writer.js'
import type { Parameter } from '../model/parameter.js'
import type {
  CgroupHints,
  ExternalLink,
  HealthAggregation,
  HealthTest,
  KerberosPrincipal,
  PlacementRule,
  RoleDescriptor,
  RunAs,
  SslClient,
  SslServer,
  Topology,
} from '../model/role.js'
import { GATEWAY } from '../model/service.js'
import { roleCommand } from './commands.js'
import { configWriter } from './config-writer.js'
import { parameterIn } from './parameter.js'
import { logging, roleTypeName, runner } from './runner.js'

export const runAs: Read<RunAs> = object<RunAs>({
  user: required(words),
  group: required(words),
  principal: optional(text),
})

const link: Read<ExternalLink> = object<ExternalLink>({
  name: required(words),
  label: required(words),
  url: required(words),
  secureUrl: optional(text),
})

export const kerberosPrincipal: Read<KerberosPrincipal> = object<KerberosPrincipal>({
  name: required(words),
  primary: required(words),
  instance: optional(text),
})

const placement: Read<PlacementRule> = (value, at) => {
  const rule = object<{ type: string; roleType: string | undefined; roleTypes: readonly string[] }>({
    type: required(text),
    roleType: optional(roleTypeName),
    roleTypes: withDefault(list(roleTypeName), []),
  })(value, at)
  if (!rule) return undefined
  const roleTypes = rule.roleType === undefined ? rule.roleTypes : [rule.roleType, ...rule.roleTypes]
  if (rule.type === 'alwaysWith' || rule.type === 'neverWith') return { type: rule.type, roleTypes }
  return fail(at, 'UNKNOWN_TYPE', `placement rule ${rule.type} is not known; it is not enforced`, 'warning')
}

const instances = (least: number) => optional(number({ whole: true, least }))

const topology: Read<Topology> = (value, at) => {
  const out = object<Topology>({
    minInstances: withDefault(number({ whole: true, least: 0 }), 1),
    maxInstances: instances(1),
    softMinInstances: instances(1),
    softMaxInstances: instances(1),
    requiresOddNumberOfInstances: withDefault(flag, false),
    placementRules: withDefault(list(placement), []),
  })(value, at)
  if (!out) return undefined
  const { minInstances: min, maxInstances: max, softMinInstances: softMin, softMaxInstances: softMax } = out
  if (max !== undefined && min > max)
    return fail(at, 'BAD_VALUE', `minInstances ${min} is more than maxInstances ${max}; correct one of them`)
  const ordered =
    min < (softMin ?? Infinity) &&
    (softMin ?? 0) <= (softMax ?? Infinity) &&
    (softMax ?? 0) < (max ?? Infinity)
  if (!ordered)
    fail(
      at,
      'BAD_VALUE',
      'minInstances, softMinInstances, softMaxInstances, maxInstances must grow; correct them',
      'warning',
    )
  return out
}

const defaultTopology: Topology = {
  minInstances: 1,
  maxInstances: undefined,
  softMinInstances: undefined,
  softMaxInstances: undefined,
  requiresOddNumberOfInstances: false,
  placementRules: [],
}

const optionalities = ['optional', 'required', 'notExposed'] as const

function textFields(value: unknown, at: Place): Record<string, string> {
  const out: Record<string, string> = {}
  if (isObject(value))
    for (const [name, each] of Object.entries(value))
      if (each !== null && typeof each !== 'object') out[name] = text(each, inside(at, name)) ?? ''
  return out
}

const sslServer: Read<SslServer> = (value, at) => {
  const out = object<Omit<SslServer, 'options'>>({
    keystoreFormat: withDefault(oneOf(['jks', 'pem'] as const), 'jks' as const),
    keyIdentifier: optional(text),
    enabledOptionality: withDefault(oneOf(optionalities), 'optional' as const),
    keyPasswordOptionality: withDefault(oneOf(optionalities), 'optional' as const),
  })(value, at)
  if (out?.keystoreFormat === 'jks' && out.keyIdentifier === undefined)
    fail(inside(at, 'keyIdentifier'), 'MISSING', 'a jks server needs a keyIdentifier; add it', 'warning')
  return out && { ...out, options: textFields(value, at) }
}

const sslClient: Read<SslClient> = (value, at) => {
  const out = object<Omit<SslClient, 'options'>>({
    truststoreFormat: withDefault(oneOf(['jks', 'pem'] as const), 'jks' as const),
  })(value, at)
  return out && { ...out, options: textFields(value, at) }
}

const cgroup: Read<CgroupHints> = (value, at) => {
  const hint = object<{ autoConfigured: boolean; autoConfiguredMin: number | undefined }>({
    autoConfigured: withDefault(flag, false),
    autoConfiguredMin: optional(number({ whole: true, least: 0 })),
  })
  type Hint = ReturnType<typeof hint>
  const out = object<{ cpu: Hint; memory: Hint; blkio: Hint }>({
    cpu: optional(hint),
    memory: optional(hint),
    blkio: optional(hint),
  })(value, at)
  if (!out) return undefined
  return {
    cpu: out.cpu?.autoConfigured === true,
    memory: out.memory?.autoConfigured === true,
    memoryMin: out.memory?.autoConfiguredMin,
    blkio: out.blkio?.autoConfigured === true,
  }
}

const percent = optional(number({ least: 0, most: 100 }))

const healthAggregation: Read<HealthAggregation> = object<HealthAggregation>({
  type: required(
    oneOf(['singleton', 'nonSingleton'] as const, { value: 'nonSingleton', what: 'percentages are used' }),
  ),
  percentGreenForGreen: percent,
  percentYellowGreenForYellow: percent,
})

const healthTest: Read<HealthTest> = object<HealthTest>({
  name: required(words),
  label: withDefault(text, ''),
  description: withDefault(text, ''),
  type: withDefault(text, 'metric'),
  metric: optional(text),
  divisorMetric: optional(text),
  timeWindowSec: withDefault(number({ whole: true, least: 1, most: 3600 }), 300),
  comparisonOperator: withDefault(
    oneOf(['gt', 'gte', 'lt', 'lte', 'unknown'] as const, { value: 'unknown', what: 'the test is not run' }),
    'gte' as const,
  ),
  aggregationFunction: withDefault(
    oneOf(['last', 'avg', 'average', 'min', 'max', 'sum', 'count', 'unknown'] as const, {
      value: 'unknown',
      what: 'the test is not run',
    }),
    'last' as const,
  ),
  advice: optional(text),
  greenMessage: withDefault(text, ''),
  yellowMessage: optional(text),
  yellowThreshold: optional(number()),
  redMessage: optional(text),
  redThreshold: optional(number()),
})

interface Stop {
  readonly timeout: number | undefined
}

const stop: Read<Stop> = object<Stop>({ timeout: optional(number({ whole: true, least: 0 })) })

interface Given
  extends Omit<RoleDescriptor, 'type' | 'externalLinks' | 'stopTimeout' | 'configWriter' | 'parameters'> {
  readonly name: string
  readonly externalLink: ExternalLink | undefined
  readonly additionalExternalLinks: readonly ExternalLink[]
  readonly stopRunner: Stop | undefined
  readonly configWriter: ConfigWriter
  readonly parameters: readonly Parameter[]
}

const given: Read<Given> = object<Given>({
  name: required(roleTypeName),
  label: required(words),
  pluralLabel: required(words),
  startRunner: required(runner),
  jvmBased: withDefault(flag, false),
  externalLink: optional(link),
  additionalExternalLinks: withDefault(list(link), []),
  topology: withDefault(topology, defaultTopology),
  parameters: withDefault(list(parameterIn('ROLE')), []),
  runAs: optional(runAs),
  logging: optional(logging),
  commands: withDefault(list(roleCommand), []),
  configWriter: withDefault(configWriter, noConfigWriter),
  cgroup: optional(cgroup),
  kerberosPrincipals: withDefault(list(kerberosPrincipal), []),
  sslServer: optional(sslServer),
  sslClient: optional(sslClient),
  uniqueIdParameters: withDefault(list(text), []),
  stopRunner: optional(stop),
  healthAggregation: optional(healthAggregation),
  healthTests: withDefault(list(healthTest), []),
  autoRestart: withDefault(flag, false),
})

/** A role type as it is written (csd.md §2.2); what the framework adds comes later. */
export const role: Read<RoleDescriptor> = (value, at) => {
  const out = given(value, at)
  if (!out) return undefined
  const { name, externalLink, additionalExternalLinks, stopRunner, ...rest } = out
  if (name === GATEWAY)
    return fail(
      inside(at, 'name'),
      'CONFLICT',
      'GATEWAY is made from the field gateway; rename this role type',
    )
  return {
    ...rest,
    type: name,
    externalLinks: [...(externalLink ? [externalLink] : []), ...additionalExternalLinks],
    stopTimeout: stopRunner?.timeout,
  }
}
