import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseScript, splitWhere, withWhere } from '../../../src/query/syntax/index.js'

const mostly = <T>(usual: readonly T[], ...odd: fc.Arbitrary<T>[]) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...usual) },
    ...odd.map((arbitrary) => ({ weight: 1, arbitrary })),
  )
const one = <T>(...values: T[]) => fc.constantFrom(...values)

const heads = mostly(
  ['select a', '  SELECT resample(a, 60, max) as "x",  b', 'select a + 1'],
  one('select', 'select a;select b', 'select *', 'explain select a', 'select a from REPORTS', 'select "a'),
)
const names = mostly(
  ['hostname', 'HOSTNAME', 'x_1'],
  one('day', 'in', 'do', 'where', 'or', 'active', '1a', '$x'),
)
const words = mostly(
  ['host_1', 'a.b:c/d-e', '1e21', '5', '.5', '5mb'],
  one('1e+21', '-5', 'And', '"a b"', "'x'", '$V', 'ü', ''),
  fc.string({ unit: fc.constantFrom(...'aB_1.:/-+e ='), minLength: 1, maxLength: 6 }),
)
const spaces = mostly(['', ' ', '\n\t '], one('\u00a0', '\v'))
const operators = mostly(['='], one('!=', ' rlike ', '==', '>'))
const condition = fc.tuple(spaces, names, spaces, operators, spaces, words).map((parts) => parts.join(''))
const joints = mostly([' and ', ' or ', ' AND ', '\nor\t'], one(' and', 'or ', ' ', ' ; ', ' and ('))
const tails = mostly(['', ' '], one(')', ' day in (1)', ';', ' mb', ' or'))

test('a condition that is read without the parser gives the tree that the parser gives', () => {
  let read = 0
  fc.assert(
    fc.property(
      heads,
      fc.array(fc.tuple(condition, joints), { minLength: 1, maxLength: 5 }),
      tails,
      (head, conditions, tail) => {
        const where = conditions
          .map(([each, joint], i) => (i + 1 < conditions.length ? each + joint : each))
          .join('')
        const text = `${head} where ${where}${tail}`
        const split = splitWhere(text)
        if (split === undefined) return
        const before = parseScript(split.head).script?.statements
        if (before?.length !== 1 || before[0] === undefined) return
        read++
        const { script } = parseScript(text)
        expect([withWhere(before[0], text, split.where)]).toEqual(script?.statements)
      },
    ),
    { numRuns: 5_000 },
  )
  expect(read).toBeGreaterThan(500)
})

test('AND goes before OR, and the places are those of the whole text', () => {
  const text = 'select a where h = x and i = 5 or j = z  '
  const split = splitWhere(text)
  expect(split?.head).toBe('select a')
  const found = withWhere(parseScript('select a').script!.statements[0]!, text, split!.where)
  expect(found).toEqual(parseScript(text).script?.statements[0])
  expect(found.where).toMatchObject({ kind: 'or', operands: [{ kind: 'and' }, { attribute: 'j' }] })
})
