import { expect, test } from 'vitest'
import { complete } from '../../../src/query/syntax/index.js'
import { cpuMs } from '../../cpu-time.js'

/** Completes at the `|`. */
const at = (text: string) => complete(text.replace('|', ''), text.indexOf('|'))

test.each([
  ['|', [], ['EXPLAIN', 'SELECT'], []],
  ['sel|', [], ['SELECT'], []],
  ['select |', ['function', 'metric', 'number'], [], ['*', '(', '-']],
  ['select a |', [], ['AS', 'FROM', 'WHERE', 'DAY', 'HOUR'], ['*', '/', '+', '-', ',']],
  ['select a wh|', [], ['WHERE'], ['*', '/', '+', '-', ',']],
  ['select last|', ['function', 'metric', 'number'], [], ['*', '(', '-']],
  ['select last |', [], ['AS', 'FROM', 'WHERE', 'DAY', 'HOUR'], ['(', '*', '/', '+', '-', ',']],
  ['select a, |', ['function', 'metric', 'number'], [], ['(', '-']],
  ['select a from |', ['collection'], [], []],
  ['select a as |', ['alias'], [], []],
  ['select a where |', ['attribute', 'function', 'metric', 'number'], ['DAY', 'HOUR'], ['(', '-']],
  ['select a where hostname |', [], ['RLIKE'], ['=', '!=', '*', '/', '+', '-', '<', '<=', '>=', '>']],
  ['select a where hostname = |', ['value'], [], []],
  ['select a where hostname rlike |', ['pattern'], [], []],
  ['select a where x = 1 |', [], ['AND', 'OR', 'DAY', 'HOUR'], []],
  ['select a where x = 1 and |', ['attribute', 'function', 'metric', 'number'], [], ['(', '-']],
  ['select a where (x = 1 |', [], ['AND', 'OR'], [')']],
  ['select a where last(a) > |', ['number'], [], []],
  ['select a where last(a) > 5 |', ['unit'], ['AND', 'OR', 'DAY', 'HOUR'], []],
  ['select a day |', [], ['IN'], []],
  ['select a day in (1, |', ['number'], [], []],
  ['select a hour in [9|', [], [], [':']],
  ['select when(|', ['function', 'metric', 'number'], [], ['(', '-']],
  ['select when(a |', [], [], ['*', '/', '+', '-', '<', '<=', '=', '!=', '>=', '>']],
  ['select when(a > |', ['number'], [], []],
  ['select when(a > 5 |', ['unit'], ['AND', 'OR'], [',', ')']],
  ['select when((a > 5 or |', ['function', 'metric', 'number'], [], ['(', '-']],
  ['select when(a > 5, |', ['function', 'metric', 'number'], [], ['(', '-']],
  ['select when(a > 5, b |', [], [], ['*', '/', '+', '-', ')']],
  ['select a; |', [], ['EXPLAIN', 'SELECT'], []],
  ['IF |', [], [], ['(']],
  ['IF (|', [], ['SELECT'], ['(']],
  ['IF (select a where last(a) > 3) |', [], ['AND', 'OR', 'DO'], []],
  ['IF (select a) DO |', [], ['health:bad', 'health:concerning'], []],
])('%s', (text, kinds, keywords, symbols) => {
  const found = at(text)
  expect({ kinds: found.kinds, keywords: found.keywords, symbols: found.symbols }).toEqual({
    kinds,
    keywords,
    symbols,
  })
})

test('the word under the cursor is replaced as a whole', () => {
  expect(at('select cpu_us|er, b')).toMatchObject({ from: 7, to: 15, prefix: 'cpu_us' })
  expect(at('select a where hostname = node-1.ex|ample and x = 1')).toMatchObject({
    from: 26,
    to: 40,
    prefix: 'node-1.ex',
  })
  expect(at('select a where hostname = "no|de" and x = 1')).toMatchObject({
    from: 26,
    to: 32,
    prefix: 'no',
    quote: '"',
  })
  expect(at('select a |where x = 1')).toMatchObject({ from: 9, to: 9, prefix: '' })
})

test('the context says which values, and of which argument', () => {
  expect(at('select a where x = 1 and (hostname = |').context).toEqual({ attribute: 'hostname' })
  expect(at('select a where hostname rlike ".*da|').context).toEqual({ attribute: 'hostname' })
  expect(at('select a from YARN_APPLICATIONS where |').context).toEqual({ collection: 'YARN_APPLICATIONS' })
  expect(at('select moving_avg(last(x), |').context).toEqual({
    function: 'moving_avg',
    argument: 1,
    argumentKind: 'seconds',
  })
})

test('functions, collections, units and words that the language knows', () => {
  const words = (text: string) => at(text).words.map((word) => word.text)
  expect(words('select mov|')).toEqual(['moving_avg'])
  expect(words('select a where get|')).toEqual(['getHostFact', 'getClusterFact'])
  expect(words('select a from i|')).toEqual(['IMPALA_QUERIES', 'IMPALA_QUERY_DETAILS'])
  expect(words('select getHostFact(|')).toEqual(['numCores'])
  expect(words('select stats(a, m|')).toEqual(['max', 'min'])
  expect(words('select a where last(a) > 5 g|')).toEqual(['gb', 'gib', 'gbps', 'gibps'])
  expect(words('select moving_avg(a, 5 |')).toEqual(['ms', 's', 'm', 'h', 'd', 'w'])
  expect(at('select abs|').words).toEqual([{ text: 'abs', kind: 'function', help: expect.any(String) }])
})

test('where a function takes a word nothing else is offered, and the other way round', () => {
  expect(at('select stats(a, |').kinds).toEqual(['word'])
  expect(at('select sum_by(a, |').kinds).toEqual(['attribute'])
  expect(at('select last(|').kinds).toEqual(['function', 'metric', 'number'])
})

test('mistakes before the cursor do not matter', () => {
  const good = at('select a where x = 1 and |')
  for (const text of [
    'select a b, c) where ((x) and |',
    'select nosuch(a), , where x = = 2 or y rlike z and |',
    'select x from nowhere at all where foo bar and |',
  ])
    expect(at(text)).toMatchObject({ kinds: good.kinds, keywords: good.keywords })
})

test('long texts take little time', () => {
  const sum = 'a+'.repeat(400)
  const text = `select ${sum}b, ${'last(a), '.repeat(300)}c where ${'x = 1 and (y = 2 or z = 3) and '.repeat(300)}hostname = `
  const start = cpuMs()
  expect(complete(text, text.length).kinds).toEqual(['value'])
  expect(cpuMs() - start).toBeLessThan(10_000)
})
