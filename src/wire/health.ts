/**
 * Health, as the manager, the monitor and those who show it speak of it. Health runs in the monitor.
 *
 * | route on the monitor | what |
 * | --- | --- |
 * | `PUT /health/model` | the manager's whole picture of what there is: `HealthModel` |
 * | `POST /health/facts` | what only the manager knows and what changes often: `HealthFacts` |
 * | `GET /health/entities` | present state, an `EntityHealth` each; `category`, `cluster`, `service`, `summary`, `limit`, `offset`, `tests=false` |
 * | `GET /health/entities/ROLE/<identity>` | one; with `at=<time>` what it was then |
 * | `GET /health/entities/ROLE/<identity>/history` | `HealthTransition`s of it, `from`, `to`, `test`, `limit` |
 * | `GET /health/summaries` | how everything is, without sentences; with `since=<cursor>` what has changed: `HealthSummaries` |
 * | `GET /health/tests` | the tests there are: `HealthTestDefinition`s |
 *
 * Times are milliseconds since the epoch in JSON, and ISO 8601 or milliseconds in addresses.
 */
import type { HealthCategory, HealthTestDefinition } from './health-tests.js'
import type { CheckFailure, ProcessState } from './heartbeat.js'

export const HEALTH_SUMMARIES = [
  'GOOD',
  'CONCERNING',
  'BAD',
  /** Not tested: switched off, or there is nothing to test in what was stopped on purpose. */
  'DISABLED',
  /** Tested, but the figures are not there, or not there yet. */
  'NOT_AVAILABLE',
  /** Only of a time in the past: nothing is recorded of it. */
  'HISTORY_NOT_AVAILABLE',
] as const
export type HealthSummary = (typeof HEALTH_SUMMARIES)[number]

export { HEALTH_CATEGORIES, type HealthCategory } from './health-tests.js'

/** What the manager wants of a service or a role. */
export type ExpectedState = 'RUNNING' | 'STOPPED'
export type Commission = 'COMMISSIONED' | 'DECOMMISSIONING' | 'DECOMMISSIONED'

/** Part (a) of the contract: what there is. The monitor keeps it, so that it goes on after a restart of either. */
export interface HealthModel {
  /** Of the active manager: a model of an older term is refused (409). */
  term: number
  /** Grows with each model of a term; one that is not newer than the one in force is taken for a repeat. */
  version: number
  /**
   * Configuration, settled for its users (defaults and overrides cascaded already), by a key of the manager's choice: entities
   * with the same configuration name the same one, so that many of them stay small.
   */
  configs: Record<string, HealthConfig>
  clusters: HealthCluster[]
  services: HealthService[]
  hosts: HealthHost[]
  roles: HealthRole[]
  /** Tests beyond ours, of service types that a descriptor brings. A name that is there already is replaced. */
  tests?: HealthTestDefinition[]
}

export interface HealthConfig {
  /**
   * Parameters by name, as text: thresholds as `{"warning":"50.0","critical":"70.0"}`, triggers as their JSON. Only those
   * that differ from the test's own default need to be here. Names are compared without case.
   */
  values: Record<string, string>
  /** Folders by what they are for: `log`, `heapDump`, `data` of a role; `log`, `parcels`, `process` of a host's agent. */
  paths?: Record<string, string[]>
}

export interface HealthEntityBase {
  /** Unique in its category; never changes. Of a host its `hostId`, of a role its `roleName`: as agents send them. */
  identity: string
  /** Entity name in queries; may change. Of hosts and roles the same as `identity`. */
  name: string
  /** For people. Default: the name. */
  displayName?: string
  /** Key in `configs`. Default: every parameter has its default. */
  config?: string
  /** Names of tests whose results are shown and not counted. */
  suppressed?: string[]
  maintenance?: boolean
  /** Whether its trouble is alerted (`enable_alerts` of a service, role or host). Default: as the monitor's rules say. */
  alerts?: boolean
}

export type HealthCluster = HealthEntityBase

export interface HealthService extends HealthEntityBase {
  type: string
  /** As the API names it within its cluster. */
  serviceName: string
  /** Identity of its cluster; none for the management service. */
  cluster?: string
  expected: ExpectedState
  /** Name of a command that works on it: its tests do not get worse meanwhile. */
  busy?: string
}

export interface HealthHost extends HealthEntityBase {
  hostname: string
  rackId?: string
  cluster?: string
  commission?: Commission
}

export interface HealthRole extends HealthEntityBase {
  type: string
  /** Identities. */
  service: string
  host: string
  expected: ExpectedState
  /** Since when that is expected. */
  since?: number
  busy?: string
  commission?: Commission
}

/**
 * What changes often. Sent at least every 30 s while the manager is active, at once when a process has ended or a host is
 * missing; what is not in it stays as it was.
 */
export interface HealthFacts {
  term: number
  /** The manager's clock. Ages of heartbeats count up to it: a manager that is away makes no host look lost. */
  at: number
  hosts?: HostFact[]
  roles?: RoleFact[]
  services?: ServiceFact[]
  values?: ValueFact[]
}

export interface HostFact {
  identity: string
  /** By the manager's clock. */
  lastHeartbeat?: number
  /** How often it is to come. Default 15,000. */
  heartbeatIntervalMs?: number
  /** What its clock lacks to the manager's. */
  clockOffsetMs?: number
  /** Why checks of the host failed when they were run last. */
  failures?: CheckFailure[]
}

export interface RoleFact {
  identity: string
  /** `ABSENT`: its agent knows no such process. */
  state?: ProcessState | 'ABSENT'
  /** When the present process was started. */
  startedAt?: number
  exit?: { at: number; code?: number; signal?: string }
  /** Why it is not as wanted, for people. */
  problem?: string
  /** Where they have changed since the model was sent. */
  expected?: ExpectedState
  since?: number
  /** Empty: no longer. */
  busy?: string
  /** Why checks of the role failed when they were run last. */
  failures?: CheckFailure[]
}

/** What has changed of a service since the model was sent. */
export interface ServiceFact {
  identity: string
  expected?: ExpectedState
  /** Empty: no longer. */
  busy?: string
}

/**
 * A figure that comes by the manager instead of the agent's metrics, and counts as a sample of that metric would; not stored
 * as a series. `message` is shown with the test that reads it.
 */
export interface ValueFact {
  category: HealthCategory
  identity: string
  metric: string
  value: number
  at: number
  message?: string
}

/** Part (b): results. */
export interface HealthTestResult {
  /** Such as `HOST_CLOCK_OFFSET`. */
  test: string
  label: string
  summary: HealthSummary
  /** A sentence or two with the figures. */
  explanation: string
  /** What to do about it; empty when nothing is to be done. */
  advice: string
  value?: number
  unit?: string
  /** When the figures are from; since when the summary holds. */
  at: number
  since: number
  suppressed: boolean
}

/** Names of services are unique in their cluster, and do not change. `cluster`: its identity. */
export const serviceIdentity = (cluster: string | undefined, name: string): string =>
  cluster === undefined ? name : `${cluster}:${name}`

/** An entity, with what alerts and events say of it. */
export interface HealthEntityRef {
  category: HealthCategory
  identity: string
  name: string
  displayName: string
  cluster?: { identity: string; name: string; displayName: string }
  service?: { identity: string; name: string; displayName: string; type: string }
  roleType?: string
  /** Of a host itself, of a role the one that it runs on, of a service those of its roles (100 at most). */
  hosts: { identity: string; hostname: string }[]
}

export interface EntityHealth extends HealthEntityRef {
  summary: HealthSummary
  since: number
  at: number
  /** By itself or by what it belongs to; `maintenanceOwners` says by which. */
  maintenance: boolean
  maintenanceOwners: HealthCategory[]
  /** Left out with `tests=false`. */
  tests?: HealthTestResult[]
}

/**
 * Part (c): an entity whose summary has changed, or one of whose tests has; at most one per entity and evaluation.
 * `from` and `to` are equal when only a test has changed.
 */
export interface HealthChange {
  /** The same for the same change, whoever sends it again. */
  id: string
  entity: HealthEntityRef
  at: number
  from: HealthSummary
  to: HealthSummary
  /** Since when it is `to`; equal to `at` when that has changed. */
  since: number
  /** All tests of it now; those that have changed say from what. */
  tests: (HealthTestResult & { from?: HealthSummary })[]
  maintenance: boolean
  /** As the model has it, where it says so. */
  alerts?: boolean
  /** True for what is seen for the first time: an entity that is new, or a monitor that has no history. */
  startup: boolean
  /** Nothing has changed but that its maintenance is over, in which nobody was told of its trouble. */
  resumed?: boolean
  /** The entity is no more, and why; its trouble, which it had until then, is over. */
  gone?: string
}

/** One line of an entity's history: of a test, or of its summary (`test` is empty then). */
export interface HealthTransition {
  at: number
  test: string
  from: HealthSummary
  to: HealthSummary
  explanation: string
}

export interface EntityHealthList {
  total: number
  items: EntityHealth[]
  /** How many of those that were asked for are how. */
  summaries: Record<HealthSummary, number>
}

/** An entity's summary and its tests': name, summary, whether it is suppressed. */
export interface SummarizedEntity {
  category: HealthCategory
  identity: string
  summary: HealthSummary
  tests: [test: string, summary: HealthSummary, suppressed: boolean][]
}

/** For those who keep a copy of how everything is. */
export interface HealthSummaries {
  /** To be given as `since` the next time. */
  cursor: string
  /** True: these are all entities; false: those that have changed, and perhaps some that have not. */
  whole: boolean
  items: SummarizedEntity[]
}

export interface HealthHistory {
  entity: { category: HealthCategory; identity: string }
  transitions: HealthTransition[]
  /** True when there are more: ask again from the time of the last one. */
  more: boolean
}

/** Answer to `PUT /health/model` and `POST /health/facts`. */
export interface HealthReceipt {
  term: number
  version: number
  entities: number
  /** Of facts: entities that the model does not have. A manager that gets 404 sends the model. */
  unknown: number
  /** Another one: the monitor has started anew, and knows no facts. */
  run: string
}

/** The mean shares of time, 0 to 1, that an entity was in each health; one sample a minute. */
export const HEALTH_METRICS = {
  GOOD: 'health_good_rate',
  CONCERNING: 'health_concerning_rate',
  BAD: 'health_bad_rate',
  DISABLED: 'health_disabled_rate',
  NOT_AVAILABLE: 'health_unknown_rate',
} as const

export const HEALTH_LIMITS = {
  modelBytes: 64 * 1024 * 1024,
  factsBytes: 16 * 1024 * 1024,
  entities: 200_000,
  configs: 20_000,
  tests: 2_000,
  facts: 200_000,
  name: 500,
  /** Entities of one answer. */
  page: 50_000,
  transitions: 10_000,
}
