import fc from 'fast-check'
import { expect, test } from 'vitest'
import { directRequest } from '../../src/query/api/direct.js'
import { parseTime } from '../../src/query/api/time.js'

function expectSame(text: string): void {
  const expected = new Map([...new URLSearchParams(text)].reverse())
  const found = directRequest(`/api/v45/timeseries?${text}`)?.parameters
  expect(new Map([...(found ?? [])].sort())).toEqual(new Map([...expected].sort()))
}

test('parameters are what URLSearchParams reads, however they are written', () => {
  const piece = fc.constantFrom(
    'a',
    'query',
    '=',
    '&',
    '+',
    '%20',
    '%2B',
    '%C3%A9',
    '%zz',
    '%',
    '%FF',
    'ü',
    '/',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => expectSame(pieces.join(''))),
    { numRuns: 2_000 },
  )
})

test.each([
  ['2026-02-28', true],
  ['2028-02-29T12:00:00Z', true],
  ['2026-02-29', false],
  ['2026-02-30T00:00:00Z', false],
  ['2026-04-31T00:00:00.000Z', false],
  ['2026-04-31 10:00', false],
  ['2026-00-10', false],
  ['2026-11-20T25:00:00Z', false],
  ['1969-12-30T00:00:00Z', false],
  ['2150-01-01T00:00:00Z', true],
  ['2263-01-01', false],
  ['now-99999999999999w', false],
  ['-99999999999999', false],
  ['NaN', false],
])('%s is a time: %s', (text, isTime) => {
  expect(parseTime(text, Date.UTC(2026, 0, 1)) !== undefined).toBe(isTime)
})

test('of a parameter that is there twice the first one counts', () => {
  const pair = fc.tuple(fc.constantFrom('a', '%61', 'b', ''), fc.constantFrom('', '=1', '=2', '=+', '=%20'))
  fc.assert(
    fc.property(fc.array(pair, { minLength: 2, maxLength: 5 }), (pairs) =>
      expectSame(pairs.map((each) => each.join('')).join('&')),
    ),
  )
})
