import { type HealthTestDefinition, testDefinition } from '../../../wire/health-tests.js'
import { ShapeError } from '../../../wire/shape.js'
import type { ServiceMetrics } from '../model/mdl.js'
import type { HealthTest, RoleDescriptor } from '../model/role.js'

/**
 * The health tests that a service type brings for a role type (`roles[].healthTests`, csd.md §4.6), as the monitor takes them.
 * Those that compare in a way that is not known, and those without a metric or a threshold, are left out.
 */
export function ownTests(
  serviceType: string,
  role: Pick<RoleDescriptor, 'type' | 'healthTests'>,
  metrics: ServiceMetrics | undefined,
): HealthTestDefinition[] {
  const units = new Map(
    metrics?.roles
      .find(({ type }) => type === role.type)
      ?.metrics.map(({ name, numeratorUnit }) => [name, numeratorUnit]),
  )
  return role.healthTests.flatMap((test) => {
    const given = definition(serviceType, role.type, test, units.get(test.metric ?? '') ?? '')
    if (!given) return []
    try {
      return [testDefinition(given, test.name)]
    } catch (error) {
      if (error instanceof ShapeError) return []
      throw error
    }
  })
}

const AGGREGATIONS = { last: 'last', avg: 'mean', min: 'min', max: 'max', sum: 'sum' } as const

function definition(
  serviceType: string,
  roleType: string,
  test: HealthTest,
  unit: string,
): HealthTestDefinition | undefined {
  const { metric, comparisonOperator: operator, aggregationFunction, yellowThreshold, redThreshold } = test
  if (test.type !== 'metric' || metric === undefined) return undefined
  if (operator === 'unknown' || aggregationFunction === 'unknown') return undefined
  if (yellowThreshold === undefined && redThreshold === undefined) return undefined
  const label = (test.label || test.name).slice(0, 200)
  const window = { default: test.timeWindowSec, unit: 'seconds' } as const
  return {
    name: test.name.toUpperCase(),
    label,
    description: test.description.slice(0, 2_000),
    on: 'ROLE',
    serviceType,
    roleTypes: [roleType],
    source: {
      kind: 'metric',
      metric,
      ...(test.divisorMetric && { divisor: { metric: test.divisorMetric } }),
      aggregation: AGGREGATIONS[aggregationFunction],
      window,
      // A last value counts as long as the window that it is the last of.
      staleSeconds: test.timeWindowSec,
    },
    thresholds: {
      parameter: `${test.name.toLowerCase()}_thresholds`,
      label,
      warning: wordOf(yellowThreshold),
      critical: wordOf(redThreshold),
      direction: operator === 'gt' || operator === 'gte' ? 'above' : 'below',
      inclusive: operator === 'gte' || operator === 'lte',
      unit,
    },
    sentence: `${label}: {value}.`,
    sentences: {
      ...(test.greenMessage && { GOOD: sentenceOf(test.greenMessage) }),
      ...(test.yellowMessage && { CONCERNING: sentenceOf(test.yellowMessage) }),
      ...(test.redMessage && { BAD: sentenceOf(test.redMessage) }),
    },
    advice: (test.advice ?? '').slice(0, 2_000),
  }
}

const wordOf = (threshold: number | undefined) => (threshold === undefined ? 'never' : String(threshold))

/** Braces are the monitor's own. */
const sentenceOf = (message: string) =>
  message.replace(/\$\{metric\.value\}|[{}]/g, (found) => (found.length > 1 ? '{value}' : '')).slice(0, 1_000)
