import type { DesiredProcess, ProcessState, ResourceLimits } from '../../wire/heartbeat.js'

/** Raised when an agent could not work with an older supervisor; it then takes its place. */
export const SUPERVISOR_PROTOCOL = 1

/** What the supervisor needs to run a process; its folder and files are there already. */
export interface Launch
  extends Pick<
    DesiredProcess,
    | 'id'
    | 'name'
    | 'run'
    | 'program'
    | 'args'
    | 'autoRestart'
    | 'startRetries'
    | 'startSeconds'
    | 'stop'
    | 'logs'
  > {
  /** Absolute. */
  folder: string
  environment: Record<string, string>
  user?: string
  group?: string
  limits?: ResourceLimits
}

export interface Problem {
  code: string
  message: string
}

export interface Exit {
  at: number
  code?: number
  signal?: string
}

/** How a process is, for the agent. */
export interface Status {
  id: number
  name: string
  run: 'keep' | 'once'
  state: Exclude<ProcessState, 'PREPARING'>
  since: number
  pid?: number
  /** Start time of `pid` in the kernel's ticks since boot: with it, a process id is exact. */
  start?: string
  startedAt?: number
  exit?: Exit
  restarts: number
  unexpectedExits: number
  problem?: Problem
  cgroup?: string
}

export type Request =
  | { op: 'hello' }
  /** Idempotent. `onlyAdopt`: if it runs already; `NOT_RUNNING` otherwise. */
  | { op: 'start'; launch: Launch; onlyAdopt?: boolean }
  /** Ends what runs from a record that cannot be read, and that no `start` has claimed. */
  | { op: 'endStrays' }
  | { op: 'stop'; id: number }
  | { op: 'signal'; id: number; signal: string }
  | { op: 'restart'; id: number }
  /** Only of a process that has ended. */
  | { op: 'forget'; id: number }
  /** `hard` stops every process first; otherwise they run on, for the next supervisor. */
  | { op: 'end'; hard: boolean }

export interface Hello {
  protocol: number
  pid: number
  bootId: string
  /** Can cgroups be made here. */
  cgroups: boolean
  processes: Status[]
}

export type Message =
  | { kind: 'answer'; n: number; ok: true; result?: Hello }
  | { kind: 'answer'; n: number; ok: false; problem: Problem }
  | { kind: 'status'; status: Status }
  | { kind: 'gone'; id: number }
