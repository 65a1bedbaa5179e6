import type { RoleCommand } from './commands.js'
import type { ConfigWriter } from './config-writer.js'
import type { Parameter } from './parameter.js'
import type { Logging, Runner } from './runner.js'

export interface RunAs {
  readonly user: string
  readonly group: string
  readonly principal: string | undefined
}

export interface ExternalLink {
  readonly name: string
  readonly label: string
  readonly url: string
  /** Used when the role's TLS is on. */
  readonly secureUrl: string | undefined
}

export type PlacementRule =
  | { readonly type: 'alwaysWith'; readonly roleTypes: readonly string[] }
  | { readonly type: 'neverWith'; readonly roleTypes: readonly string[] }

export interface Topology {
  readonly minInstances: number
  readonly maxInstances: number | undefined
  readonly softMinInstances: number | undefined
  readonly softMaxInstances: number | undefined
  readonly requiresOddNumberOfInstances: boolean
  readonly placementRules: readonly PlacementRule[]
}

export interface KerberosPrincipal {
  readonly name: string
  readonly primary: string
  readonly instance: string | undefined
}

export interface SslServer {
  readonly keystoreFormat: 'jks' | 'pem'
  readonly keyIdentifier: string | undefined
  readonly enabledOptionality: 'optional' | 'required' | 'notExposed'
  readonly keyPasswordOptionality: 'optional' | 'required' | 'notExposed'
  /** Every other field (`keystoreLocationConfigName`, …) as text. */
  readonly options: Readonly<Record<string, string>>
}

export interface SslClient {
  readonly truststoreFormat: 'jks' | 'pem'
  readonly options: Readonly<Record<string, string>>
}

/** How the healths of a type's roles make a part of the service's health. */
export interface HealthAggregation {
  readonly type: 'singleton' | 'nonSingleton'
  readonly percentGreenForGreen: number | undefined
  readonly percentYellowGreenForYellow: number | undefined
}

export interface HealthTest {
  readonly name: string
  readonly label: string
  readonly description: string
  readonly type: string
  readonly metric: string | undefined
  readonly divisorMetric: string | undefined
  readonly timeWindowSec: number
  readonly comparisonOperator: 'gt' | 'gte' | 'lt' | 'lte' | 'unknown'
  readonly aggregationFunction: 'last' | 'avg' | 'average' | 'min' | 'max' | 'sum' | 'count' | 'unknown'
  readonly advice: string | undefined
  readonly greenMessage: string
  readonly yellowMessage: string | undefined
  readonly yellowThreshold: number | undefined
  readonly redMessage: string | undefined
  readonly redThreshold: number | undefined
}

/** Resource management hints. */
export interface CgroupHints {
  readonly cpu: boolean
  readonly memory: boolean
  readonly memoryMin: number | undefined
  readonly blkio: boolean
}

export interface RoleDescriptor {
  readonly type: string
  readonly label: string
  readonly pluralLabel: string
  readonly startRunner: Runner
  readonly jvmBased: boolean
  readonly externalLinks: readonly ExternalLink[]
  readonly topology: Topology
  /** The role's own ones: what its descriptor declares, then what the framework adds. */
  readonly parameters: readonly Parameter[]
  readonly runAs: RunAs | undefined
  readonly logging: Logging | undefined
  readonly commands: readonly RoleCommand[]
  readonly configWriter: ConfigWriter
  readonly cgroup: CgroupHints | undefined
  readonly kerberosPrincipals: readonly KerberosPrincipal[]
  readonly sslServer: SslServer | undefined
  readonly sslClient: SslClient | undefined
  /** Parameters set to a value that no other role of the type has, when a role is created. */
  readonly uniqueIdParameters: readonly string[]
  /** Milliseconds between the polite signal and the hard one. */
  readonly stopTimeout: number | undefined
  readonly healthAggregation: HealthAggregation | undefined
  readonly healthTests: readonly HealthTest[]
  /** Ours: default of `process_auto_restart`. */
  readonly autoRestart: boolean
}
