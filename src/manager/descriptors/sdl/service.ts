import {
  fail,
  flag,
  list,
  matching,
  number,
  object,
  optional,
  type Place,
  type Read,
  required,
  text,
  withDefault,
  words,
} from '../json/read.js'
import type { ServiceInit } from '../model/commands.js'
import type {
  Alternatives,
  ClientVariable,
  Compatibility,
  DependencyExtension,
  GatewayDescriptor,
  ServiceDependency,
  ServiceDescriptor,
  SharedConfigs,
  VersionRange,
} from '../model/service.js'
import { gracefulStop, hdfsDirectory, rollingRestart, serviceCommand, serviceInit } from './commands.js'
import { configWriter } from './config-writer.js'
import { parameterIn } from './parameter.js'
import { kerberosPrincipal, role, runAs } from './role.js'
import { additionalConfig, gatewayLogging, innerPath, roleTypeName, runner } from './runner.js'
import { upperBound } from './version.js'

/** What `service.sdl` says by itself, before the framework adds its part. */
export type WrittenService = Omit<
  ServiceDescriptor,
  'metrics' | 'origin' | 'files' | 'images' | 'source' | 'icon'
> & { readonly icon: string | undefined }

const range: Read<VersionRange> = (value, at) => {
  const version = optional(matching(/^\d+(\.\d+)*$/, 'must be a version such as 5, 5.4 or 5.4.0'))
  const out = object<VersionRange>({ min: version, max: version })(value, at)
  return out && { min: out.min, max: upperBound(out.max) }
}

const everyVersion: VersionRange = { min: undefined, max: undefined }

export const compatibility: Read<Compatibility> = object<Compatibility>({
  generation: withDefault(number({ whole: true, least: 1 }), 1),
  cdhVersion: withDefault(range, everyVersion),
})

const url: Read<string> = (value, at) => {
  const out = text(value, at)
  if (out === undefined || URL.canParse(out)) return out
  return fail(at, 'BAD_VALUE', `${JSON.stringify(out)} must be a valid URL; correct it`)
}

const parcel = object<NonNullable<ServiceDescriptor['parcel']>>({
  repoUrl: optional(url),
  requiredTags: required(list(text, { nonEmpty: true })),
  optionalTags: withDefault(list(text), []),
})

const dependency: Read<ServiceDependency> = (value, at) => {
  const out = object<{ name: string; required: boolean }>({
    name: required(words),
    required: withDefault(flag, false),
  })(value, at)
  return out && { type: out.name, required: out.required }
}

const extension = object<DependencyExtension>({
  type: required(text),
  extensionId: required(text),
  name: optional(text),
  className: optional(text),
  configs: withDefault(
    list(object<{ key: string; value: string }>({ key: required(text), value: withDefault(text, '') })),
    [],
  ),
})

const alternatives = object<Alternatives>({
  name: required(innerPath),
  linkRoot: required(matching(/^\/[^\0]+$/, 'must be an absolute path, such as /etc/spark')),
  priority: withDefault(number({ whole: true, least: 0 }), 0),
})

const gateway = object<GatewayDescriptor>({
  alternatives: required(alternatives),
  scriptRunner: optional(runner),
  parameters: withDefault(list(parameterIn('GATEWAY')), []),
  configWriter: required(configWriter),
  logging: optional(gatewayLogging),
})

const providesDfs = object<NonNullable<ServiceDescriptor['providesDfs']>>({
  fileSystemUri: required(words),
  webInterface: optional(text),
})

const providesKms = object<NonNullable<ServiceDescriptor['providesKms']>>({
  roleName: required(roleTypeName),
  insecureUrl: optional(text),
  secureUrl: optional(text),
  loadBalancerUrl: optional(text),
})

const authorities: Read<Readonly<Record<string, string>>> = (value, at) => {
  const field = optional(text)
  const out = object<Record<string, string | undefined>>({
    authorityForAddRemove: field,
    defaultAuthorityForParameters: field,
    authorityForPowerState: field,
  })(value, at)
  return (
    out &&
    (Object.fromEntries(Object.entries(out).filter(([, v]) => v !== undefined)) as Record<string, string>)
  )
}

const clientVariable: Read<ClientVariable> = (value, at) => {
  const entry = additionalConfig(value, at)
  if (!entry) return undefined
  if (!/^[A-Za-z_]\w*$/.test(entry.key))
    return fail(at, 'BAD_VALUE', 'key must be the name of an environment variable, such as ZK_QUORUM')
  return { name: entry.key, entry }
}

const sharedConfigs = object<SharedConfigs>({
  name: required(words),
  entries: required(list(additionalConfig)),
})

const noSteps: ServiceInit = { preStartSteps: [], postStartSteps: [] }

const fields = object<
  Omit<WrittenService, 'type' | 'icon'> & {
    name: string
    icon?: string | undefined
    svgIcon: string | undefined
  }
>({
  name: required(roleTypeName),
  label: required(words),
  description: required(text),
  version: required(words),
  compatibility: withDefault(compatibility, { generation: 1, cdhVersion: everyVersion }),
  maxInstances: optional(number({ whole: true, least: 1 })),
  runAs: withDefault(runAs, { user: 'root', group: 'root', principal: undefined }),
  icon: optional(innerPath),
  svgIcon: optional(innerPath),
  parcel: optional(parcel),
  inExpressWizard: withDefault(flag, false),
  rolesWithExternalLinks: withDefault(list(text), []),
  commands: withDefault(list(serviceCommand), []),
  stopRunner: optional(gracefulStop),
  roles: withDefault(list(role), []),
  parameters: withDefault(list(parameterIn('SERVICE')), []),
  serviceDependencies: withDefault(list(dependency), []),
  dependencyExtensions: withDefault(list(extension), []),
  gateway: optional(gateway),
  hdfsDirs: withDefault(list(hdfsDirectory), []),
  serviceInit: withDefault(serviceInit, noSteps),
  providesDfs: optional(providesDfs),
  providesKms: optional(providesKms),
  kerberos: optional(text),
  externalKerberosPrincipals: withDefault(list(kerberosPrincipal), []),
  licenseFeature: optional(text),
  authorities: withDefault(authorities, {}),
  rollingRestart: optional(rollingRestart),
  clientVariables: withDefault(list(clientVariable), []),
  sharedConfigs: withDefault(list(sharedConfigs), []),
})

/** Reads a `service.sdl` (csd.md §2). Undefined when something required is missing or wrong. */
export function readService(value: unknown, at: Place): WrittenService | undefined {
  const out = fields(value, at)
  if (!out) return undefined
  const { name, icon, svgIcon, ...rest } = out
  return { ...rest, type: name, icon: svgIcon ?? icon }
}
