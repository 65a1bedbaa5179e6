import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  categoryName,
  entityOf,
  fieldMetricName,
  type Label,
  metricName,
  prometheusConventions,
} from '../../src/ingest/naming.js'
import { codePoint } from '../code-points.js'

const labels = (map: Record<string, string>): Label[] =>
  Object.entries(map).map(([name, value]) => ({ name, value }))

test.each([
  ['cpu_user', 'cpu_user'],
  ['Node.CPU-Seconds', 'node_cpu_seconds'],
  ['job:rate:5m', 'job_rate_5m'],
  ['5xx', '_5xx'],
  ['température', 'temp_rature'],
  ['a__b', 'a__b'],
  ['_x', '_x'],
  ['', ''],
  ['...', ''],
])('metric %s is %s', (raw, name) => expect(metricName(raw)).toBe(name))

test('every metric name is one that tsquery can name, or empty', () => {
  fc.assert(
    fc.property(fc.string({ unit: codePoint }), (raw) => {
      expect(metricName(raw)).toMatch(/^([a-z_][a-z0-9_]*)?$/)
    }),
  )
})

test('a field called value is the measurement itself', () => {
  expect([fieldMetricName('cpu', 'value'), fieldMetricName('cpu', 'user')]).toEqual(['cpu', 'cpu_user'])
})

test('categories are folded', () => {
  expect(['disk', 'My Kind', '', '5'].map(categoryName)).toEqual(['DISK', 'MY_KIND', 'CUSTOM', 'CUSTOM'])
})

describe('entities', () => {
  const pairs = fc.dictionary(
    fc.string({ minLength: 1, maxLength: 5 }),
    fc.string({ minLength: 1, maxLength: 5 }),
    { maxKeys: 5 },
  )

  test('do not depend on the order of labels', () => {
    fc.assert(
      fc.property(pairs, fc.integer(), (map, seed) => {
        const shuffled = labels(map).sort(
          (a, b) => ((a.name.charCodeAt(0) * seed) % 7) - ((b.name.charCodeAt(0) * seed) % 7),
        )
        expect(entityOf(shuffled)).toEqual(entityOf(labels(map)))
      }),
    )
  })

  test('of different labels are different', () => {
    const plain = pairs.filter((map) => !('category' in map || 'entityName' in map || 'host' in map))
    fc.assert(
      fc.property(plain, plain, (a, b) => {
        const same = JSON.stringify(labels(a).sort(byName)) === JSON.stringify(labels(b).sort(byName))
        expect(entityOf(labels(a)).name === entityOf(labels(b)).name).toBe(same)
      }),
      {
        examples: [
          [{ a: '1,b=2' }, { a: '1', b: '2' }],
          [{ 'a=b': 'c' }, { a: 'b=c' }],
          [{ a: '\\' }, { a: '\\\\' }],
        ],
      },
    )
  })

  test('the strongest name of the host wins, the others stay', () => {
    expect(entityOf(labels({ hostName: 'd', nodename: 'c', host: 'b' })).attributes).toEqual({
      hostname: 'b',
      nodename: 'c',
    })
    expect(entityOf(labels({ hostName: 'd' })).attributes).toEqual({ hostname: 'd' })
  })

  test('names that differ only in case: one attribute, but two entities', () => {
    const [one, two] = [
      { Env: 'a', env: 'b' },
      { Env: 'a', env: 'c' },
    ].map((map) => entityOf(labels(map)))
    expect(one!.attributes).toEqual({ Env: 'a' })
    expect(one!.name).not.toBe(two!.name)
  })

  test('names that an object has by itself are attributes like any other', () => {
    const entity = entityOf(
      labels({ constructor: 'a', toString: 'b' }).concat([{ name: '__proto__', value: 'c' }]),
    )
    expect(Object.entries(entity.attributes).sort()).toEqual([
      ['__proto__', 'c'],
      ['constructor', 'a'],
      ['toString', 'b'],
    ])
    expect(entity.name).toBe('__proto__=c,constructor=a,toString=b')
  })

  test('an empty value is no label', () => {
    expect(entityOf(labels({ a: '', b: '1', category: '', entityName: '' }))).toEqual({
      category: 'CUSTOM',
      name: 'b=1',
      attributes: { b: '1' },
    })
  })
})

const byName = (a: Label, b: Label) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

test.each([
  ['http_requests_total', true, []],
  ['node_cpu_seconds_total', true, ['seconds']],
  ['x_bytes', false, ['bytes']],
  ['x_seconds_bucket', true, []],
  ['x_seconds_count', true, []],
  ['x_seconds_sum', true, ['seconds']],
  ['totality', false, []],
])('%s by Prometheus conventions', (name, isCounter, unitNumerators) =>
  expect(prometheusConventions(name)).toEqual({ isCounter, unitNumerators }),
)
