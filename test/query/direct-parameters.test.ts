import fc from 'fast-check'
import { expect, test } from 'vitest'
import { directRequest } from '../../src/query/api/direct.js'

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

test('of a parameter that is there twice the first one counts', () => {
  const pair = fc.tuple(fc.constantFrom('a', '%61', 'b', ''), fc.constantFrom('', '=1', '=2', '=+', '=%20'))
  fc.assert(
    fc.property(fc.array(pair, { minLength: 2, maxLength: 5 }), (pairs) =>
      expectSame(pairs.map((each) => each.join('')).join('&')),
    ),
  )
})
