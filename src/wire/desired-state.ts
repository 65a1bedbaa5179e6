/** How a host should be: what the answer to a heartbeat holds, see heartbeat.ts. */

import type { DesiredCanary } from './canary.js'
import type { LogRule } from './log-rules.js'
import type { MetricDefinition } from './native-batch.js'

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
