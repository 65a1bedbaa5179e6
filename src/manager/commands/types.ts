import type { Selectable } from 'kysely'
import type { CommandTable } from '../database/index.js'

export type CommandRow = Selectable<CommandTable>

/** What a step can do; see `steps/`. */
export type StepKind =
  | 'validate'
  | 'startRole'
  | 'stopRole'
  | 'refreshRole'
  | 'roleCommand'
  | 'serviceStop'
  | 'clientConfig'
  | 'commission'
  | 'pause'
  | 'unsupported'

/** What a command is about; ids of the model. */
export interface Scope {
  clusterId?: number | null
  serviceId?: number
  roleId?: number
  hostId?: number
}

/** A part of a command that has not begun yet. */
export interface PlanNode {
  /** As Cloudera Manager calls it: `Start`, `RollingRestart`. */
  name: string
  scope: Scope
  /** For steps. */
  kind?: StepKind
  args?: Record<string, unknown>
  /** For the others: default one after another. */
  mode?: 'SEQUENCE' | 'PARALLEL'
  /** Failures among the children, or of the step itself, that are forgiven. Default 0. */
  tolerance?: number
  children?: PlanNode[]
}

/** What is known of the world when a command is planned. */
export interface At {
  readonly instances: import('../configuration/index.js').Instances
  /** Is this role to run now? */
  isWanted(roleId: number): boolean
  /** Does what it runs differ from what would be started now? Only asked by plans that restart outdated roles. */
  isStale?(roleId: number): boolean
}

export interface CommandNames {
  clusterName?: string
  serviceName?: string
  roleName?: string
  hostId?: string
  hostname?: string
}

/** A command or one of its parts, for people and API. */
export interface CommandView {
  readonly id: number
  readonly name: string
  readonly parentId: number | null
  readonly rootId: number
  readonly state: CommandRow['state']
  readonly active: boolean
  /** Undefined while it is active. */
  readonly success: boolean | undefined
  readonly startTime: number
  readonly endTime: number | undefined
  readonly resultMessage: string | undefined
  readonly canRetry: boolean
  readonly username: string
  readonly scope: Scope
  readonly names: CommandNames
}
