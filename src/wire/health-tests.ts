/**
 * Health tests as data: `descriptors/health/*.json` has ours, `HealthModel.tests` those of other service types. Docs: docs/health.md.
 */
import {
  byDefault,
  type Check,
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

export const HEALTH_CATEGORIES = ['CLUSTER', 'SERVICE', 'ROLE', 'HOST'] as const
export type HealthCategory = (typeof HEALTH_CATEGORIES)[number]

/** A number, `any` (more than 0) or `never`; as text, as configuration has it. */
export type ThresholdWord = string

export interface ThresholdsDefinition {
  /** Configuration parameter; `{role}` stands for the role type, in lower case. */
  parameter: string
  label: string
  warning: ThresholdWord
  critical: ThresholdWord
  /** `above`: more than the threshold is worse. `below`: less is. */
  direction: 'above' | 'below'
  /** A value at the threshold is on its bad side. Default: on its good side. */
  inclusive?: boolean
  unit: string
}

export interface SwitchDefinition {
  parameter: string
  label: string
  default: boolean
}

/** A time span that a parameter may set, in the parameter's unit. */
export interface SpanDefinition {
  parameter?: string
  label?: string
  default: number
  unit: 'seconds' | 'minutes' | 'milliseconds'
}

export const AGGREGATIONS = ['last', 'mean', 'min', 'max', 'sum', 'increase', 'rate', 'raised'] as const

export interface MetricSource {
  kind: 'metric'
  metric: string
  /** The value is divided by another metric, or by a parameter of the configuration. */
  divisor?: { metric: string } | { parameter: string; default: number }
  /** Factor of the value: 100 for percentages. Default 1. */
  scale?: number
  /**
   * Over the window; default `last`. `increase` is of a counter that may start over, `rate` the same per second of the window.
   * `raised`: the last value if it grew within the window, else 0: for maxima that a program keeps from its start on.
   */
  aggregation?: (typeof AGGREGATIONS)[number]
  window?: SpanDefinition
  /** The entity's own metric, or those of the host's parts, of which the worst counts. Default: its own. */
  of?: 'FILESYSTEM' | 'NETWORK_INTERFACE' | 'DISK'
  /** Of file systems: those that hold the folders of this name in the configuration's `paths`. Default: all. */
  path?: string
  /** Of parts: those with an attribute that begins so are left out. */
  except?: { attribute: string; prefixes: string[] }[]
  /** Of a service: the metric of its roles of these types; of those where `active` is 1, if there are any. The worst counts. */
  from?: { roleTypes: string[]; active?: string }
  /** A last sample older than this is no figure any more. Default 180. */
  staleSeconds?: number
  /** What it means that there are no figures while the role runs. Default `NOT_AVAILABLE`. */
  missing?: 'NOT_AVAILABLE' | 'CONCERNING' | 'BAD'
  /** Another view of the same figures, in force while the first thresholds are both `never`. */
  percentage?: { divisor: string; thresholds: ThresholdsDefinition }
}

/** A check that was run near the role and reports how it went and how long it took, as two metrics. */
export interface CanarySource {
  kind: 'canary'
  /** 1: well; 0: failed. */
  status: string
  /** In milliseconds; the thresholds are of it. */
  duration?: string
  /** What a failure means. Default `BAD`. */
  failure?: 'CONCERNING' | 'BAD'
  /** Of a service: a role of these types may send it. The newest counts. */
  roleTypes?: string[]
  staleSeconds?: number
  /** What the agent runs, when it is not something that it does anyway. */
  run?: CanaryRun
}

/**
 * The agent runs it beside the role, every so often, as the role's user, with the role's environment and folder, and sends
 * `status` and `duration` as samples of the role. `${name}` in texts is a parameter of the role, `${host}` its host, `${user}` its
 * user. Of a test of a role each role of the type runs it; of one of a service a role of `roleTypes` that the manager chooses.
 */
export type CanaryRun = {
  everySeconds: number
  timeoutMs: number
  /** As long as the role's process is younger than this, failures do not count. Default 60. */
  startupSeconds?: number
  /** It is run only where parameters of the role have these values. */
  when?: Record<string, string>
} & (
  | { kind: 'command'; program: string; args: string[] }
  | { kind: 'http'; url: string; status?: number[]; contains?: string }
  /** Writes, reads and deletes a file in the folder. */
  | { kind: 'file'; folder: string }
  /** Makes, reads and deletes a znode below `path`. `server` is filled in for each role of the type, as `${peer:host}`. */
  | { kind: 'zookeeper'; server: string; path: string }
  /** Writes, reads and deletes a file below `path`. `url` is filled in for each role of the type, as `${peer:host}`. */
  | { kind: 'webhdfs'; url: string; path: string; user: string }
)

export type TestSource =
  | MetricSource
  | CanarySource
  /** Heartbeats that have not come. Without a manager: age of the host's newest sample. */
  | { kind: 'heartbeat' }
  /** The role's process is as expected. */
  | { kind: 'process' }
  /** The health of the host that the role runs on. */
  | { kind: 'host' }
  /** Of the service's roles of these types, or of the cluster's hosts or services: how many are healthy, percent. */
  | { kind: 'percent'; of: 'ROLE' | 'HOST' | 'SERVICE'; roleTypes?: string[] }
  /** The service takes the health of its one role of the type. */
  | { kind: 'singleton'; roleType: string }
  /** One of the roles of the type is active by this metric (1), and well; or, `standby`, another one waits. */
  | {
      kind: 'pair'
      roleType: string
      metric: string
      part: 'active' | 'standby'
      window: SpanDefinition
    }

export interface HealthTestDefinition {
  /** Upper case; `{ROLE}` stands for the role type's prefix, `{SERVICE}` for the service type. */
  name: string
  label: string
  description: string
  on: HealthCategory
  /** Default: of all. */
  serviceType?: string
  roleTypes?: string[]
  /** Default: in force. */
  enabled?: SwitchDefinition
  source: TestSource
  thresholds?: ThresholdsDefinition
  /** The role must have run for so long before a bad result of this counts. */
  startupTolerance?: SpanDefinition
  /** What it says with its figures: `{value}`, `{dividend}`, `{divisor}`, `{window}`, `{part}`. */
  sentence: string
  /** What it says instead when it is not well. */
  messages?: { CONCERNING?: string; BAD?: string }
  advice: string
}

/** The file form: tests, and what test names call role types. */
export interface HealthTestFile {
  /** Prefix by service and role type, such as `HDFS/NAMENODE` → `NAME_NODE`. Default: the role type. */
  prefixes?: Record<string, string>
  /** By service and role type: which parameters of the configuration hold the folders that tests look at, by their `path`. */
  paths?: Record<string, Record<string, string[]>>
  tests: HealthTestDefinition[]
}

const short = text(200)
const identifier = text(120, /^[A-Za-z0-9_{}.-]+$/, 'a name of letters, digits and _')
const metricName = text(200, /^[a-z][a-z0-9_]*$/, 'a metric name in lower case')
const word: Check<string> = (value, path) => {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  if (typeof value === 'string' && (value === 'any' || value === 'never' || isNumber(value))) return value
  throw new ShapeError(path, 'a number, any or never')
}
const isNumber = (value: string) => value.trim() !== '' && Number.isFinite(Number(value))

const thresholds = shape<ThresholdsDefinition>({
  parameter: identifier,
  label: short,
  warning: word,
  critical: word,
  direction: oneOf('above', 'below'),
  inclusive: optional(truth),
  unit: short,
})

const span = shape<SpanDefinition>({
  parameter: optional(identifier),
  label: optional(short),
  default: finite,
  unit: oneOf('seconds', 'minutes', 'milliseconds'),
})

const seconds = whole(1, 86_400)

const divisor: Check<NonNullable<MetricSource['divisor']>> = (value, path) =>
  isObject(value) && 'metric' in value
    ? shape<{ metric: string }>({ metric: metricName })(value, path)
    : shape<{ parameter: string; default: number }>({ parameter: identifier, default: finite })(value, path)

const metricSource = shape<MetricSource>({
  kind: oneOf('metric'),
  metric: metricName,
  divisor: optional(divisor),
  scale: optional(finite),
  aggregation: optional(oneOf(...AGGREGATIONS)),
  window: optional(span),
  of: optional(oneOf('FILESYSTEM', 'NETWORK_INTERFACE', 'DISK')),
  path: optional(identifier),
  except: optional(
    list(
      shape<NonNullable<MetricSource['except']>[number]>({
        attribute: identifier,
        prefixes: list(text(50), 100),
      }),
      10,
    ),
  ),
  from: optional(
    shape<NonNullable<MetricSource['from']>>({
      roleTypes: list(identifier, 100),
      active: optional(metricName),
    }),
  ),
  staleSeconds: optional(seconds),
  missing: optional(oneOf('NOT_AVAILABLE', 'CONCERNING', 'BAD')),
  percentage: optional(shape<NonNullable<MetricSource['percentage']>>({ divisor: metricName, thresholds })),
})

const runs: { [K in CanaryRun['kind']]: Check<object> } = {
  command: shape({ program: text(1_000), args: list(text(4_000), 100) }),
  http: shape<{ url: string; status?: number[]; contains?: string }>({
    url: text(2_000),
    status: optional(list(whole(100, 599), 50)),
    contains: optional(text(1_000)),
  }),
  file: shape({ folder: text(1_000) }),
  zookeeper: shape({ server: text(500), path: text(1_000) }),
  webhdfs: shape({ url: text(2_000), path: text(1_000), user: text(200) }),
}

const run: Check<CanaryRun> = (value, path) => {
  const kinds = Object.keys(runs) as CanaryRun['kind'][]
  const kind = oneOf(...kinds)(isObject(value) ? value.kind : undefined, `${path}.kind`)
  const common = shape<Pick<CanaryRun, 'everySeconds' | 'timeoutMs' | 'startupSeconds' | 'when'>>({
    everySeconds: seconds,
    timeoutMs: whole(10, 600_000),
    startupSeconds: optional(whole(0, 86_400)),
    when: optional(record(text(1_000), 20)),
  })(value, path)
  return { kind, ...common, ...runs[kind](value, path) } as CanaryRun
}

const sources: { [K in TestSource['kind']]: Check<Extract<TestSource, { kind: K }>> } = {
  metric: metricSource,
  canary: shape<CanarySource>({
    kind: oneOf('canary'),
    status: metricName,
    duration: optional(metricName),
    failure: optional(oneOf('CONCERNING', 'BAD')),
    roleTypes: optional(list(identifier, 100)),
    staleSeconds: optional(seconds),
    run: optional(run),
  }),
  heartbeat: shape<{ kind: 'heartbeat' }>({ kind: oneOf('heartbeat') }),
  process: shape<{ kind: 'process' }>({ kind: oneOf('process') }),
  host: shape<{ kind: 'host' }>({ kind: oneOf('host') }),
  percent: shape<Extract<TestSource, { kind: 'percent' }>>({
    kind: oneOf('percent'),
    of: oneOf('ROLE', 'HOST', 'SERVICE'),
    roleTypes: optional(list(identifier, 100)),
  }),
  singleton: shape<Extract<TestSource, { kind: 'singleton' }>>({
    kind: oneOf('singleton'),
    roleType: identifier,
  }),
  pair: shape<Extract<TestSource, { kind: 'pair' }>>({
    kind: oneOf('pair'),
    roleType: identifier,
    metric: metricName,
    part: oneOf('active', 'standby'),
    window: span,
  }),
}

const source: Check<TestSource> = (value, path) => {
  const kind = oneOf(...(Object.keys(sources) as TestSource['kind'][]))(
    isObject(value) ? value.kind : undefined,
    `${path}.kind`,
  )
  return (sources[kind] as Check<TestSource>)(value, path)
}

/** Checks one definition; throws `ShapeError` with the path of what is wrong. */
export const testDefinition: Check<HealthTestDefinition> = shape<HealthTestDefinition>({
  name: text(120, /^[A-Z0-9_{}]+$/, 'a name in upper case'),
  label: short,
  description: text(2_000),
  on: oneOf('CLUSTER', 'SERVICE', 'ROLE', 'HOST'),
  serviceType: optional(identifier),
  roleTypes: optional(list(identifier, 200)),
  enabled: optional(shape<SwitchDefinition>({ parameter: identifier, label: short, default: truth })),
  source,
  thresholds: optional(thresholds),
  startupTolerance: optional(span),
  sentence: text(1_000),
  messages: optional(
    shape<NonNullable<HealthTestDefinition['messages']>>({
      CONCERNING: optional(text(1_000)),
      BAD: optional(text(1_000)),
    }),
  ),
  advice: byDefault(text(2_000), ''),
})

/** Reads a file of `descriptors/health`. Throws `ShapeError`. */
export function readHealthTestFile(value: unknown): HealthTestFile {
  return shape<HealthTestFile>({
    prefixes: optional(record(text(120, /^[A-Z0-9_]+$/, 'a name in upper case'), 500)),
    paths: optional(record(record(list(text(120), 20), 20), 500)),
    tests: list(testDefinition, 2_000),
  })(value, '')
}

/** A configuration parameter of a health test, as the manager lists it. */
export interface HealthParameter {
  name: string
  label: string
  description: string
  type: 'thresholds' | 'boolean' | 'long'
  /** As text. */
  default: string
  unit?: string
  /** The test that it is of. */
  test: string
}

/**
 * The parameters of the tests of a host, a role of a type, a service or a cluster, each once; suppressions are not among them.
 *
 *     healthParameters(tests, { on: 'ROLE', serviceType: 'HDFS', roleType: 'DATANODE' })
 *     // [{ name: 'datanode_fd_thresholds', type: 'thresholds', default: '{"warning":"50.0","critical":"70.0"}', … }]
 */
export function healthParameters(
  tests: readonly HealthTestDefinition[],
  of: { on: HealthCategory; serviceType?: string; roleType?: string },
): HealthParameter[] {
  const out = new Map<string, HealthParameter>()
  for (const test of tests) {
    if (!appliesTo(test, of)) continue
    const { source } = test
    const put = (parameter: string, rest: Omit<HealthParameter, 'name' | 'description' | 'test'>) => {
      const name = parameterName(parameter, of.roleType)
      if (!out.has(name)) out.set(name, { name, ...rest, description: test.description, test: test.name })
    }
    const putThresholds = ({ parameter, label, warning, critical, unit }: ThresholdsDefinition) =>
      put(parameter, {
        label,
        type: 'thresholds',
        default: JSON.stringify({ warning: decimal(warning), critical: decimal(critical) }),
        unit,
      })
    const putSpan = (span: SpanDefinition | undefined) => {
      if (span?.parameter)
        put(span.parameter, {
          label: span.label ?? span.parameter,
          type: 'long',
          default: String(span.default),
          unit: span.unit,
        })
    }
    if (test.enabled)
      put(test.enabled.parameter, {
        label: test.enabled.label,
        type: 'boolean',
        default: String(test.enabled.default),
      })
    if (test.thresholds) putThresholds(test.thresholds)
    if (source.kind === 'metric' && source.percentage) putThresholds(source.percentage.thresholds)
    if (source.kind === 'metric' || source.kind === 'pair') putSpan(source.window)
    putSpan(test.startupTolerance)
  }
  return [...out.values()]
}

const decimal = (word: ThresholdWord): string => (/^-?\d+$/.test(word) ? `${word}.0` : word)

/** `{role}_fd_thresholds` → `datanode_fd_thresholds`. */
export function parameterName(parameter: string, roleType = ''): string {
  return parameter.replace('{role}', roleType.toLowerCase())
}

export function appliesTo(
  test: HealthTestDefinition,
  { on, serviceType, roleType }: { on: HealthCategory; serviceType?: string; roleType?: string },
): boolean {
  return (
    test.on === on &&
    (test.serviceType === undefined || test.serviceType === serviceType) &&
    (test.roleTypes === undefined || (roleType !== undefined && test.roleTypes.includes(roleType)))
  )
}
