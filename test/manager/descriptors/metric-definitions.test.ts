import { describe, expect, test } from 'vitest'
import { type ProblemCode, rateName } from '../../../src/manager/descriptors/index.js'
import { describeSdl, sdl } from './support/bundle.js'

const metric = (more: Record<string, unknown> = {}) => ({
  name: 'demo_things',
  label: 'Things',
  description: 'Things there are.',
  numeratorUnit: 'things',
  ...more,
})
const mdl = (more: Record<string, unknown> = {}) => ({ name: 'DEMO', version: '1', ...more })
const withMetric = (more: Record<string, unknown>) => mdl({ metricDefinitions: [metric(more)] })
const role = (more: Record<string, unknown>) => mdl({ roles: [{ name: 'DEMO_SERVER', ...more }] })
const entity = (more: Record<string, unknown>) =>
  mdl({
    metricEntityAttributeDefinitions: [{ name: 'demoTopic', label: 'Topic', description: 'T.' }],
    metricEntityTypeDefinitions: [
      {
        name: 'DEMO_TOPIC',
        label: 'Topic',
        labelPlural: 'Topics',
        description: 'A topic.',
        immutableAttributeNames: ['serviceName', 'demoTopic'],
        entityNameFormat: ['serviceName', 'demoTopic'],
        parentMetricEntityTypeNames: ['DEMO'],
        metricDefinitions: [metric()],
        ...more,
      },
    ],
  })

const cases: readonly (readonly [string, unknown, ProblemCode, string])[] = [
  ['a metric of another service', withMetric({ name: 'other_things' }), 'BAD_VALUE', 'metricDefinitions[0]'],
  ['a metric without a name', withMetric({ name: undefined }), 'MISSING', 'metricDefinitions[0].name'],
  ['a name in capitals', withMetric({ name: 'demo_Things' }), 'BAD_VALUE', 'metricDefinitions[0].name'],
  ['two underscores', withMetric({ name: 'demo__things' }), 'BAD_VALUE', 'metricDefinitions[0].name'],
  [
    'a counter that ends in _rate',
    withMetric({ name: 'demo_rate', counter: true }),
    'BAD_VALUE',
    'metricDefinitions[0].name',
  ],
  [
    'a counter with a denominator',
    withMetric({ counter: true, denominatorUnit: 'seconds' }),
    'CONFLICT',
    'metricDefinitions[0].denominatorUnit',
  ],
  [
    'a rate without a denominator',
    withMetric({ name: 'demo_rate' }),
    'MISSING',
    'metricDefinitions[0].denominatorUnit',
  ],
  [
    'a weight that does not exist',
    withMetric({ weightingMetricName: 'demo_gone' }),
    'UNKNOWN_REFERENCE',
    'metricDefinitions[0]',
  ],
  [
    'a weight that is itself',
    withMetric({ weightingMetricName: 'demo_things' }),
    'UNKNOWN_REFERENCE',
    'metricDefinitions[0]',
  ],
  [
    'a rate that is there already',
    mdl({
      metricDefinitions: [
        metric({ name: 'demo_x_count', counter: true }),
        metric({ name: 'demo_x_rate', denominatorUnit: 'seconds' }),
      ],
    }),
    'CONFLICT',
    'metricDefinitions[0]',
  ],
  [
    'two definitions that differ',
    mdl({
      metricDefinitions: [metric()],
      roles: [{ name: 'DEMO_SERVER', metricDefinitions: [metric({ label: 'Other' })] }],
    }),
    'CONFLICT',
    'roles[0].metricDefinitions[0]',
  ],
  ['a role that does not exist', mdl({ roles: [{ name: 'GONE' }] }), 'UNKNOWN_REFERENCE', 'roles[0].name'],
  [
    'an unknown attribute of a role',
    role({ additionalImmutableAttributeNames: ['demoGone'] }),
    'UNKNOWN_REFERENCE',
    'roles[0].additionalImmutableAttributeNames',
  ],
  [
    'an attribute with a digit',
    mdl({ metricEntityAttributeDefinitions: [{ name: 'demo1', label: 'D', description: 'D' }] }),
    'BAD_VALUE',
    'metricEntityAttributeDefinitions[0].name',
  ],
  [
    'an attribute of another service',
    mdl({ metricEntityAttributeDefinitions: [{ name: 'otherThing', label: 'D', description: 'D' }] }),
    'BAD_VALUE',
    'metricEntityAttributeDefinitions[0].name',
  ],
  [
    'an entity type of another service',
    entity({ name: 'OTHER_TOPIC' }),
    'BAD_VALUE',
    'metricEntityTypeDefinitions[0].name',
  ],
  [
    'an unknown parent',
    entity({ parentMetricEntityTypeNames: ['GONE'] }),
    'UNKNOWN_REFERENCE',
    'metricEntityTypeDefinitions[0].parentMetricEntityTypeNames',
  ],
  [
    'a parent that cannot be named',
    entity({ parentMetricEntityTypeNames: ['DEMO-DEMO_SERVER'] }),
    'UNKNOWN_REFERENCE',
    'metricEntityTypeDefinitions[0].parentMetricEntityTypeNames',
  ],
  [
    'a name of unknown attributes',
    entity({ entityNameFormat: ['demoGone'] }),
    'UNKNOWN_REFERENCE',
    'metricEntityTypeDefinitions[0].entityNameFormat',
  ],
  [
    'one plural for two',
    mdl({ nameForCrossEntityAggregateMetrics: 'demo_servers', roles: [{ name: 'DEMO_SERVER' }] }),
    'DUPLICATE',
    'roles[0].nameForCrossEntityAggregateMetrics',
  ],
  ['a collector without a URL', role({ collectors: [{ type: 'jmx' }] }), 'MISSING', 'roles[0].collectors[0]'],
  ['another service’s file', mdl({ name: 'OTHER' }), 'CONFLICT', 'name'],
]

describe('metric definitions', () => {
  test('good ones have no problems', () => {
    expect(describeSdl(sdl(), entity({})).problems).toEqual([])
    expect(describeSdl(sdl(), mdl()).problems).toEqual([])
  })

  test.each(cases)('%s is named, and the service type stays usable', (_what, content, code, path) => {
    const withRoles = sdl()
    const { descriptor, problems } = describeSdl(withRoles, content)
    expect(descriptor?.type).toBe('DEMO')
    expect(problems).toContainEqual(
      expect.objectContaining({
        level: 'warning',
        code,
        path,
        file: 'DEMO-1.0.jar!descriptor/service.mdl',
      }),
    )
  })

  test('a metric with a mistake costs only itself', () => {
    const { descriptor } = describeSdl(
      sdl(),
      mdl({ metricDefinitions: [metric({ label: '' }), metric({ name: 'demo_others', type: 'counter' })] }),
    )
    expect(descriptor?.metrics?.metrics.map((each) => [each.name, each.counter])).toEqual([
      ['demo_others', true],
    ])
  })

  test('counters get a rate by the conventions of the field', () => {
    const names = ['demo_read_count', 'demo_report_num_ops', 'demo_sent']
    expect(names.map(rateName)).toEqual(['demo_read_rate', 'demo_report_rate', 'demo_sent_rate'])
  })

  test('plural names follow the conventions', () => {
    const { descriptor } = describeSdl(sdl(), entity({}))
    const own = describeSdl(sdl(), mdl({ roles: [{ name: 'DEMO_SERVER' }] }))
    expect(descriptor!.metrics!.plural).toBe('demos')
    expect(descriptor!.metrics!.entityTypes[0]!.plural).toBe('demo_topics')
    expect(own.descriptor!.metrics!.roles[0]!.plural).toBe('demo_servers')
  })
})
