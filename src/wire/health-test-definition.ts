/** What a health test can be, as data. */

export const HEALTH_CATEGORIES = ['CLUSTER', 'SERVICE', 'ROLE', 'HOST'] as const
export type HealthCategory = (typeof HEALTH_CATEGORIES)[number]

/** A number, `any` (more than 0) or `never`; as text, as configuration has it. */
export type ThresholdWord = string

export interface ThresholdsDefinition {
  /** Configuration parameter; `{role}` stands for the role type, in lower case. */
  parameter: string
  label: string
  warning: ThresholdWord
  critical: ThresholdWord
  /** `above`: more than the threshold is worse. `below`: less is. */
  direction: 'above' | 'below'
  /** A value at the threshold is on its bad side. Default: on its good side. */
  inclusive?: boolean
  unit: string
}

export interface SwitchDefinition {
  parameter: string
  label: string
  default: boolean
}

/** A time span that a parameter may set, in the parameter's unit. */
export interface SpanDefinition {
  parameter?: string
  label?: string
  default: number
  unit: 'seconds' | 'minutes' | 'milliseconds'
}

export const AGGREGATIONS = ['last', 'mean', 'min', 'max', 'sum', 'increase', 'rate', 'raised'] as const

export interface MetricSource {
  kind: 'metric'
  metric: string
  /** The value is divided by another metric, or by a parameter of the configuration. */
  divisor?: { metric: string } | { parameter: string; default: number }
  /** Factor of the value: 100 for percentages. Default 1. */
  scale?: number
  /**
   * Over the window; default `last`. `increase` is of a counter that may start over, `rate` the same per second of the window.
   * `raised`: the last value if it grew within the window, else 0: for maxima that a program keeps from its start on.
   */
  aggregation?: (typeof AGGREGATIONS)[number]
  window?: SpanDefinition
  /** The entity's own metric, or those of the host's parts, of which the worst counts. Default: its own. */
  of?: 'FILESYSTEM' | 'NETWORK_INTERFACE' | 'DISK'
  /** Of file systems: those that hold the folders of this name in the configuration's `paths`. Default: all. */
  path?: string
  /** Of parts: those with an attribute that begins so are left out. */
  except?: { attribute: string; prefixes: string[] }[]
  /** Of a service: the metric of its roles of these types; of those where `active` is 1, if there are any. The worst counts. */
  from?: { roleTypes: string[]; active?: string }
  /** A last sample older than this is no figure any more. Default 180. */
  staleSeconds?: number
  /** What it means that there are no figures while the role runs. Default `NOT_AVAILABLE`. */
  missing?: 'NOT_AVAILABLE' | 'CONCERNING' | 'BAD'
  /** Another view of the same figures, in force while the first thresholds are both `never`. */
  percentage?: { divisor: string; thresholds: ThresholdsDefinition }
}

/** A check that was run near the role and reports how it went and how long it took, as two metrics. */
export interface CanarySource {
  kind: 'canary'
  /** 1: well; 0: failed. */
  status: string
  /** In milliseconds; the thresholds are of it. */
  duration?: string
  /** What a failure means. Default `BAD`. */
  failure?: 'CONCERNING' | 'BAD'
  /** Of a service: a role of these types may send it. The newest counts. */
  roleTypes?: string[]
  staleSeconds?: number
  /** What the agent runs, when it is not something that it does anyway. */
  run?: CanaryRun
}

/**
 * The agent runs it beside the role, every so often, as the role's user, with the role's environment and folder, and sends
 * `status` and `duration` as samples of the role. `${name}` in texts is a parameter of the role, `${host}` its host, `${user}` its
 * user. Of a test of a role each role of the type runs it; of one of a service a role of `roleTypes` that the manager chooses.
 */
export type CanaryRun = {
  everySeconds: number
  timeoutMs: number
  /** As long as the role's process is younger than this, failures do not count. Default 60. */
  startupSeconds?: number
  /** It is run only where parameters of the role have these values. */
  when?: Record<string, string>
} & (
  | { kind: 'command'; program: string; args: string[] }
  | { kind: 'http'; url: string; status?: number[]; contains?: string }
  /** Writes, reads and deletes a file in the folder. */
  | { kind: 'file'; folder: string }
  /** Makes, reads and deletes a znode below `path`. `server` is filled in for each role of the type, as `${peer:host}`. */
  | { kind: 'zookeeper'; server: string; path: string }
  /** Writes, reads and deletes a file below `path`. `url` is filled in for each role of the type, as `${peer:host}`. */
  | { kind: 'webhdfs'; url: string; path: string; user: string }
)

export type TestSource =
  | MetricSource
  | CanarySource
  /** Heartbeats that have not come. Without a manager: age of the host's newest sample. */
  | { kind: 'heartbeat' }
  /** The role's process is as expected. */
  | { kind: 'process' }
  /** The health of the host that the role runs on. */
  | { kind: 'host' }
  /** Of the service's roles of these types, or of the cluster's hosts or services: how many are healthy, percent. */
  | { kind: 'percent'; of: 'ROLE' | 'HOST' | 'SERVICE'; roleTypes?: string[] }
  /** The service takes the health of its one role of the type. */
  | { kind: 'singleton'; roleType: string }
  /** One of the roles of the type is active by this metric (1), and well; or, `standby`, another one waits. */
  | {
      kind: 'pair'
      roleType: string
      metric: string
      part: 'active' | 'standby'
      window: SpanDefinition
    }

export interface HealthTestDefinition {
  /** Upper case; `{ROLE}` stands for the role type's prefix, `{SERVICE}` for the service type. */
  name: string
  label: string
  description: string
  on: HealthCategory
  /** Default: of all. */
  serviceType?: string
  roleTypes?: string[]
  /** Default: in force. */
  enabled?: SwitchDefinition
  source: TestSource
  thresholds?: ThresholdsDefinition
  /** The role must have run for so long before a bad result of this counts. */
  startupTolerance?: SpanDefinition
  /** What it says with its figures: `{value}`, `{dividend}`, `{divisor}`, `{window}`, `{part}`. */
  sentence: string
  /** What it says instead when it is not well. */
  messages?: { CONCERNING?: string; BAD?: string }
  advice: string
}

/** The file form: tests, and what test names call role types. */
export interface HealthTestFile {
  /** Prefix by service and role type, such as `HDFS/NAMENODE` → `NAME_NODE`. Default: the role type. */
  prefixes?: Record<string, string>
  /** By service and role type: which parameters of the configuration hold the folders that tests look at, by their `path`. */
  paths?: Record<string, Record<string, string[]>>
  tests: HealthTestDefinition[]
}
