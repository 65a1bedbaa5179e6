import { describe, expect, test } from 'vitest'
import {
  complete,
  LIMITS,
  parsePredicate,
  parseScript,
  parseTrigger,
} from '../../../src/query/syntax/index.js'
import { cpuMs } from '../../cpu-time.js'
import { misplaced } from './support.js'

const BEYOND: [string, string][] = [
  ['characters', `select a where x = "${'a'.repeat(LIMITS.textLength)}"`],
  ['statements', 'select a;'.repeat(LIMITS.statements + 1)],
  ['items', `select ${'a,'.repeat(LIMITS.items)}a`],
  ['arguments', `select greatest(${'a,'.repeat(LIMITS.items)}a)`],
  ['operators', `select ${'a+'.repeat(LIMITS.operators + 1)}a`],
  ['conditions', `select a where ${'x=1 and '.repeat(LIMITS.conditions + 1)}y=1`],
  ['nested parentheses', `select ${'('.repeat(LIMITS.depth + 1)}a${')'.repeat(LIMITS.depth + 1)}`],
  ['nested groups', `select a where ${'('.repeat(LIMITS.depth + 1)}x=1`],
  ['nested calls', `select ${'last('.repeat(LIMITS.depth + 1)}a`],
  ['signs', `select ${'-'.repeat(LIMITS.depth + 1)}a`],
  ['signs and parentheses', `select ${'-('.repeat(40)}${'-'.repeat(40)}a${')'.repeat(40)}`],
]

describe('beyond a limit the text is refused, with the place', () => {
  test.each(BEYOND)('%s', (_, text) => {
    const { script, problems } = parseScript(text)
    expect(script).toBeUndefined()
    expect(problems).toHaveLength(1)
    expect(misplaced(problems, text)).toBeUndefined()
  })
})

test('at the limits it is taken', () => {
  for (const text of [
    'select a;'.repeat(LIMITS.statements),
    `select ${'a,'.repeat(LIMITS.items - 1)}a`,
    `select ${'a+'.repeat(LIMITS.operators)}a`,
    `select a where ${'x=1 and '.repeat(LIMITS.conditions)}y=1`,
    `select ${'('.repeat(LIMITS.depth)}a${')'.repeat(LIMITS.depth)}`,
    `select a where ${'(x=1 or '.repeat(LIMITS.depth)}y=1${')'.repeat(LIMITS.depth)}`,
    `select ${'-'.repeat(LIMITS.depth)}a`,
  ])
    expect(parseScript(text).problems).toEqual([])
})

test('hostile texts of the largest size take bounded time, wrong ones too', () => {
  const fill = (piece: string, head = '') =>
    (head + piece.repeat(LIMITS.textLength)).slice(0, LIMITS.textLength)
  const start = cpuMs()
  for (const text of [
    fill('('),
    fill(')'),
    fill('"'),
    fill('\'"'),
    fill('\\'),
    fill('-'),
    fill('a '),
    fill('a,', 'select '),
    fill('and '),
    fill('select '),
    fill('a=', 'select a where '),
    fill('(a=1)', 'select a where '),
    fill('\\"', 'select a where x="'),
    fill('1e'),
    fill('$'),
    fill('😀'),
    fill('((a)', 'select '),
    fill('if('),
    fill(';'),
    fill('select a b;'),
    fill('x=1 or(', 'select a where '),
    fill('9', 'select '),
    fill('a+b*', 'select '),
    fill('last(a,', 'select '),
    fill('\n'),
    fill('. ', 'select a where x='),
    fill('(select a) or', 'IF '),
  ]) {
    for (const parse of [parseScript, parseTrigger, parsePredicate]) {
      const { problems } = parse(text)
      expect(problems.length).toBeGreaterThan(0)
      expect(misplaced(problems, text)).toBeUndefined()
    }
    complete(text, text.length)
  }
  expect(cpuMs() - start).toBeLessThan(50_000)
}, 120_000)

test('a typical statement parses in far less than ten milliseconds', () => {
  const text =
    'select cpu_user_rate / getHostFact(numCores, 1) * 100, last(moving_avg(load_1, 300)) as "load" where category = HOST and hostname rlike "host[0-3]+.*" and last(load_1) > 0.5'
  for (let i = 0; i < 500; i++) parseScript(text)
  const start = cpuMs()
  for (let i = 0; i < 500; i++) parseScript(text)
  expect((cpuMs() - start) / 500).toBeLessThan(10)
})
