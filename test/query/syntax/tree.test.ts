import { describe, expect, test } from 'vitest'
import {
  parsePredicate,
  parseScript,
  parseTrigger,
  type SelectItem,
  type Statement,
} from '../../../src/query/syntax/index.js'
import { meaning } from './support.js'

function statement(text: string): Statement {
  const { script, problems } = parseScript(text)
  expect(problems).toEqual([])
  return script!.statements[0]!
}
const expression = (text: string) =>
  meaning((statement(`select ${text}`).select as readonly SelectItem[])[0]!.expression)
const where = (text: string) => meaning(statement(`select a where ${text}`).where)

const number = (value: number) => ({ kind: 'number', value })
const metric = (name: string) => ({ kind: 'metric', name })
const word = (text: string) => ({ kind: 'word', text })
const call = (name: string, ...args: unknown[]) => ({ kind: 'call', name, args })
const binary = (left: unknown, operator: string, right: unknown) => ({
  kind: 'binary',
  operator,
  left,
  right,
})
const value = (text: string, form = 'text') => ({ kind: 'value', text, form })
const equals = (attribute: string, text: string) => ({ kind: 'equals', attribute, value: value(text) })

describe('expressions', () => {
  test('arithmetic is taken from the left, with * and / first', () => {
    expect(expression('a + b * 2 - c')).toEqual(
      binary(binary(metric('a'), '+', binary(metric('b'), '*', number(2))), '-', metric('c')),
    )
    expect(expression('a / b / c')).toEqual(binary(binary(metric('a'), '/', metric('b')), '/', metric('c')))
    expect(expression('a/(b/c)')).toEqual(binary(metric('a'), '/', binary(metric('b'), '/', metric('c'))))
  })
  test('no space is needed around operators, and a sign can follow one', () => {
    expect(expression('bytes_read/1024')).toEqual(binary(metric('bytes_read'), '/', number(1024)))
    expect(expression('a--b')).toEqual(binary(metric('a'), '-', { kind: 'negate', operand: metric('b') }))
    expect(expression('-a*b')).toEqual(binary({ kind: 'negate', operand: metric('a') }, '*', metric('b')))
  })
  test('numbers', () => {
    for (const [text, number] of [
      ['0', 0],
      ['1.50', 1.5],
      ['.5', 0.5],
      ['2.', 2],
      ['1e3', 1000],
      ['1E-3', 0.001],
    ] as const)
      expect(expression(text)).toEqual({ kind: 'number', value: number })
  })
  test('functions in any case, words where they take words', () => {
    expect(expression('LAST(INTEGRAL(x))')).toEqual(call('last', call('integral', metric('x'))))
    expect(expression('GetHostFact(numCores, 1)')).toEqual(call('gethostfact', word('numCores'), number(1)))
    expect(expression('count_service_roles(datanode, running)')).toEqual(
      call('count_service_roles', word('datanode'), word('running')),
    )
    expect(expression('count_service_roles()')).toEqual(call('count_service_roles'))
    expect(expression('stats(m, max)')).toEqual(call('stats', metric('m'), word('max')))
    expect(expression('greatest(m, max)')).toEqual(call('greatest', metric('m'), metric('max')))
    expect(expression('sum_by(m, hostname, rackId)')).toEqual(
      call('sum_by', metric('m'), word('hostname'), word('rackId')),
    )
    expect(expression('stats(m, "max")')).toEqual(call('stats', metric('m'), word('max')))
  })
  test('lengths of time among arguments become seconds', () => {
    expect(expression('moving_avg(x, 5m)')).toEqual(call('moving_avg', metric('x'), number(300)))
    expect(expression('timeshift(x, 1 W)')).toEqual(call('timeshift', metric('x'), number(604_800)))
  })
  test('keywords are names where nothing else can stand', () => {
    for (const name of ['day', 'hour', 'in', 'if', 'do', 'explain', 'health'])
      expect(expression(name)).toEqual(metric(name))
    expect(where('day = 3 and hour = 4 and if = 5')).toEqual({
      kind: 'and',
      operands: [equals('day', '3'), equals('hour', '4'), equals('if', '5')],
    })
  })
})

describe('conditions', () => {
  test('AND binds tighter than OR, and nested ones of a kind are one', () => {
    const [a, b, c] = [equals('a', '1'), equals('b', '2'), equals('c', '3')]
    expect(where('a=1 or b=2 and c=3')).toEqual({
      kind: 'or',
      operands: [a, { kind: 'and', operands: [b, c] }],
    })
    expect(where('(a=1 or b=2) and c=3')).toEqual({
      kind: 'and',
      operands: [{ kind: 'or', operands: [a, b] }, c],
    })
    expect(where('a=1 and (b=2 and (c=3))')).toEqual({ kind: 'and', operands: [a, b, c] })
  })
  test('values without quotes', () => {
    for (const text of [
      'hdfs:nameservice1',
      'root.hive',
      'kafka3-KAFKA_BROKER-17824beeebea3469176f9c5b7aea4e60',
      '3d645222-2f7e-4895-ae51-cd43b91f1e7a',
      '1',
      '-1.5',
      '10.0.0.1/24',
      '/var/lib',
      '1e5f',
      'true',
      'day',
    ])
      expect(where(`x=${text}and y = ${text}`.replace('and', ' and '))).toEqual({
        kind: 'and',
        operands: [equals('x', text), equals('y', text)],
      })
  })
  test('the form of a value says how it was written', () => {
    const form = (text: string) => {
      const predicate = statement(`select a where x = ${text}`).where
      return predicate?.kind === 'equals' && predicate.value.form
    }
    expect(['a', '1', '"a"', "'a'", '$A'].map(form)).toEqual([
      'word',
      'number',
      'string',
      'string',
      'variable',
    ])
  })
  test('attributes get their usual spelling, unknown ones keep theirs', () => {
    expect(where('CLUSTERID = 1')).toEqual(equals('clusterId', '1'))
    expect(where('query_State = X')).toEqual(equals('query_State', 'X'))
  })
  test('both quotes, and no escape but that of the quote', () => {
    const pattern = (text: string) => (where(`a rlike ${text}`) as { pattern: string }).pattern
    expect(pattern(String.raw`"yarn:root\..*"`)).toBe(String.raw`yarn:root\..*`)
    expect(pattern(String.raw`'a\\b'`)).toBe(String.raw`a\\b`)
    expect(pattern(String.raw`"say \"x\""`)).toBe('say "x"')
    expect(pattern(`'say "x"'`)).toBe('say "x"')
    expect(pattern(String.raw`"ends in \\"`)).toBe('ends in \\')
    expect(pattern(String.raw`"\\\""`)).toBe('\\"')
    expect(pattern('"two\nlines; and more"')).toBe('two\nlines; and more')
  })
  test('comparisons, with parentheses of both kinds', () => {
    const compare = (left: unknown, operator: string, number: number, unit?: string) => ({
      kind: 'compare',
      left,
      operator,
      right: { kind: 'quantity', value: number, ...(unit && { unit }) },
    })
    const ratio = binary(metric('a'), '/', metric('b'))
    expect(where('last(a/b)>0.95')).toEqual(compare(call('last', ratio), '>', 0.95))
    expect(where('((a/b) > 50Mb)')).toEqual(compare(ratio, '>', 50, 'mb'))
    expect(where('((a/b)) <= 5 kbps')).toEqual(compare(ratio, '<=', 5, 'kbps'))
    expect(where('(a)/b != 1.75GB')).toEqual(compare(ratio, '!=', 1.75, 'gb'))
    expect(where('last(a) = 5Mb')).toEqual(compare(call('last', metric('a')), '=', 5, 'mb'))
    expect(where('last(a) = -5')).toEqual(compare(call('last', metric('a')), '=', -5))
    expect(where('query_duration >= - 2.5 s')).toEqual(compare(metric('query_duration'), '>=', -2.5, 's'))
    expect(where('(last(a) > 1 or (b = 2))')).toEqual({
      kind: 'or',
      operands: [compare(call('last', metric('a')), '>', 1), equals('b', '2')],
    })
  })
  test('a name = value is an attribute, != too', () => {
    expect(where('query_duration = 5s')).toEqual(equals('query_duration', '5s'))
    expect(where('query_state != FINISHED')).toEqual({
      kind: 'differs',
      attribute: 'query_state',
      value: value('FINISHED'),
    })
  })
})

describe('statements', () => {
  test('each has its own text, and a trailing ; is nothing', () => {
    const { script } = parseScript('  select a ;\n; EXPLAIN select * where x="a;b" ;')
    expect(script!.statements.map((s) => s.text)).toEqual(['select a', 'EXPLAIN select * where x="a;b"'])
    expect(script!.statements.map((s) => s.explain)).toEqual([false, true])
    expect(script!.statements[1]!.select).toMatchObject({ kind: 'star' })
  })
  test('days and hours, with and without conditions', () => {
    for (const head of ['select a', 'select a where', 'select a where x = 1', 'select a from REPORTS']) {
      const tree = statement(`${head} DAY IN (1,2) hour in [9:17]`)
      expect(tree.days?.days).toEqual([1, 2])
      expect([tree.hours?.from, tree.hours?.to]).toEqual([9, 17])
    }
  })
  test('collections in any case', () => {
    expect(statement('select a from yarn_applications').from?.name).toBe('YARN_APPLICATIONS')
  })
  test('aliases bare and quoted', () => {
    const items = statement(`select a as b, c AS "good health", d as 'x'`).select as readonly SelectItem[]
    expect(items.map((item) => item.alias)).toEqual(['b', 'good health', 'x'])
  })
  test('places are exact, parentheses of operands included', () => {
    const text = 'select (a + b) * last( c ) as "x" where hostname RLIKE "h.*" and last(d) > 5 Mb'
    const tree = statement(text)
    const at = ({ offset, length }: { offset: number; length: number }) => text.slice(offset, offset + length)
    const item = (tree.select as readonly SelectItem[])[0]!
    expect(at(item)).toBe('(a + b) * last( c ) as "x"')
    expect(at(item.expression)).toBe('(a + b) * last( c )')
    if (tree.where?.kind !== 'and') throw new Error('not and')
    const [rlike, compare] = tree.where.operands
    if (rlike?.kind !== 'rlike' || compare?.kind !== 'compare') throw new Error('other kinds')
    expect([at(rlike), at(rlike.attributeSpan), at(rlike.patternSpan)]).toEqual([
      'hostname RLIKE "h.*"',
      'hostname',
      '"h.*"',
    ])
    expect([at(compare), at(compare.left), at(compare.right)]).toEqual(['last(d) > 5 Mb', 'last(d)', '5 Mb'])
  })
  test('trees are frozen', () => {
    const tree = statement('select last(a), b + 1 where x = 1 and (y = 2 or z rlike "a") day in (1)')
    const check = (node: unknown): void => {
      if (node === null || typeof node !== 'object') return
      expect(Object.isFrozen(node)).toBe(true)
      Object.values(node).forEach(check)
    }
    check(tree)
  })
})

describe('triggers and filters', () => {
  test('conditions of a trigger', () => {
    const { trigger } = parseTrigger('if ((select a) or (select b) and (select c)) do Health:Concerning')
    expect(trigger).toMatchObject({
      action: 'concerning',
      condition: {
        kind: 'any',
        operands: [
          { kind: 'stream-count' },
          { kind: 'all', operands: [{ kind: 'stream-count' }, { kind: 'stream-count' }] },
        ],
      },
    })
  })
  test('a filter stands alone', () => {
    expect(
      meaning(parsePredicate('(user = root or user = "x y") and query_duration > 5s').predicate),
    ).toEqual({
      kind: 'and',
      operands: [
        { kind: 'or', operands: [equals('user', 'root'), equals('user', 'x y')] },
        {
          kind: 'compare',
          left: metric('query_duration'),
          operator: '>',
          right: { kind: 'quantity', value: 5, unit: 's' },
        },
      ],
    })
    expect(parsePredicate('a = 1 day in (1)').predicate).toBeUndefined()
  })
})
