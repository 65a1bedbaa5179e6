/** Checks health tests that come from outside. */

import {
  AGGREGATIONS,
  type CanaryRun,
  type CanarySource,
  type HealthTestDefinition,
  type HealthTestFile,
  type MetricSource,
  type SpanDefinition,
  type SwitchDefinition,
  type TestSource,
  type ThresholdsDefinition,
} from './health-test-definition.js'
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
