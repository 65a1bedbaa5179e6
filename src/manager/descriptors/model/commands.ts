import type { Runner } from './runner.js'

export interface RoleCommand {
  readonly name: string
  readonly label: string
  readonly description: string
  /** Exit codes that mean success. */
  readonly expectedExitCodes: readonly number[]
  readonly commandRunner: Runner
  /** Undefined: any state. */
  readonly requiredRoleState: 'running' | 'stopped' | undefined
  /** Ours: makes a directory in the file system for a service that depends on it (`HdfsDirectory`). */
  readonly makesDirectories: boolean
}

export interface ServiceCommand {
  readonly name: string
  readonly label: string
  readonly description: string
  readonly roleName: string
  readonly roleCommand: string
  /** On every role of the type, or on any one. */
  readonly runMode: 'all' | 'single'
}

/** Acts as a service command of that name: creates a directory in the file system that the service depends on. */
export interface HdfsDirectory {
  readonly name: string
  readonly label: string
  readonly description: string
  readonly directoryDescription: string
  readonly path: string
  readonly permissions: string
}

export interface InitStep {
  readonly commandName: string
  readonly failureAllowed: boolean
}

/** First run: pre-start steps in order, start, post-start steps. */
export interface ServiceInit {
  readonly preStartSteps: readonly InitStep[]
  readonly postStartSteps: readonly InitStep[]
}

/** Runs once, in the context of the master role, before what remains of the service is stopped hard. */
export interface GracefulStop {
  readonly runner: Runner
  /** Milliseconds; 0 waits for ever. */
  readonly timeout: number
  /** Empty: all role types. */
  readonly relevantRoleTypes: readonly string[]
  readonly masterRole: string
}

/** Role commands, or `Start` and `Stop`; empty lists mean just these. */
export interface RollingStep {
  readonly roleName: string
  readonly bringDownCommands: readonly string[]
  readonly bringUpCommands: readonly string[]
}

export interface RollingRestart {
  /** One role at a time, in this order, then by host name. */
  readonly nonWorkerSteps: readonly RollingStep[]
  /** In batches. */
  readonly workerSteps: RollingStep | undefined
}
