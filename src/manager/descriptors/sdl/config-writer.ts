import { flag, list, object, oneOf, optional, type Read, required, text, withDefault } from '../json/read.js'
import {
  type AuxConfigGenerator,
  type ConfigGenerator,
  type ConfigWriter,
  configFormats,
  type KerberosEmission,
  type PeerConfigGenerator,
} from '../model/config-writer.js'
import { additionalConfig, innerPath, roleTypeName } from './runner.js'

const emission: Read<KerberosEmission> = object<KerberosEmission>({
  principalName: required(text),
  propertyName: required(text),
  instanceWildcard: optional(text),
  external: withDefault(flag, false),
  peerRoleType: optional(roleTypeName),
})

const generator: Read<ConfigGenerator> = object<ConfigGenerator>({
  filename: required(innerPath),
  configFormat: required(
    oneOf([...configFormats, 'unknown'] as const, { value: 'unknown', what: 'the file is not written' }),
  ),
  refreshable: withDefault(flag, false),
  includedParams: optional(list(text)),
  excludedParams: withDefault(list(text), []),
  kerberosPrincipals: withDefault(list(emission), []),
  additionalConfigs: withDefault(list(additionalConfig), []),
})

const aux: Read<AuxConfigGenerator> = object<AuxConfigGenerator>({
  filename: required(innerPath),
  sourceFilename: optional(innerPath),
})

const peer: Read<PeerConfigGenerator> = object<PeerConfigGenerator>({
  filename: required(innerPath),
  params: required(list(text, { nonEmpty: true })),
  roleName: optional(roleTypeName),
  refreshable: withDefault(flag, false),
})

export const configWriter: Read<ConfigWriter> = object<ConfigWriter>({
  generators: withDefault(list(generator), []),
  auxConfigGenerators: withDefault(list(aux), []),
  peerConfigGenerators: withDefault(list(peer), []),
})
