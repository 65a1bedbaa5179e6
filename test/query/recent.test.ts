import { expect, test } from 'vitest'
import { Recent } from '../../src/query/run/recent.js'

test('what was not asked for longest is given up: by number, and by length', () => {
  const recent = new Recent<number>(3, 100)
  for (const [i, text] of ['a', 'b', 'c'].entries()) recent.set(text, i)
  recent.get('a')
  recent.set('d', 3)
  expect(['a', 'b', 'c', 'd'].map((text) => recent.get(text))).toEqual([0, undefined, 2, 3])

  const long = new Recent<number>(1_000, 100)
  for (let i = 0; i < 50; i++) long.set(`0123456${String(i).padStart(2, '0')}`, i)
  expect(long.size).toBe(11)
  expect(long.get('012345649')).toBe(49)
  long.set('x'.repeat(11), 1)
  expect(long.get('x'.repeat(11))).toBeUndefined()
  long.set('012345649', 7)
  expect([long.get('012345649'), long.size]).toEqual([7, 11])
  long.clear()
  expect([long.size, long.get('012345649')]).toEqual([0, undefined])
})
