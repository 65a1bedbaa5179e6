import type { Core } from '../../core.js'
import type { MonitorClient } from '../../health/index.js'
import type { Cluster, Host, Model, Role, Service } from '../../model/index.js'
import type { Authentication } from '../auth/authentication.js'
import type { Model as ApiModel, TypeOf } from '../contract/types.js'

/** How something is doing; what has no health yet gives none. */
export interface Health {
  summary: TypeOf<'ApiHealthSummary'>
  checks: readonly ApiModel<'ApiHealthCheck'>[]
}

/** Whose tests are to say why they are as they are: of a cluster, of a service, or of a category. */
export interface HealthScope {
  clusterName?: string | undefined
  serviceName?: string | undefined
  category?: 'HOST' | 'SERVICE' | undefined
}

/** What is known of the running world at one moment, besides the model. */
export interface Runtime {
  roleState(role: Role): TypeOf<'ApiRoleState'>
  /** Compares what runs with what would be started now: costs something when it is new. */
  roleStaleness(role: Role): Promise<TypeOf<'ApiConfigStalenessStatus'>>
  serviceStaleness(service: Service): Promise<TypeOf<'ApiConfigStalenessStatus'>>
  clientStaleness(service: Service): Promise<TypeOf<'ApiConfigStalenessStatus'>>
  haStatus(role: Role): TypeOf<'HaStatus'> | undefined
  zooKeeperMode(role: Role): TypeOf<'ZooKeeperServerMode'> | undefined
  host(host: Host): HostRuntime
  health(what: { host: Host } | { service: Service } | { role: Role }): Health | undefined
}

export interface HostRuntime {
  /** Milliseconds since the epoch. */
  lastHeartbeat: number | undefined
  cores: number | undefined
  physicalCores: number | undefined
  /** Bytes. */
  memory: number | undefined
  os: { name: string; version: string } | undefined
}

/** What a command is to do, in the terms of the model. */
export interface CommandRequest {
  /** As the API names it, such as `Start` or `RollingRestart`. */
  name: string
  cluster?: Cluster | undefined
  service?: Service | undefined
  /** These roles only. */
  roles?: readonly Role[] | undefined
  hosts?: readonly Host[] | undefined
  args?: Readonly<Record<string, unknown>> | undefined
}

export interface CommandRecord {
  id: number
  name: string
  /** Milliseconds since the epoch. */
  startedAt: number
  endedAt: number | undefined
  success: boolean | undefined
  message: string | undefined
  cluster: { name: string; displayName: string | undefined } | undefined
  service: { name: string; type: string | undefined } | undefined
  roleName: string | undefined
  host: { hostId: string; hostname: string } | undefined
  parentId: number | undefined
  canRetry: boolean
  children: readonly CommandRecord[]
}

export interface CommandFilter {
  clusterId?: number
  serviceId?: number
  roleId?: number
}

export interface Commands {
  /** Starts it as `username`; returns its id. */
  start(request: CommandRequest, username: string): Promise<number>
  /** With its children and theirs. Throws NOT_FOUND. */
  find(id: number): Promise<CommandRecord>
  /** Those that are not done, newest first, without children. */
  active(filter: CommandFilter): Promise<CommandRecord[]>
  /** The newest, ended or not, without children, and who gave them. */
  recent(limit: number): Promise<{ username: string; record: CommandRecord }[]>
  abort(id: number): Promise<void>
  retry(id: number, username: string): Promise<number>
  /** Its output, or undefined where it wrote none. */
  output(id: number, stream: 'stdout' | 'stderr'): Promise<string | undefined>
  /** Names of what can be started on a service. */
  names(service: Service): Promise<string[]>
}

export interface ProcessFiles {
  /** Files of the role's process as it was started last; undefined: never. */
  list(role: Role): Promise<string[] | undefined>
  /** With secrets masked. */
  read(role: Role, name: string): Promise<Uint8Array | undefined>
}

export interface Staleness {
  staleness: TypeOf<'ApiConfigStalenessStatus'>
  /** Why what would be started now cannot be made. */
  problem?: string | undefined
  files: readonly {
    path: string
    change: string
    refreshable: boolean
    before: Uint8Array | undefined
    after: Uint8Array | undefined
  }[]
  settings: readonly { name: string; before: string | undefined; after: string | undefined }[]
}

export interface ClientConfig {
  /** Such as `zookeeper-conf`. */
  folder: string
  /** Within the folder; secrets are masked. */
  files: readonly { path: string; contents: Uint8Array }[]
}

/** A manager of the deployment: the active one and those that wait. */
export interface ManagerInstance {
  id: string
  name: string
  ipAddress: string
  createdAt: number
  updatedAt: number
}

/** Everything that the resources stand on. */
export interface Resources {
  core: Core
  runtime(model: Model, explained?: HealthScope): Promise<Runtime>
  commands: Commands
  processFiles: ProcessFiles
  /** What is different between what a role runs and what it would be started with now; secrets are masked. */
  staleness(role: Role): Promise<Staleness>
  /** A token with which hosts join; shown this once. */
  /**
   * The end of what a role has written: what it printed, or (`full`) its own log, which is what it printed where its type has
   * none. Throws NOT_FOUND when there is none, and 503 when its host does not tell.
   */
  roleLog(role: Role, which: 'full' | 'stdout' | 'stderr', signal: AbortSignal): Promise<string>
  createJoinToken(options: { expiresInMs: number; uses?: number }): Promise<string>
  /** Reads the folders of service types anew. Without it they are fixed. */
  reloadServiceTypes?: (() => Promise<void>) | undefined
  /** What would be deployed to clients of a service now; undefined: there is none. Throws INVALID. */
  clientConfig(service: Service): Promise<ClientConfig | undefined>
  /** The monitor, which passes on to the alert publisher; undefined: there is none. */
  alerting: Pick<MonitorClient, 'ask'> | undefined
  authentication: Authentication
  instances(): Promise<ManagerInstance[]>
  /** Of this program. */
  version: string
  /** True when PostgreSQL is a child process of ours. */
  embeddedDatabase: boolean
  /** The newest lines of the manager's log; undefined where it is kept elsewhere. */
  log(): Promise<string | undefined>
}
