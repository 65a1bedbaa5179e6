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
import type { DesiredCanary } from './canary.js'
import type { LogRule } from './log-rules.js'
import type { MetricDefinition } from './native-batch.js'

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

export interface DesiredState {
  /** A process that is not listed is stopped; its folder goes after some time. */
  processes: DesiredProcess[]
  clientConfigs: DesiredClientConfig[]
  /** Rules of `metrics[].rules`, by name: the roles of a type share them. */
  metricSets: Record<string, MetricRule[]>
  /** Where metrics go, instead of where the agent was told at start. */
  monitor?: { urls: string[]; token?: string }
  /** All managers, for when the one in use is away. */
  managerUrls?: string[]
  /** Where the host belongs: what its entity, and those of what is on it, have as attributes. */
  place?: HostPlace
  /** Stop all processes, whatever is listed. */
  hardStop?: boolean
}

export interface HostPlace {
  rackId?: string
  clusterName?: string
  clusterDisplayName?: string
  clusterId?: string
  /** Of the cluster: `CDH 7.1.7`. */
  version?: string
}

export interface DesiredProcess {
  /** Never used again for another start: each start by the manager is a process of its own. */
  id: number
  /** `<id>-<service>-<ROLE>`; the name of its folder. */
  name: string
  wanted: 'RUNNING' | 'STOPPED'
  /** `keep`: to run until told otherwise. `once`: a command, run at most once for its id, whatever happens. */
  run: 'keep' | 'once'
  /** A higher one means: the files have changed, write them into the running process's folder (a refresh). */
  revision: number
  /** Sent to the process after a refresh. */
  refreshSignal?: string
  /** Absolute, or relative to the process's folder, which is its working directory. */
  program: string
  args: string[]
  /**
   * All of it but `PATH` and `CONF_DIR` (the folder), which it may replace. In values and in `args`, `{{CMF_CONF_DIR}}` stands
   * for the folder.
   */
  environment: Record<string, string>
  /** Default: the agent's own. */
  user?: string
  group?: string
  files: DesiredFile[]
  directories: DesiredDirectory[]
  limits?: ResourceLimits
  /** Start again when it ends after its start window. Ends within it are tried again in any case. */
  autoRestart: boolean
  /** How often a start is tried again before the process is `FATAL`. Default 3. */
  startRetries: number
  /** A process that runs so long has started. Default 20. */
  startSeconds: number
  stop: { signal: string; timeoutMs: number }
  /** Of stdout and of stderr: size of a file, and how many older ones are kept. */
  logs: { maxBytes: number; backups: number }
  /** Its role's entity: per-process metrics and those of `metrics` are its. */
  entity?: { name: string; displayName?: string; attributes: Record<string, string> }
  metrics: MetricEndpoint[]
  /** Checks that the agent runs beside it while it runs. */
  canaries?: DesiredCanary[]
  /** Which of its log files are followed, and what of them becomes events. Default: those in its folder, by the default rules. */
  logEvents?: LogEvents
}

export interface LogEvents {
  /** Absolute. */
  folders: string[]
  rules: LogRule[]
}

/** Exactly one of `content`, `base64` and `digest` with `url`. */
export interface DesiredFile {
  /** Relative to the folder, with `/`, without `..`. */
  path: string
  /** Octal, as in `0640`. Default `0640`; files with secrets `0600`. */
  mode: string
  /** `process` (default): the process's user. `agent`: the agent's user, the process's group. */
  owner: 'process' | 'agent'
  content?: string
  base64?: string
  /** SHA-256, hexadecimal, of the bytes at `url`, a path on the manager. */
  digest?: string
  url?: string
}

/** Made if it is missing, parents too; one that exists is left as it is. */
export interface DesiredDirectory {
  path: string
  mode: string
  user?: string
  group?: string
}

export const rlimitNames = [
  'as',
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'sigpending',
  'stack',
] as const
export type RlimitName = (typeof rlimitNames)[number]

export interface ResourceLimits {
  /** As prlimit(1) names them, in its units; -1: unlimited. A single number is soft and hard limit. */
  rlimits?: Partial<Record<RlimitName, number | { soft: number; hard: number }>>
  /** cgroup v2: 1 … 10000, the kernel's default is 100. */
  cpuWeight?: number
  ioWeight?: number
  /** Bytes. */
  memoryHigh?: number
  memoryMax?: number
}

export interface MetricEndpoint {
  /** Unique within the process. */
  name: string
  /**
   * `prometheus` the text format, `jmx` the JSON of Hadoop's servlet (`{"beans":[…]}`), `json` any JSON document: these have
   * a `url`. `mntr` ZooKeeper's command on `host` and `port`.
   */
  type: 'prometheus' | 'jmx' | 'json' | 'mntr'
  url?: string
  host?: string
  port?: number
  /** Name in `metricSets`. An empty set takes all that a `prometheus` page has. */
  rules: string
  /** Sent as `Authorization: Bearer`; the certificate, if there is one, has to be good then. */
  token?: string
  /** File on the host with the authorities, PEM, that verify the certificate. */
  caFile?: string
  /** Default 5000. */
  timeoutMs: number
  /** Default 16 MiB. */
  maxBytes: number
}

/**
 * One metric of an endpoint. `context` says where it is:
 * `jmx` `<bean name>::<attribute>` with `::<key>` for each level of a composite; `*` in the bean's name stands for any text
 * without a comma. `json` keys joined by `::`. In both, a text that is a JSON document is looked into, and the key `*` adds up what
 * all members have. `prometheus` `<name>` or `<name>{label="value",…}`, whose matching series are
 * added up. `mntr` the key, such as `zk_avg_latency`.
 */
export interface MetricRule {
  context: string
  metric: MetricDefinition
  /** Numbers for texts, such as `{"leader": 1}`; true and false are 1 and 0 without. */
  valueMap?: Record<string, number>
  /** What the value is multiplied with. */
  scale?: number
  /**
   * `age`: the value is a time, milliseconds since the epoch, and its age in seconds is wanted. `count`: how many members an object
   * or a list has.
   */
  as?: 'age' | 'count'
}

/** Files for programs that run outside of processes, at a fixed place. */
export interface DesiredClientConfig {
  /** Unique on the host, such as `hadoop-conf.hdfs1`. */
  name: string
  /** A higher one is deployed again. */
  revision: number
  /** Absolute; replaced as a whole. */
  directory: string
  files: DesiredFile[]
  /** `update-alternatives --install <link> <name> <directory> <priority>`. */
  alternatives?: { link: string; name: string; priority: number }
  /** Take the files from this folder of a process that ended with code 0, instead of `files`. */
  from?: { processId: number; folder: string }
}

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

/** What a manager remembers of the last beat it took from a host. */
export interface HostSession {
  instanceId: string
  bootId: string
  sequence: number
  /** Instances before this one, newest first. */
  earlier: string[]
}

export type SessionVerdict =
  | 'new'
  | 'next'
  | 'agent-restarted'
  | 'host-restarted'
  /** Overtaken by a later beat of the same instance: not to be looked at. */
  | 'late'
  /** An instance that another one had followed is back: two hosts have this id. */
  | 'two-hosts'

const EARLIER = 8

/**
 * Who is beating, and what to remember of it; `late` and `two-hosts` change nothing.
 *
 * @example
 * const { verdict, session } = judgeSession(known, request)
 */
export function judgeSession(
  known: HostSession | undefined,
  { instanceId, bootId, sequence }: Pick<HeartbeatRequest, 'instanceId' | 'bootId' | 'sequence'>,
): { verdict: SessionVerdict; session: HostSession } {
  if (!known) return { verdict: 'new', session: { instanceId, bootId, sequence, earlier: [] } }
  if (known.instanceId === instanceId) {
    if (sequence <= known.sequence) return { verdict: 'late', session: known }
    return { verdict: 'next', session: { ...known, sequence } }
  }
  if (known.earlier.includes(instanceId)) return { verdict: 'two-hosts', session: known }
  const earlier = [known.instanceId, ...known.earlier].slice(0, EARLIER)
  const verdict = known.bootId === bootId ? 'agent-restarted' : 'host-restarted'
  return { verdict, session: { instanceId, bootId, sequence, earlier } }
}
