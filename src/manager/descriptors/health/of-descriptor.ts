import {
  AGGREGATIONS,
  type HealthTestDefinition,
  type ThresholdsDefinition,
} from '../../../wire/health-tests.js'
import type { HealthTest, RoleDescriptor } from '../model/role.js'
import type { ServiceDescriptor } from '../model/service.js'

type Aggregation = (typeof AGGREGATIONS)[number]

/** As descriptors call them. */
const AGGREGATES: Readonly<Record<string, Aggregation>> = { avg: 'mean', average: 'mean', count: 'sum' }
const COMPARISONS: Readonly<Record<string, Pick<ThresholdsDefinition, 'direction' | 'inclusive'>>> = {
  gt: { direction: 'above' },
  gte: { direction: 'above', inclusive: true },
  lt: { direction: 'below' },
  lte: { direction: 'below', inclusive: true },
}
const METRIC = /^[a-z][a-z0-9_]*$/
const LONGEST_NAME = 100

/**
 * The health tests that a service type brings: those of its roles (`healthTests`), and for role types that run once
 * (`healthAggregation`) that the service takes their health. One that we cannot evaluate is left out.
 */
export function testsOfDescriptor({ type, roles }: ServiceDescriptor): HealthTestDefinition[] {
  return roles.flatMap((role) => [...roleTests(type, role), ...singletonTests(type, role)])
}

export const roleTests = (serviceType: string, role: RoleDescriptor): HealthTestDefinition[] =>
  role.healthTests.flatMap((test) => definitionOf(serviceType, role.type, test) ?? [])

function definitionOf(
  serviceType: string,
  roleType: string,
  test: HealthTest,
): HealthTestDefinition | undefined {
  const comparison = COMPARISONS[test.comparisonOperator]
  const metric = test.metric?.toLowerCase()
  const divisor = test.divisorMetric?.toLowerCase()
  if (test.type !== 'metric' || !comparison || metric === undefined || !METRIC.test(metric)) return undefined
  if (divisor !== undefined && !METRIC.test(divisor)) return undefined
  const given = test.aggregationFunction
  const aggregation = AGGREGATES[given] ?? AGGREGATIONS.find((each) => each === given)
  if (aggregation === undefined) return undefined
  const name = test.name
    .toUpperCase()
    .replace(/[^A-Z0-9_]/g, '_')
    .slice(0, LONGEST_NAME)
  const parameter = name.toLowerCase()
  const label = (test.label || test.name).slice(0, 150)
  const worst = test.redMessage ?? test.yellowMessage
  return {
    name,
    label,
    description: test.description.slice(0, 2_000),
    on: 'ROLE',
    serviceType,
    roleTypes: [roleType],
    source: {
      kind: 'metric',
      metric,
      aggregation,
      ...(divisor !== undefined && { divisor: { metric: divisor } }),
      ...(aggregation === 'last'
        ? { staleSeconds: Math.max(180, test.timeWindowSec) }
        : {
            window: {
              parameter: `${parameter}_window`,
              label: `Window: ${label}`,
              default: test.timeWindowSec,
              unit: 'seconds',
            },
          }),
    },
    thresholds: {
      parameter: `${parameter}_thresholds`,
      label,
      warning: String(test.yellowThreshold ?? 'never'),
      critical: String(test.redThreshold ?? 'never'),
      ...comparison,
      unit: '',
    },
    sentence: sentenceOf(test.greenMessage) || `${label}: {value}.`,
    messages: {
      ...(test.yellowMessage && { CONCERNING: sentenceOf(test.yellowMessage) }),
      ...(worst && { BAD: sentenceOf(worst) }),
    },
    advice: (test.advice ?? test.description).slice(0, 2_000),
  }
}

/** Braces are the monitor's own. */
const sentenceOf = (message: string) =>
  message.replace(/\$\{metric\.value\}|[{}]/g, (found) => (found.length > 1 ? '{value}' : '')).slice(0, 1_000)

export function singletonTests(
  serviceType: string,
  { type, label, healthAggregation }: RoleDescriptor,
): HealthTestDefinition[] {
  if (healthAggregation?.type !== 'singleton') return []
  const name = `${type.toUpperCase().replace(/[^A-Z0-9_]/g, '_')}_HEALTH`.slice(0, LONGEST_NAME)
  const definition: HealthTestDefinition = {
    name,
    label: label.slice(0, 150),
    description: 'The health of the one role.',
    on: 'SERVICE',
    serviceType,
    enabled: {
      parameter: `${name.toLowerCase()}_enabled`,
      label: `${label} test`.slice(0, 150),
      default: true,
    },
    source: { kind: 'singleton', roleType: type },
    sentence: '{value}',
    advice: 'Look at the tests of the role.',
  }
  return [definition]
}
