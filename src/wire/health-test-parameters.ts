import type {
  HealthCategory,
  HealthTestDefinition,
  SpanDefinition,
  ThresholdsDefinition,
  ThresholdWord,
} from './health-test-definition.js'

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
