import type { AdditionalConfig } from './runner.js'

export const configFormats = ['hadoop_xml', 'properties', 'gflags'] as const
export type ConfigFormat = (typeof configFormats)[number]

export interface KerberosEmission {
  readonly principalName: string
  readonly propertyName: string
  readonly instanceWildcard: string | undefined
  readonly external: boolean
  readonly peerRoleType: string | undefined
}

export interface ConfigGenerator {
  readonly filename: string
  /** `unknown` formats of newer descriptors are kept and not written. */
  readonly configFormat: ConfigFormat | 'unknown'
  readonly refreshable: boolean
  /** Undefined: every parameter in scope. Empty: none. */
  readonly includedParams: readonly string[] | undefined
  readonly excludedParams: readonly string[]
  readonly kerberosPrincipals: readonly KerberosEmission[]
  readonly additionalConfigs: readonly AdditionalConfig[]
}

export interface AuxConfigGenerator {
  readonly filename: string
  /** A file of the jar; without it the file starts empty. */
  readonly sourceFilename: string | undefined
}

export interface PeerConfigGenerator {
  readonly filename: string
  readonly params: readonly string[]
  /** Default: the role's own type. */
  readonly roleName: string | undefined
  readonly refreshable: boolean
}

export interface ConfigWriter {
  readonly generators: readonly ConfigGenerator[]
  readonly auxConfigGenerators: readonly AuxConfigGenerator[]
  readonly peerConfigGenerators: readonly PeerConfigGenerator[]
}

export const noConfigWriter: ConfigWriter = {
  generators: [],
  auxConfigGenerators: [],
  peerConfigGenerators: [],
}
