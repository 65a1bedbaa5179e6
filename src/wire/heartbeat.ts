/**
 * What an agent and its manager say to each other: `POST <manager>/agent/heartbeat`, JSON both ways, `Authorization: Bearer`.
 *
 * A beat tells how the host is; the answer tells how it should be, always as the whole desired state, and only when the agent
 * does not hold that generation yet. The manager may hold a beat for up to `waitMs` and answer as soon as there is something
 * to tell, so that a command reaches the host at once. An agent that has news itself cuts such a beat off and sends one with
 * `waitMs` 0, which is to be answered at once.
 * So every answer may be lost: nothing in it is meant for once. Commands come again until a beat reports them.
 *
 * Other answers: 307 or 503 with `Location`: the active manager is there. 401, 403: the token is wrong. 409 with
 * `HOST_ID_IN_USE`: another host has this id; with `HOST_NAME_IN_USE`: this name. 426 with `PROTOCOL_VERSION`: agent and manager do not understand each other.
 * Their bodies are `HeartbeatRefusal`.
 */
import type { DesiredState } from './desired-state.js'

export * from './desired-state.js'
export * from './heartbeat-session.js'

/** Raised when an old reader would misunderstand a new writer; members may be added without. */
export const HEARTBEAT_PROTOCOL = 1
export const HEARTBEAT_PATH = '/agent/heartbeat'
export const MAX_REQUEST_BYTES = 8 * 1024 * 1024
export const MAX_ANSWER_BYTES = 64 * 1024 * 1024

export interface HeartbeatRequest {
  protocol: number
  hostId: string
  /** Random, made when the agent starts: tells a restarted agent and a second one with the same id apart. */
  instanceId: string
  /** The kernel's boot id: tells a restart of the host. */
  bootId: string
  /** 1, 2, … for each beat of an instance, repeated ones too. */
  sequence: number
  /** Highest term that the agent has seen; answers with a lower one are ignored. 0: none yet. */
  term: number
  /** The deployment that the host belongs to, from the first answer it took. */
  deploymentId?: string
  agentVersion: string
  /** Missing when they are as in the last beat that was answered. */
  facts?: HostFacts
  /** Generation of the desired state that the agent holds; 0: none. */
  generation: number
  /** True when there is nothing left to do for it, whether it could be done or not. */
  settled: boolean
  /** Parts of the desired state that could not be read; the rest of it is in force. */
  faults: DesiredFault[]
  processes: ProcessReport[]
  /** Of checks of the host itself. */
  failures?: CheckFailure[]
  clientConfigs: ClientConfigReport[]
  /** Commands done since the last beat that was answered. */
  commands: CommandReport[]
  /** The agent's clock when it sent the beat, milliseconds since the epoch. */
  clock: number
  /** What has to be added to the agent's clock for the manager's, by the last answer; milliseconds. */
  clockOffset?: number
  /** How long the manager may hold the beat, milliseconds; 0: not at all. */
  waitMs: number
  /** Its beats without news may be held, though this one may not be: it wants to come back at once. Default: as `waitMs` says. */
  holdable?: boolean
}

export interface HostFacts {
  hostname: string
  /** IP addresses, none of loopback; first the one by which others know the host. */
  addresses: string[]
  /** Threads that run at a time. */
  cores: number
  /** Undefined where the platform does not say. */
  physicalCores?: number
  /** Bytes. */
  memory: number
  os: { name: string; version: string; kernel: string; arch: string }
  mounts: { mountpoint: string; device: string; type: string; capacity?: number; free?: number }[]
  /** May the agent run processes as other users (it runs as root). */
  switchesUser: boolean
  /** Are cgroup limits in force. */
  cgroups: boolean
}

/**
 * `PREPARING` files are being written · `STARTING` runs, for less than `startSeconds` · `RUNNING` · `BACKOFF` ended, will be
 * started again · `STOPPING` · `STOPPED` ended because it was told to · `EXITED` ended by itself, and stays so · `FATAL` cannot
 * be started, or ended too often too soon.
 */
export const processStates = [
  'PREPARING',
  'STARTING',
  'RUNNING',
  'BACKOFF',
  'STOPPING',
  'STOPPED',
  'EXITED',
  'FATAL',
] as const
export type ProcessState = (typeof processStates)[number]

export interface ProcessReport {
  id: number
  name: string
  state: ProcessState
  /** When the state began, milliseconds since the epoch. */
  since: number
  pid?: number
  /** When the process now running, or the last one, was started; milliseconds since the epoch. */
  startedAt?: number
  /** Of the last exit: a code or a signal; neither when nobody saw it end (the supervisor was away). */
  exit?: { at: number; code?: number; signal?: string }
  /** Starts by the supervisor's own decision. */
  restarts: number
  /** Exits that nobody asked for, of a process that is to keep running. */
  unexpectedExits: number
  /** Revision of the files in its folder; see `DesiredProcess.revision`. */
  revision: number
  /** Why it is not as wanted, or what is odd: for people; `code` for programs, such as `CANNOT_EXECUTE`. */
  problem?: { code: string; message: string }
  /** Of checks that the agent runs beside it. */
  failures?: CheckFailure[]
}

/** Why a check failed when it was run last; how it went is in the metric. */
export interface CheckFailure {
  metric: string
  message: string
}

export interface ClientConfigReport {
  name: string
  revision: number
  state: 'DEPLOYED' | 'FAILED'
  problem?: { code: string; message: string }
}

export interface CommandReport {
  id: string
  ok: boolean
  message?: string
  /** What a `tail` has read: text without control characters. */
  output?: string
}

/** Most that one `tail` reads, and how many are asked of a host at a time: all of them fit into one beat. */
export const MAX_TAIL_BYTES = 512 * 1024
export const MAX_TAILS = 3

export interface DesiredFault {
  /** As in `processes[3].stop.signal`. */
  path: string
  message: string
  /** Process, if it is one; it is left as it is. */
  id?: number
}

export interface HeartbeatAnswer {
  protocol: number
  /** The manager's database. An agent that belongs to another deployment refuses the answer. */
  deploymentId: string
  /** The active manager's term. */
  term: number
  /** Of the beat that it answers. */
  sequence: number
  /** The present one. */
  generation: number
  /** Missing when the beat named the present generation. */
  desired?: DesiredState
  /** When to send the next beat, milliseconds from now; 0 at once, for managers that hold beats. */
  nextIntervalMs: number
  /** The manager's clock when it got the beat and when it answered; milliseconds since the epoch. */
  clock: { received: number; sent: number }
  /** Send the facts with the next beat. */
  wantFacts?: boolean
  /** Each is sent until it is reported. */
  commands?: AgentCommand[]
  /** A token for this host alone; the agent keeps it and uses it from now on. */
  agentToken?: string
}

export type AgentCommand =
  | { id: string; kind: 'signal'; processId: number; signal: string }
  /** Ends the process now running and starts it again in its folder, without counting as an exit. */
  | { id: string; kind: 'restart'; processId: number }
  /**
   * Tells the end of a log: `stdout`, `stderr`, or the absolute path of a file that the process writes. Whole lines, at most
   * `maxBytes`; the agent gives none that belongs to another user than the process's.
   */
  | { id: string; kind: 'tail'; processId: number; file: string; maxBytes: number }

export interface HeartbeatRefusal {
  code:
    | 'BAD_REQUEST'
    | 'TOKEN'
    | 'PROTOCOL_VERSION'
    | 'HOST_ID_IN_USE'
    | 'HOST_NAME_IN_USE'
    | 'NOT_ACTIVE'
    | 'BUSY'
  message: string
}
