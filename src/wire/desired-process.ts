import { canaries } from './canary.js'
import { directory, file } from './desired-file.js'
import { type DesiredProcess, type LogEvents, type ResourceLimits, rlimitNames } from './desired-state.js'
import { absolute, account, BIG, id, revision, signalName } from './heartbeat-checks.js'
import { DEFAULT_LOG_RULES, logRules } from './log-rules.js'
import { endpoint } from './metric-endpoint.js'
import {
  byDefault,
  type Check,
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
