import type { ColumnType, Generated, JSONColumnType } from 'kysely'

/**
 * The tables, as `migrations/` makes them, with their snake case names in camel case. Times are milliseconds since the epoch;
 * ids and counters are plain numbers.
 */
export interface Database {
  deployment: DeploymentTable
  lease: LeaseTable
  cluster: ClusterTable
  host: HostTable
  service: ServiceTable
  roleConfigGroup: RoleConfigGroupTable
  role: RoleTable
  hostTemplate: HostTemplateTable
  hostTemplateGroup: HostTemplateGroupTable
  config: ConfigTable
  configSuppression: ConfigSuppressionTable
  tag: TagTable
  process: ProcessTable
  processReport: ProcessReportTable
  blob: BlobTable
  clientConfig: ClientConfigTable
  hostSession: HostSessionTable
  agentToken: AgentTokenTable
  command: CommandTable
  commandLog: CommandLogTable
  userAccount: UserTable
  userSession: UserSessionTable
  auditEvent: AuditEventTable
}

type Json<T extends object | null> = JSONColumnType<T, string, string>
/** Never changed after the insert. */
type Fixed<T> = ColumnType<T, T, never>

export interface DeploymentTable {
  id: Fixed<string>
  createdAt: Fixed<number>
  /** Raised by every change of model or configuration: what was computed from an older one is out of date. */
  modelVersion: number
  /** A known text, encrypted: tells a manager with another deployment key at its start. */
  keyCheck: Buffer | null
}

export interface LeaseTable {
  name: Fixed<string>
  /** Raised by each new holder. Part of a key: see `withTerm`. */
  term: number
  holder: string
  /** Where the holder can be reached by other managers and users. */
  holderUrl: string
  acquiredAt: number
  expiresAt: number
}

export interface ClusterTable {
  id: Generated<number>
  name: Fixed<string>
  displayName: string
  uuid: Fixed<string>
  version: string
  fullVersion: string
  clusterType: Fixed<string>
  maintenance: boolean
  createdAt: Fixed<number>
}

export type CommissionState =
  | 'COMMISSIONED'
  | 'DECOMMISSIONING'
  | 'DECOMMISSIONED'
  | 'OFFLINING'
  | 'OFFLINED'
  | 'UNKNOWN'

export interface HostTable {
  id: Generated<number>
  /** The id that the agent chose: a UUID. */
  hostId: string
  hostname: string
  ipAddress: string
  rackId: string
  clusterId: number | null
  commissionState: CommissionState
  maintenance: boolean
  /** Of the desired state: raised by everything that the host's agent has to learn. */
  generation: number
  createdAt: Fixed<number>
}

export interface ServiceTable {
  id: Generated<number>
  /** Null: the management service, which belongs to no cluster. */
  clusterId: Fixed<number | null>
  name: Fixed<string>
  type: Fixed<string>
  displayName: string
  /** Of the descriptor that it was made with. */
  generation: number
  maintenance: boolean
  createdAt: Fixed<number>
}

export interface RoleConfigGroupTable {
  id: Generated<number>
  serviceId: Fixed<number>
  name: string
  displayName: string
  roleType: Fixed<string>
  base: Fixed<boolean>
}

export interface RoleTable {
  id: Generated<number>
  serviceId: Fixed<number>
  name: Fixed<string>
  type: Fixed<string>
  hostId: Fixed<number>
  roleConfigGroupId: number
  commissionState: CommissionState
  maintenance: boolean
  createdAt: Fixed<number>
}

export interface HostTemplateTable {
  id: Generated<number>
  clusterId: Fixed<number>
  name: string
}

export interface HostTemplateGroupTable {
  hostTemplateId: Fixed<number>
  roleConfigGroupId: Fixed<number>
}

export type ConfigScope = 'SERVICE' | 'GROUP' | 'ROLE' | 'HOST' | 'CLUSTER' | 'ALL_HOSTS' | 'MANAGER'

export interface ConfigTable {
  id: Generated<number>
  scope: Fixed<ConfigScope>
  clusterId: Fixed<number | null>
  serviceId: Fixed<number | null>
  roleConfigGroupId: Fixed<number | null>
  roleId: Fixed<number | null>
  hostId: Fixed<number | null>
  name: Fixed<string>
  /** Null when it is encrypted. */
  value: string | null
  secret: Buffer | null
}

export interface ConfigSuppressionTable {
  id: Generated<number>
  scope: Fixed<ConfigScope>
  clusterId: Fixed<number | null>
  serviceId: Fixed<number | null>
  roleConfigGroupId: Fixed<number | null>
  roleId: Fixed<number | null>
  hostId: Fixed<number | null>
  name: Fixed<string>
}

export interface TagTable {
  id: Generated<number>
  clusterId: Fixed<number | null>
  serviceId: Fixed<number | null>
  roleId: Fixed<number | null>
  hostId: Fixed<number | null>
  name: Fixed<string>
  value: string
}

export type ProcessKind = 'ROLE' | 'ROLE_COMMAND' | 'SERVICE_STOP' | 'CLIENT_CONFIG'

export interface ProcessTable {
  /** Never given twice: the agent takes a new id for a new start. */
  id: Generated<number>
  kind: Fixed<ProcessKind>
  /** `<id>-<service>-<ROLE>`. */
  name: string
  roleId: Fixed<number | null>
  serviceId: Fixed<number | null>
  hostId: Fixed<number>
  /** The whole generated process, encrypted; files that come from a descriptor stand in `blob`. */
  spec: Buffer
  /** Raised by each refresh. */
  revision: number
  wanted: 'RUNNING' | 'STOPPED'
  /** The one process that stands for its role; of all kinds, only `ROLE`. */
  current: boolean
  /** False: the host's agent may forget it. */
  listed: boolean
  createdAt: Fixed<number>
}

export interface ProcessReportTable {
  processId: Fixed<number>
  state: string
  since: number
  pid: number | null
  startedAt: number | null
  /** `ProcessReport`, as the agent sent it last. */
  report: Json<object>
}

export interface BlobTable {
  digest: Fixed<string>
  contents: Fixed<Buffer>
}

export interface ClientConfigTable {
  id: Generated<number>
  serviceId: Fixed<number>
  hostId: Fixed<number>
  name: Fixed<string>
  /** The process that makes its files. */
  processId: number
  /** Staleness: what was deployed last. */
  deployedProcessId: number | null
  state: 'WANTED' | 'DEPLOYED' | 'FAILED'
  message: string
}

export interface HostSessionTable {
  hostId: Fixed<number>
  /** `HostSession`. */
  session: Json<object>
  /** `HostFacts` of the last beat that brought some. */
  facts: Json<object> | null
  agentVersion: string
  lastHeartbeat: number
  clockOffset: number | null
}

export interface AgentTokenTable {
  /** SHA-256 of the token, hexadecimal. */
  hash: Fixed<string>
  /** Null: a join token, which any host may use until it expires. */
  hostId: Fixed<number | null>
  createdAt: Fixed<number>
  expiresAt: number | null
  usesLeft: number | null
}

export type CommandState = 'WAITING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED'

/** A tree of rows: the command at the top, its parts below. Rows without children are steps, which are executed. */
export interface CommandTable {
  id: Generated<number>
  rootId: number | null
  parentId: Fixed<number | null>
  /** Order among the children of one parent. */
  position: Fixed<number>
  name: Fixed<string>
  /** What a step does; null for rows with children. */
  kind: Fixed<string | null>
  args: Json<object>
  /** How the children run: one after another, or side by side. */
  mode: Fixed<'SEQUENCE' | 'PARALLEL'>
  /** Failures among the children (or of the step) that the parent forgives. */
  tolerance: Fixed<number>
  clusterId: Fixed<number | null>
  serviceId: Fixed<number | null>
  roleId: Fixed<number | null>
  hostId: Fixed<number | null>
  /** Names as they were, for when what they name is gone. */
  context: Json<object>
  state: CommandState
  /** The manager's term that works on it. */
  term: number | null
  attempt: number
  /** What a step has done so far; written with the deed, so that another manager can go on. */
  progress: Json<object>
  message: string | null
  abortRequested: boolean
  createdAt: Fixed<number>
  startedAt: number | null
  endedAt: number | null
  username: Fixed<string>
  retryOf: Fixed<number | null>
}

export interface CommandLogTable {
  id: Generated<number>
  commandId: Fixed<number>
  at: Fixed<number>
  text: Fixed<string>
}

export interface UserTable {
  id: Generated<number>
  name: Fixed<string>
  /** scrypt, with its parameters and salt. */
  passwordHash: string
  role: string
  createdAt: Fixed<number>
  lastLogin: number | null
}

export interface UserSessionTable {
  /** SHA-256 of the cookie's value, hexadecimal. */
  hash: Fixed<string>
  userId: Fixed<number>
  remoteAddress: string
  createdAt: Fixed<number>
  lastRequest: number
  expiresAt: number
}

export interface AuditEventTable {
  id: Generated<number>
  at: Fixed<number>
  username: Fixed<string>
  ipAddress: Fixed<string | null>
  /** Such as `createCluster`, `updateConfig`, `Start`. */
  command: Fixed<string>
  clusterName: Fixed<string | null>
  serviceName: Fixed<string | null>
  roleName: Fixed<string | null>
  hostname: Fixed<string | null>
  allowed: Fixed<boolean>
  message: Fixed<string>
  /** The monitor's event store has it. */
  sent: Generated<boolean>
}
