import { expect, test } from 'vitest'
import { testsOfDescriptor } from '../../../src/manager/descriptors/index.js'
import { testDefinition } from '../../../src/wire/health-tests.js'
import { describeSdl, sdl } from './support/bundle.js'

/** As service types write it. */
const VALUE = '$'.concat('{metric.value}')

const LAG = {
  type: 'metric',
  name: 'DEMO_LAG',
  label: 'Lag',
  description: 'How far it is behind.',
  metric: 'demo_lag',
  timeWindowSec: 120,
  comparisonOperator: 'gte',
  aggregationFunction: 'avg',
  greenMessage: `The lag is ${VALUE}.`,
  yellowThreshold: 10,
  yellowMessage: `The lag of ${VALUE} is long.`,
  redThreshold: 50,
  redMessage: `The lag of ${VALUE} is too long.`,
}

test('health tests of a service type become tests, with thresholds as parameters, and its one role gives it its health', () => {
  const unknown = { ...LAG, name: 'OTHER', comparisonOperator: 'resembles' }
  const role = { healthTests: [LAG, unknown], healthAggregation: { type: 'singleton' } }
  const { descriptor } = describeSdl(sdl({}, role))
  const tests = testsOfDescriptor(descriptor!)
  expect(tests.map(({ name, on }) => `${on} ${name}`)).toEqual([
    'ROLE DEMO_LAG',
    'SERVICE DEMO_SERVER_HEALTH',
  ])
  for (const [i, each] of tests.entries()) expect(testDefinition(each, `tests[${i}]`)).toEqual(each)
  expect(tests[0]).toMatchObject({
    serviceType: 'DEMO',
    roleTypes: ['DEMO_SERVER'],
    source: { metric: 'demo_lag', aggregation: 'mean', window: { default: 120, unit: 'seconds' } },
    thresholds: { warning: '10', critical: '50', direction: 'above', inclusive: true },
    sentence: 'The lag is {value}.',
    messages: { CONCERNING: 'The lag of {value} is long.', BAD: 'The lag of {value} is too long.' },
  })
  const names = descriptor!.roles[0]!.parameters.map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['demo_lag_thresholds', 'demo_lag_window']))
  expect(descriptor!.parameters.map(({ name }) => name)).toContain('demo_server_health_enabled')
})
