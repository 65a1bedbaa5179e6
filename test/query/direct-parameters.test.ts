import fc from 'fast-check'
import { expect, test } from 'vitest'
import { directRequest } from '../../src/query/api/direct.js'

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
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = pieces.join('')
      const expected = new Map([...new URLSearchParams(text)].reverse())
      const found = directRequest(`/api/v45/timeseries?${text}`)?.parameters
      expect(new Map([...(found ?? [])].sort())).toEqual(new Map([...expected].sort()))
    }),
    { numRuns: 2_000 },
  )
})
