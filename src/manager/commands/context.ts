import type { Instances } from '../configuration/index.js'
import type { Core } from '../core.js'
import type { Trx } from '../database/index.js'
import type { Runtime } from '../heartbeats/index.js'
import type { Role } from '../model/index.js'
import type { ProcessRow } from '../processes/index.js'
import type { CommandRow } from './types.js'
import type { Waiting } from './waiting.js'

export interface StepResult {
  readonly ok: boolean
  readonly message: string
}

/** What a program of a command has printed: the end of each. */
export interface Output {
  readonly stdout: string
  readonly stderr: string
}

/** What a step works with. */
export interface StepContext {
  readonly core: Core
  readonly runtime: Runtime
  readonly waiting: Waiting
  readonly row: CommandRow
  /** Aborted when the command is, or when this manager is not the active one any more. */
  readonly signal: AbortSignal
  instances(): Promise<Instances>
  /**
   * Does something once, however often the step is begun: what `work` returns is stored with the deed, in one transaction.
   * A step that another manager takes up gets the stored value and goes on from there.
   */
  once<T>(key: string, work: (trx: Trx) => Promise<T>): Promise<T>
  /** As `once`, for work on processes: after the commit the picture of what runs is brought up to date. */
  onceProcess(key: string, work: (trx: Trx) => Promise<ProcessRow | undefined>): Promise<number | undefined>
  log(text: string): Promise<void>
  /** The end of what a process has printed, from its host; empty where that cannot be had. */
  outputOf(hostId: number, processId: number, signal: AbortSignal): Promise<Output>
  /** Writes what agents have told and what is not in the database yet. */
  flush(): Promise<void>
}

export type StepHandler = (context: StepContext) => Promise<StepResult>

export const done = (message: string): StepResult => ({ ok: true, message })
export const failed = (message: string): StepResult => ({ ok: false, message })

/** The role that a step is about; undefined when it has been deleted meanwhile. */
export function roleOf(context: StepContext, instances: Instances): Role | undefined {
  return context.row.roleId === null ? undefined : instances.model.roles.get(context.row.roleId)
}
