import { describe, expect, test } from 'vitest'
import { parsePredicate, parseScript, parseTrigger } from '../../../src/query/syntax/index.js'
import { misplaced } from './support.js'

/** What is wrong, as `«the marked text»: suggestions`. */
function marks(text: string, parse: typeof parseScript | typeof parseTrigger = parseScript): string[] {
  const { problems } = parse(text)
  expect(misplaced(problems, text)).toBeUndefined()
  return problems.map(({ offset, length, suggestions }) =>
    [`${offset} «${text.slice(offset, offset + length)}»`, ...suggestions].join(' '),
  )
}

describe('misspelt words get the nearest known ones', () => {
  test.each([
    ['SELCT a', '0 «SELCT» SELECT'],
    ['explan select a', '0 «explan» EXPLAIN'],
    ['select a form REPORTS', '9 «form» FROM'],
    ['select a from REPROTS', '14 «REPROTS» REPORTS'],
    ['select a were x = 1', '9 «were» WHERE'],
    ['select a where x = 1 adn y = 2', '21 «adn» AND'],
    ['select a where hostname RLIEK "x"', '24 «RLIEK» RLIKE'],
    ['select a where hostname like "x"', '24 «like» RLIKE'],
    ['select mvoing_avg(x, 300)', '7 «mvoing_avg» moving_avg'],
    ['select getHostfacts(numCores, 1)', '7 «getHostfacts» getHostFact'],
    ['select a where last(a) > 5 mbb', '27 «mbb» mb'],
    ['select a where last(a) > 5mbb', '26 «mbb» mb'],
    ['select a day on (1)', '13 «on» IN'],
  ])('%s', (text, mark) => {
    const [first] = marks(text)
    expect(first?.startsWith(mark)).toBe(true)
  })
  test('in triggers', () => {
    expect(marks('IF (select a) DO health:concernin', parseTrigger)).toEqual(['24 «concernin» concerning'])
    expect(marks('IF (select a) DO helth:bad', parseTrigger)).toEqual(['17 «helth» health'])
  })
})

describe('an error at each kind of token', () => {
  test.each([
    ['keyword', 'select where x = 1', '7 «where»'],
    ['name', 'select a b', '9 «b»'],
    ['number', 'select a 5', '9 «5»'],
    ['string', 'select "a"', '7 «"a"»'],
    ['variable', 'select $A', '7 «$A»'],
    ['operator', 'select * a', '9 «a»'],
    ['comparison', 'select a < 5', '9 «<»'],
    ['comma', 'select a,, b', '9 «,»'],
    ['opening parenthesis', 'select a (b)', '7 «a»'],
    ['closing parenthesis', 'select a)', '8 «)»'],
    ['bracket', 'select a[1]', '8 «[»'],
    ['colon', 'select a:b', '8 «:»'],
    ['value', 'select a where last(b) = x', '25 «x»'],
    ['end', 'select a where ', '14 «»'],
    ['end of a statement', 'select a where; select b', '14 «»'],
    ['open string', 'select a where x = "abc', '19 «"abc»'],
    ['stray character', 'select a § b', '9 «§»'],
    ['character outside the basic plane', 'select 😀', '7 «😀»'],
    ['typographic quote', 'select a where x = “abc"', '19 «“»'],
    ['day', 'select a day in (1, 8)', '20 «8»'],
    ['hour', 'select a hour in [1:24]', '20 «24»'],
    ['unit of time', 'select moving_avg(a, 5x)', '22 «x»'],
    ['too large a number', 'select a where last(a) > 1e999', '25 «1e999»'],
    ['star alone', 'select *', '7 «*»'],
  ])('%s', (_, text, mark) => {
    expect(marks(text)[0]).toBe(mark)
  })
})

describe('messages', () => {
  const message = (text: string) => parseScript(text).problems[0]?.message
  const expected = (text: string) => parseScript(text).problems[0]?.expected
  test('say what stood there, what was before, and what could stand there', () => {
    expect(message('select a b')).toBe(
      '“b” cannot stand here after “a”; expected an operator, AS, “,”, FROM, WHERE, DAY or HOUR.',
    )
    expect(message('select a +')).toBe(
      'The text ends too early after “+”; expected a function, a metric name, a number or “(”.',
    )
    expect(expected('select a where x =')).toEqual(['a value'])
    expect(expected('select a where x rlike y')).toEqual(['a pattern in quotes'])
    expect(expected('select a where last(a)')).toEqual(['an operator', 'a comparison'])
    expect(expected('select a where last(a) > 5 6')).toEqual(['a unit', 'AND', 'OR', 'DAY', 'HOUR'])
    expect(expected('select a where (x = 1')).toEqual(['AND', 'OR', ')'])
    expect(expected('select a as')).toEqual(['an alias'])
    expect(expected('select a from')).toEqual(['a collection'])
    expect(expected('select a hour in [')).toEqual(['an hour, 0 to 23'])
  })
  test('name the parenthesis that is open', () => {
    expect(message('select a where ((x = 1 or y = 2)')).toContain('The “(” at character 16 is not closed.')
  })
  test.each([
    ['select a where not x = 1', 'There is no NOT'],
    ['select a where x is null', 'There is no IS NULL'],
    ['if (select a where last(a) > 5) do health:bad', 'That is a trigger, not a query'],
    ['select a where x in ("a")', 'x'],
    ['select a where x between 1 and 2', '>='],
    ['select a limit 5', 'There is no LIMIT'],
    ['select a group by b', 'There is no GROUP BY'],
    ['select a order by b', 'There is no ORDER BY'],
    ['select a where x == 1', 'One = is enough'],
    ['select a where last(x) <> 1', '!='],
    ['select a where x rlike abc', 'in quotes'],
    ['select a where x = 1 and day in (1)', 'without AND'],
    ['select *, a where x = 1', '* stands alone'],
    ['select *', 'needs a WHERE'],
    ['select a where x = 1 && y = 2', 'AND and OR'],
    ['select a where last(x) > 90%', 'without %'],
    ['select a – b', 'plain hyphen'],
  ])('%s: %s', (text, part) => {
    expect(message(text)).toContain(part)
  })
})

describe('several errors at once', () => {
  test('in the items and conditions of one statement', () => {
    expect(
      marks(
        'select mvoing_avg(x, 3), a + , b c from REPROTS where last(x) > and y == 3 and z = 4 5 day in (8)',
      ),
    ).toEqual([
      '7 «mvoing_avg» moving_avg',
      '29 «,»',
      '33 «c»',
      '40 «REPROTS» REPORTS',
      '64 «and»',
      '71 «=»',
      '85 «5»',
      '95 «8»',
    ])
  })
  test('in each statement', () => {
    expect(marks('select a b; select c; selct d; select e where')).toEqual([
      '9 «b»',
      '22 «selct» SELECT',
      '45 «»',
    ])
  })
  test('one mistake is one error', () => {
    expect(marks('select a where last(a) > 5 adn b = 2')).toEqual(['27 «adn» AND'])
    expect(marks('select nosuchthing(a), b')).toHaveLength(1)
    expect(marks('select a, from REPORTS where x = 1 and last(a) > 3')).toHaveLength(1)
  })
  test('not more than can be read', () => {
    expect(parseScript('select a b;'.repeat(90)).problems).toHaveLength(20)
  })
})

test('filters and triggers have places too', () => {
  for (const text of ['', 'a', 'a = ', 'a = 1 b', 'a = 1; b = 2', '(a = 1', 'select a'])
    expect([text, parsePredicate(text).predicate, misplaced(parsePredicate(text).problems, text)]).toEqual([
      text,
      undefined,
      undefined,
    ])
  for (const text of [
    '',
    'IF',
    'IF ()',
    'IF select a DO health:bad',
    'IF (select a)',
    'IF (select a) DO',
    'IF (select a) DO health',
    'IF (select a; select b) DO health:bad',
    'IF (select a) (select b) DO health:bad',
    'IF ((select a) or) DO health:bad',
    'IF (EXPLAIN) DO health:bad',
    'select a',
  ]) {
    const { trigger, problems } = parseTrigger(text)
    expect([text, trigger, problems.length > 0, misplaced(problems, text)]).toEqual([
      text,
      undefined,
      true,
      undefined,
    ])
  }
})
