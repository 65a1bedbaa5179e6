import { canaries } from './canary.js'
import type {
  AgentCommand,
  CheckFailure,
  ClientConfigReport,
  CommandReport,
  DesiredClientConfig,
  DesiredDirectory,
  DesiredFault,
  DesiredFile,
  DesiredProcess,
  DesiredState,
  HeartbeatAnswer,
  HeartbeatRequest,
  HostFacts,
  HostPlace,
  LogEvents,
  MetricEndpoint,
  MetricRule,
  ProcessReport,
  ResourceLimits,
} from './heartbeat.js'
import { MAX_TAIL_BYTES, processStates, rlimitNames } from './heartbeat.js'
import { DEFAULT_LOG_RULES, logRules } from './log-rules.js'
import type { MetricDefinition } from './native-batch.js'
import type { Check } from './shape.js'
import {
  byDefault,
  finite,
  isObject,
  list,
  oneOf,
  optional,
  record,
  ShapeError,
  shape,
  text,
  truth,
  whole,
} from './shape.js'

const BIG = Number.MAX_SAFE_INTEGER
const id = whole(1, BIG)
const revision = whole(0, BIG)
const time = finite
const word = text(64, /^[A-Za-z0-9-]{8,64}$/, 'an id of 8 to 64 letters, digits and dashes')
export const signalName = text(20, /^SIG[A-Z0-9]{1,16}$/, 'the name of a signal such as SIGTERM')
const mode = text(5, /^0?[0-7]{3,4}$/, 'an octal mode such as 0640')
const account = text(64, /^[A-Za-z_0-9][A-Za-z0-9_.@-]*\$?$/, 'the name of a user or group')
const absolute = text(1000, /^\/(?!.*(^|\/)\.\.?(\/|$)).*$/s, 'an absolute path without . and ..')
const relative = text(
  500,
  /^(?!\/)(?!.*(^|\/)\.{1,2}(\/|$))(?!.*\/\/)(?!.*\/$).+$/s,
  'a relative path without . and ..',
)
const httpUrl = text(2000, /^https?:\/\/[^\s/]+/, 'an http or https URL')
const problem = optional(shape({ code: text(64), message: text(4000) }))
const names = (max: number) => list(text(200), max)

const facts = shape<HostFacts>({
  hostname: text(255),
  addresses: list(text(64), 1000),
  cores: whole(0, 100_000),
  physicalCores: optional(whole(0, 100_000)),
  memory: whole(0, BIG),
  os: shape({ name: text(200), version: text(200), kernel: text(200), arch: text(64) }),
  mounts: list(
    shape({
      mountpoint: text(4096),
      device: text(4096),
      type: text(64),
      capacity: optional(finite),
      free: optional(finite),
    }) as Check<HostFacts['mounts'][number]>,
    2000,
  ),
  switchesUser: truth,
  cgroups: truth,
})

const failures = optional(list(shape<CheckFailure>({ metric: text(200), message: text(500) }), 50))

const processReport = shape<ProcessReport>({
  id,
  name: text(255),
  state: oneOf(...processStates),
  since: time,
  pid: optional(whole(1, BIG)),
  startedAt: optional(time),
  exit: optional(
    shape({ at: time, code: optional(whole(0, 255)), signal: optional(signalName) }) as Check<
      NonNullable<ProcessReport['exit']>
    >,
  ),
  restarts: revision,
  unexpectedExits: revision,
  revision,
  problem,
  failures,
})

const request = shape<HeartbeatRequest>({
  protocol: whole(0, BIG),
  hostId: word,
  instanceId: word,
  bootId: text(64),
  sequence: whole(1, BIG),
  term: revision,
  deploymentId: optional(text(64)),
  agentVersion: text(64),
  facts: optional(facts),
  generation: revision,
  settled: truth,
  faults: list(shape<DesiredFault>({ path: text(4000), message: text(4000), id: optional(id) }), 1000),
  processes: list(processReport, 10_000),
  failures,
  clientConfigs: list(
    shape<ClientConfigReport>({
      name: text(255),
      revision,
      state: oneOf('DEPLOYED', 'FAILED'),
      problem,
    }),
    1000,
  ),
  commands: list(
    shape<CommandReport>({
      id: text(64),
      ok: truth,
      message: optional(text(4000)),
      output: optional(text(MAX_TAIL_BYTES)),
    }),
    1000,
  ),
  clock: time,
  clockOffset: optional(finite),
  waitMs: whole(0, 600_000),
  holdable: optional(truth),
})

/** What a beat's body holds. Throws ShapeError, which names what is wrong and where. */
export const parseHeartbeatRequest = (value: unknown): HeartbeatRequest => request(value, '')

const metricDefinition = shape<MetricDefinition>({
  name: text(255, /^[a-z][a-z0-9_]*$/, 'a metric name in lower-case snake case'),
  displayName: optional(text(255)),
  description: optional(text(4000)),
  unitNumerators: optional(names(10)),
  unitDenominators: optional(names(10)),
  isCounter: optional(truth),
  aliases: optional(names(100)),
  weightingMetricName: optional(text(255)),
})

const metricRule = shape<MetricRule>({
  context: text(1000),
  metric: metricDefinition,
  valueMap: optional(record(finite, 1000)),
  scale: optional(finite),
  as: optional(oneOf('age', 'count')),
})

/** Exactly one source: a file with two would be one thing to one reader and another to the next. */
const file: Check<DesiredFile> = (value, path) => {
  const checked = shape<DesiredFile>({
    path: relative,
    mode: byDefault(mode, '0640'),
    owner: byDefault(oneOf('process', 'agent'), 'process'),
    content: optional(text(16 * 1024 * 1024)),
    base64: optional(text(24 * 1024 * 1024, /^[A-Za-z0-9+/]*={0,2}$/, 'base64')),
    digest: optional(text(64, /^[0-9a-f]{64}$/, 'a SHA-256 in 64 hexadecimal digits')),
    url: optional(text(2000, /^\/(?!\/)/, 'a path on the manager that starts with /')),
  })(value, path)
  const sources = [checked.content, checked.base64, checked.url].filter((one) => one !== undefined)
  if (sources.length !== 1 || (checked.url === undefined) !== (checked.digest === undefined))
    throw new ShapeError(path, 'a file with one of content, base64, or digest and url')
  if (/^logs(\/|$)/.test(checked.path)) throw new ShapeError(`${path}.path`, 'outside of logs/')
  return checked
}

const directory = shape<DesiredDirectory>({
  path: absolute,
  mode: byDefault(mode, '0755'),
  user: optional(account),
  group: optional(account),
})

const rlimit = whole(-1, BIG)
const limits = shape<ResourceLimits>({
  rlimits: optional((value, path) => {
    const checked = record<number | { soft: number; hard: number }>(
      (one, at) => (isObject(one) ? shape({ soft: rlimit, hard: rlimit })(one, at) : rlimit(one, at)),
      rlimitNames.length,
    )(value, path)
    for (const name of Object.keys(checked)) oneOf(...rlimitNames)(name, `${path}.${name}`)
    return checked as ResourceLimits['rlimits']
  }),
  cpuWeight: optional(whole(1, 10_000)),
  ioWeight: optional(whole(1, 10_000)),
  memoryHigh: optional(whole(0, BIG)),
  memoryMax: optional(whole(0, BIG)),
})

const endpoint: Check<MetricEndpoint> = (value, path) => {
  const checked = shape<MetricEndpoint>({
    name: text(100),
    type: oneOf('prometheus', 'jmx', 'json', 'mntr'),
    url: optional(httpUrl),
    host: optional(text(255, /^[A-Za-z0-9.:_-]+$/, 'a host')),
    port: optional(whole(1, 65_535)),
    rules: text(200),
    token: optional(text(4000, /^[\x21-\x7e]+$/, 'a token')),
    caFile: optional(text(4096, /^\//, 'an absolute path')),
    timeoutMs: byDefault(whole(10, 60_000), 5000),
    maxBytes: byDefault(whole(1, 256 * 1024 * 1024), 16 * 1024 * 1024),
  })(value, path)
  const complete =
    checked.type === 'mntr'
      ? checked.host !== undefined && checked.port !== undefined
      : checked.url !== undefined
  if (!complete) throw new ShapeError(path, checked.type === 'mntr' ? 'with host and port' : 'with a url')
  return checked
}

export const desiredProcess: Check<DesiredProcess> = (value, path) => {
  const checked = shape<DesiredProcess>({
    id,
    name: text(255, /^\d{1,16}-[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'of the form <id>-<service>-<ROLE>'),
    wanted: byDefault(oneOf('RUNNING', 'STOPPED'), 'RUNNING'),
    run: byDefault(oneOf('keep', 'once'), 'keep'),
    revision: byDefault(revision, 0),
    refreshSignal: optional(signalName),
    program: text(4096, /./s, 'a program'),
    args: byDefault(list(text(131_072), 10_000), []),
    environment: byDefault(record(text(131_072), 10_000, /^[^=\0]{1,500}$/), {}),
    user: optional(account),
    group: optional(account),
    files: byDefault(list(file, 10_000), []),
    directories: byDefault(list(directory, 1000), []),
    limits: optional(limits),
    autoRestart: byDefault(truth, false),
    startRetries: byDefault(whole(0, 1000), 3),
    startSeconds: byDefault(whole(0, 86_400), 20),
    stop: byDefault(
      shape({ signal: byDefault(signalName, 'SIGTERM'), timeoutMs: byDefault(whole(0, 86_400_000), 30_000) }),
      { signal: 'SIGTERM', timeoutMs: 30_000 },
    ),
    logs: byDefault(
      shape({
        maxBytes: byDefault(whole(4096, 10 * 1024 ** 3), 10 * 1024 ** 2),
        backups: byDefault(whole(0, 100), 2),
      }),
      { maxBytes: 10 * 1024 ** 2, backups: 2 },
    ),
    entity: optional(
      shape({
        name: text(500, /./s, 'a name'),
        displayName: optional(text(500)),
        attributes: record(text(4000), 200),
      }) as Check<NonNullable<DesiredProcess['entity']>>,
    ),
    metrics: byDefault(list(endpoint, 20), []),
    canaries: optional(canaries),
    logEvents: optional(
      shape<LogEvents>({ folders: list(absolute, 20), rules: byDefault(logRules, [...DEFAULT_LOG_RULES]) }),
    ),
  })(value, path)
  if (!checked.name.startsWith(`${checked.id}-`))
    throw new ShapeError(`${path}.name`, 'of the form <id>-<service>-<ROLE>, with the id of the process')
  if (new Set(checked.files.map((one) => one.path)).size !== checked.files.length)
    throw new ShapeError(`${path}.files`, 'files with a path each of their own')
  return checked
}

const clientConfig = shape<DesiredClientConfig>({
  name: text(200, /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'a name of letters, digits, dots and dashes'),
  revision,
  directory: absolute,
  files: byDefault(list(file, 1000), []),
  alternatives: optional(
    shape({
      link: absolute,
      name: text(100, /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'a name'),
      priority: whole(0, 1_000_000),
    }),
  ),
  from: optional(shape({ processId: id, folder: relative })),
})

const command: Check<AgentCommand> = (value, path) => {
  const { kind } = shape<{ kind: AgentCommand['kind'] }>({ kind: oneOf('signal', 'restart', 'tail') })(
    value,
    path,
  )
  const base = { id: text(64), processId: id }
  if (kind === 'tail')
    return {
      kind,
      ...shape<{ id: string; processId: number; file: string; maxBytes: number }>({
        ...base,
        file: text(
          1000,
          /^(stdout|stderr|\/(?!.*(^|\/)\.\.?(\/|$)).*)$/s,
          'stdout, stderr or an absolute path',
        ),
        maxBytes: whole(1, MAX_TAIL_BYTES),
      })(value, path),
    }
  return kind === 'signal'
    ? {
        kind,
        ...shape<{ id: string; processId: number; signal: string }>({ ...base, signal: signalName })(
          value,
          path,
        ),
      }
    : { kind, ...shape<{ id: string; processId: number }>(base)(value, path) }
}

const answer = shape<Omit<HeartbeatAnswer, 'desired' | 'commands'>>({
  protocol: whole(0, BIG),
  deploymentId: text(64, /./, 'an id'),
  term: revision,
  sequence: whole(1, BIG),
  generation: revision,
  nextIntervalMs: whole(0, 3_600_000),
  clock: shape({ received: time, sent: time }),
  wantFacts: optional(truth),
  agentToken: optional(text(4000, /^[\x21-\x7e]+$/, 'a token of printable characters')),
})

export interface ParsedAnswer {
  answer: HeartbeatAnswer
  /** What of the desired state could not be read. The rest of it is good. */
  faults: DesiredFault[]
}

/** What an answer's body holds. Throws ShapeError where the answer itself is wrong; see `faults` for the desired state. */
export function parseHeartbeatAnswer(value: unknown): ParsedAnswer {
  const checked: HeartbeatAnswer = answer(value, '')
  const faults: DesiredFault[] = []
  const { desired, commands } = value as { desired?: unknown; commands?: unknown }
  if (desired !== undefined && desired !== null) checked.desired = parseDesired(desired, faults)
  if (commands !== undefined && commands !== null)
    checked.commands = each(commands, command, 'commands', 1000, faults)
  return { answer: checked, faults }
}

/** A desired state; what cannot be read of it goes to `faults`. Throws ShapeError when it is none at all. */
export function parseDesired(value: unknown, faults: DesiredFault[]): DesiredState {
  const rest = shape<Omit<DesiredState, 'processes' | 'clientConfigs' | 'metricSets'>>({
    monitor: optional(
      shape({ urls: list(httpUrl, 20), token: optional(text(4000, /^[\x21-\x7e]*$/, 'a token')) }) as Check<
        NonNullable<DesiredState['monitor']>
      >,
    ),
    managerUrls: optional(list(httpUrl, 20)),
    place: optional(
      shape<HostPlace>({
        rackId: optional(text(4000)),
        clusterName: optional(text(4000)),
        clusterDisplayName: optional(text(4000)),
        clusterId: optional(text(4000)),
        version: optional(text(4000)),
      }),
    ),
    hardStop: optional(truth),
  })(value, 'desired')
  const { processes, clientConfigs, metricSets } = value as Record<string, unknown>
  const good = each(processes, desiredProcess, 'desired.processes', 10_000, faults)
  const seen = new Set<number>()
  const unique = good.filter(({ id: one }) => {
    if (!seen.has(one)) return seen.add(one)
    faults.push({ path: 'desired.processes', message: `process ${one} is there twice`, id: one })
    return false
  })
  const sets: Record<string, MetricRule[]> = Object.create(null)
  for (const [name, rules] of Object.entries(isObject(metricSets) ? metricSets : {}))
    sets[name] = each(rules, metricRule, `desired.metricSets.${name}`, 20_000, faults)
  return {
    ...rest,
    processes: unique,
    clientConfigs: each(clientConfigs ?? [], clientConfig, 'desired.clientConfigs', 1000, faults),
    metricSets: sets,
  }
}

const MAX_FAULTS = 20_000

/** Every good one of a list; a bad one does not cost the others. Throws ShapeError when it is no list. */
function each<T>(value: unknown, check: Check<T>, path: string, max: number, faults: DesiredFault[]): T[] {
  return list((one) => one, max)(value, path).flatMap((one, i) => {
    try {
      return [check(one, `${path}[${i}]`)]
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error
      const known = isObject(one) && Number.isSafeInteger(one.id) ? { id: one.id as number } : {}
      if (faults.length < MAX_FAULTS) faults.push({ path: error.path, message: error.message, ...known })
      return []
    }
  })
}
