import type { GracefulStop, HdfsDirectory, RollingRestart, ServiceCommand, ServiceInit } from './commands.js'
import type { ConfigWriter } from './config-writer.js'
import type { ServiceMetrics } from './mdl.js'
import type { Parameter } from './parameter.js'
import type { KerberosPrincipal, RoleDescriptor, RunAs } from './role.js'
import type { AdditionalConfig, Logging, Runner } from './runner.js'

export interface VersionRange {
  /** First version that fits, `5.4.0`; undefined: no bound. */
  readonly min: string | undefined
  /** First version that no longer fits. */
  readonly max: string | undefined
}

export interface Compatibility {
  /** Services made with a lower generation cannot be run by this descriptor. */
  readonly generation: number
  readonly cdhVersion: VersionRange
}

export interface Alternatives {
  /** Name of the link group, and of the folder in the process directory that holds the client's files. */
  readonly name: string
  readonly linkRoot: string
  readonly priority: number
}

export interface GatewayDescriptor {
  readonly alternatives: Alternatives
  readonly scriptRunner: Runner | undefined
  readonly parameters: readonly Parameter[]
  readonly configWriter: ConfigWriter
  readonly logging: Logging | undefined
}

export interface ServiceDependency {
  readonly type: string
  readonly required: boolean
}

export interface DependencyExtension {
  readonly type: string
  readonly extensionId: string
  readonly name: string | undefined
  readonly className: string | undefined
  readonly configs: readonly { readonly key: string; readonly value: string }[]
}

/**
 * Ours: what a service gives to every process of the services that depend on it, as environment (`ZK_QUORUM`), and to
 * their templates as `${dependency:ZOOKEEPER:ZK_QUORUM}`.
 */
export interface ClientVariable {
  readonly name: string
  readonly entry: AdditionalConfig
}

/** Ours: entries that several files have in common, so that they stand in the descriptor once. */
export interface SharedConfigs {
  readonly name: string
  readonly entries: readonly AdditionalConfig[]
}

/** Where a descriptor came from. */
export interface Origin {
  /** File name without `.jar`, or the folder's name: the `csdName` of the administration calls. */
  readonly name: string
  readonly path: string
  readonly kind: 'jar' | 'folder'
  /** Ours, as against one that was added. */
  readonly builtIn: boolean
  /** Of everything in it: two loads with the same digest are the same descriptor. */
  readonly sha256: string
}

/** A file of the jar that goes to every process (`scripts/`, `aux/`), or an image. */
export interface BundledFile {
  readonly path: string
  readonly contents: Uint8Array
}

/** A service type, complete: the descriptor with everything the framework derives from it. */
export interface ServiceDescriptor {
  readonly type: string
  readonly label: string
  readonly description: string
  readonly version: string
  readonly compatibility: Compatibility
  readonly maxInstances: number | undefined
  readonly runAs: RunAs
  readonly icon: string | undefined
  readonly parcel:
    | {
        readonly repoUrl: string | undefined
        readonly requiredTags: readonly string[]
        readonly optionalTags: readonly string[]
      }
    | undefined
  readonly inExpressWizard: boolean
  readonly rolesWithExternalLinks: readonly string[]
  readonly commands: readonly ServiceCommand[]
  readonly stopRunner: GracefulStop | undefined
  readonly roles: readonly RoleDescriptor[]
  /** The service's own ones: what its descriptor declares, then what the framework adds. */
  readonly parameters: readonly Parameter[]
  readonly serviceDependencies: readonly ServiceDependency[]
  readonly dependencyExtensions: readonly DependencyExtension[]
  readonly gateway: GatewayDescriptor | undefined
  readonly hdfsDirs: readonly HdfsDirectory[]
  readonly serviceInit: ServiceInit
  readonly providesDfs:
    | { readonly fileSystemUri: string; readonly webInterface: string | undefined }
    | undefined
  readonly providesKms:
    | {
        readonly roleName: string
        readonly insecureUrl: string | undefined
        readonly secureUrl: string | undefined
        readonly loadBalancerUrl: string | undefined
      }
    | undefined
  readonly kerberos: string | undefined
  readonly externalKerberosPrincipals: readonly KerberosPrincipal[]
  readonly licenseFeature: string | undefined
  readonly authorities: Readonly<Record<string, string>>
  readonly rollingRestart: RollingRestart | undefined
  readonly clientVariables: readonly ClientVariable[]
  readonly sharedConfigs: readonly SharedConfigs[]
  readonly metrics: ServiceMetrics | undefined
  readonly origin: Origin
  /** `scripts/` and `aux/`, sorted by path. */
  readonly files: readonly BundledFile[]
  readonly images: readonly BundledFile[]
  /** The descriptor as it was written, with the fields that this version does not know. */
  readonly source: unknown
}

/** The role type that is there in every service type with a gateway. */
export const GATEWAY = 'GATEWAY'
