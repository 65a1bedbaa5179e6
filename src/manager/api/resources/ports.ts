import type {
  Change,
  Cluster,
  Host,
  Model,
  ModelContext,
  ModelStore,
  Role,
  Service,
} from '../../model/index.js'
import type { Authentication } from '../auth/authentication.js'
import type { Model as ApiModel, TypeOf } from '../contract/types.js'

/** How something is doing; what has no health yet gives none. */
export interface Health {
  summary: TypeOf<'ApiHealthSummary'>
  checks: readonly ApiModel<'ApiHealthCheck'>[]
}

/** What is known of the running world at one moment, besides the model. */
export interface Runtime {
  roleState(role: Role): TypeOf<'ApiRoleState'>
  roleStaleness(role: Role): TypeOf<'ApiConfigStalenessStatus'>
  clientStaleness(service: Service): TypeOf<'ApiConfigStalenessStatus'>
  haStatus(role: Role): TypeOf<'HaStatus'> | undefined
  zooKeeperMode(role: Role): TypeOf<'ZooKeeperServerMode'> | undefined
  host(host: Host): HostRuntime
  health(what: { host: Host } | { service: Service } | { role: Role }): Health | undefined
}

export interface HostRuntime {
  /** Milliseconds since the epoch. */
  lastHeartbeat: number | undefined
  cores: number | undefined
  /** Bytes. */
  memory: number | undefined
  os: { name: string; version: string } | undefined
}

/** What a command is to do, in the names of the model. */
export interface CommandRequest {
  name: string
  cluster?: Cluster | undefined
  service?: Service | undefined
  role?: Role | undefined
  roles?: readonly Role[] | undefined
  hosts?: readonly Host[] | undefined
  args?: Readonly<Record<string, unknown>> | undefined
  username: string
}

export interface CommandRecord {
  id: number
  name: string
  /** Milliseconds since the epoch. */
  startedAt: number
  endedAt: number | undefined
  success: boolean | undefined
  message: string | undefined
  clusterName: string | undefined
  clusterDisplayName?: string | undefined
  serviceName: string | undefined
  serviceType?: string | undefined
  roleName: string | undefined
  hostId: string | undefined
  hostname: string | undefined
  parentId: number | undefined
  canRetry: boolean
  children: readonly CommandRecord[]
}

export interface CommandFilter {
  clusterId?: number
  serviceId?: number
  roleId?: number
  hostId?: number
}

export interface Commands {
  start(change: Change, request: CommandRequest): Promise<number>
  find(id: number): Promise<CommandRecord | undefined>
  /** Those that are not done, newest first. */
  active(filter: CommandFilter): Promise<CommandRecord[]>
  abort(id: number, username: string): Promise<void>
  retry(id: number, username: string): Promise<number>
  log(id: number): Promise<string>
  /** Names of what can be started on a service besides the common ones. */
  names(service: Service): string[]
}

export interface ProcessFiles {
  /** Files of the role's process as it was started last; undefined: never. */
  list(role: Role): Promise<string[] | undefined>
  /** With secrets masked. */
  read(role: Role, name: string): Promise<Uint8Array | undefined>
}

export interface Instance {
  id: string
  name: string
  ipAddress: string
  createdAt: number
  updatedAt: number
}

/** Everything that the resources stand on. */
export interface Resources {
  store: ModelStore
  context: ModelContext
  runtime(model: Model): Promise<Runtime>
  commands: Commands
  processFiles: ProcessFiles
  authentication: Authentication
  instances(): Promise<Instance[]>
  /** Of this program. */
  version: string
  /** True when PostgreSQL is a child process of ours. */
  embeddedDatabase: boolean
}
