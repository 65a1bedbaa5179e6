import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matches, route } from '../../src/alerts/core/index.js'
import { like } from '../../src/alerts/core/match.js'
import { health, rules } from './support.js'

test('a pattern with stars matches as the regular expression of the same meaning', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 })
  fc.assert(
    fc.property(text, text, (pattern, value) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`)
      expect(like(pattern, value)).toBe(expression.test(value))
    }),
    { numRuns: 2_000 },
  )
})

test('every named field must match, by one of its patterns', () => {
  const event = health('zk-1', 'RED')
  expect(matches({}, event)).toBe(true)
  expect(matches({ cluster: ['c1'], host: ['nope', 'zk-*'] }, event)).toBe(true)
  expect(matches({ cluster: ['Cluster 1'], roleType: ['SERVER'], severity: ['CRITICAL'] }, event)).toBe(true)
  expect(matches({ cluster: ['c1'], service: ['hdfs'] }, event)).toBe(false)
  expect(matches({ test: ['*SCM_HEALTH'] }, event)).toBe(true)
  expect(matches({ test: ['*SCM_HEALTH'] }, health('zk-1', 'GREEN'))).toBe(false)
  expect(matches({ host: ['id-zk-1'] }, event)).toBe(true)
})

test('the first route that matches ends the search, unless it says continue', () => {
  const rule = rules({}, ['a', 'b', 'c', 'd'])
  rule.routes = [
    { match: { severity: ['CRITICAL'] }, receivers: ['a'], continue: true },
    { match: { cluster: ['c*'] }, receivers: ['b'], continue: false },
    { match: {}, receivers: ['c'], continue: false },
  ]
  rule.defaultReceivers = ['d']
  expect(route(health('x', 'RED'), rule)).toEqual(['a', 'b'])
  expect(route(health('x', 'YELLOW'), rule)).toEqual(['b'])
  rule.routes = [{ match: { host: ['nowhere'] }, receivers: ['a'], continue: false }]
  expect(route(health('x', 'RED'), rule)).toEqual(['d'])
})
