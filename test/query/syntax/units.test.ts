import { expect, test } from 'vitest'
import { collectionUnit, resolveQuantity } from '../../../src/query/syntax/index.js'

const resolve = (
  value: number,
  unit: string | undefined,
  numerators: string[],
  denominators: string[] = [],
) => {
  const quantity = { kind: 'quantity', value, ...(unit && { unit }), offset: 3, length: 4 } as const
  const resolved = resolveQuantity(quantity, { numerators, denominators }, 'the metric')
  return 'problem' in resolved ? resolved.problem.message : resolved.value
}

test.each([
  [500, undefined, ['bytes'], [], 500],
  [500, 'mb', ['bytes'], [], 500 * 1024 ** 2],
  [1, 'kib', ['bytes'], [], 1024],
  [1, 'kb', ['bytes'], [], 1024],
  [2, 'gb', ['megabytes'], [], 2048],
  [1, 'pb', ['tebibytes'], [], 1024],
  [5, 'kbps', ['bytes'], ['seconds'], 5120],
  [5, 's', ['milliseconds'], [], 5000],
  [2, 'm', ['seconds'], [], 120],
  [1, 'd', ['hours'], [], 24],
  [1, 's', ['nanos'], [], 1e9],
  [5, 'ks', ['bytes', 'seconds'], [], 5120],
  [5, 'kis', ['byte_seconds'], [], 5120],
  [1, 'mh', ['byte_seconds'], [], 3600 * 1024 ** 2],
])('%d %s against %j per %j is %d', (value, unit, numerators, denominators, expected) => {
  expect(resolve(value, unit, numerators, denominators)).toBeCloseTo(expected, 6)
})

test('what ms means, the metric decides: milliseconds, or megabytes times seconds', () => {
  expect(resolve(5, 'ms', ['milliseconds'])).toBe(5)
  expect(resolve(5, 'ms', ['bytes', 'seconds'])).toBe(5 * 1024 ** 2)
})

test('“per second” may be missing or too much', () => {
  expect(resolve(50, 'mb', ['bytes'], ['seconds'])).toBe(50 * 1024 ** 2)
  expect(resolve(50, 'mbps', ['bytes'])).toBe(50 * 1024 ** 2)
})

test('a unit that does not fit is refused, with both named', () => {
  expect(resolve(5, 's', ['bytes'])).toBe('“s” does not fit the metric, which is in bytes.')
  expect(resolve(5, 'mb', ['queries'], ['seconds'])).toBe(
    '“mb” does not fit the metric, which is in queries per seconds.',
  )
  expect(resolve(5, 's', ['seconds'], ['seconds'])).toContain('does not fit')
})

test('a metric without units takes bytes and seconds', () => {
  const quantity = { kind: 'quantity', value: 1, unit: 'kb', offset: 0, length: 4 } as const
  expect(resolveQuantity(quantity, { numerators: [], denominators: [] })).toEqual({
    value: 1024,
    assumed: true,
  })
  expect(resolve(500, 'ms', [])).toBe(0.5)
})

test('durations of queries and applications are in milliseconds', () => {
  const quantity = { kind: 'quantity', value: 5, unit: 's', offset: 0, length: 2 } as const
  expect(resolveQuantity(quantity, collectionUnit('query_duration'))).toMatchObject({ value: 5000 })
  expect(resolveQuantity(quantity, collectionUnit('applicationDuration'))).toMatchObject({ value: 5000 })
  expect(collectionUnit('hdfs_bytes_read').numerators).toEqual(['bytes'])
  expect(collectionUnit('rows_produced').numerators).toEqual([])
})
