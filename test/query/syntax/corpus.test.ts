import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  parsePredicate,
  parseScript,
  parseTrigger,
  printPredicate,
  printScript,
  printTrigger,
} from '../../../src/query/syntax/index.js'
import { meaning, misplaced, nodesOf } from './support.js'

/** Statements of public dashboards, documents and tools, each with its kind; beside them their normal forms, reviewed. */
const read = (name: string) =>
  readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
const normal = read('tsquery-corpus-normal.txt')
const corpus = read('tsquery-corpus.txt').map((line, i) => {
  const [, text = '', kind = ''] = /^(.*?)\s+# \[(\w+)\]$/.exec(line) ?? []
  return { text, kind, normal: normal[i] }
})

function parse(text: string) {
  if (/^if\b/i.test(text)) {
    const { trigger, problems } = parseTrigger(text)
    return { tree: trigger, problems, print: trigger && printTrigger(trigger) }
  }
  if (/^select\b/i.test(text)) {
    const { script, problems } = parseScript(text)
    return { tree: script, problems, print: script && printScript(script) }
  }
  const { predicate, problems } = parsePredicate(text)
  return { tree: predicate, problems, print: predicate && printPredicate(predicate) }
}

test('the corpus is all there', () => {
  expect(corpus.length).toBeGreaterThan(150)
  expect(normal).toHaveLength(corpus.length)
  expect(new Set(corpus.map((c) => c.kind))).toEqual(
    new Set(['fragment', 'templated', 'trigger', 'ts', 'unverified', 'var']),
  )
})

test.each(corpus)('$text', ({ text, kind, normal }) => {
  const { tree, problems, print } = parse(text)
  if (kind === 'unverified') {
    expect(problems[0]?.message).toContain('There is no IS NULL')
    expect(text.slice(problems[0]!.offset)).toBe('is NULL')
    expect(misplaced(problems, text)).toBeUndefined()
    return
  }
  expect(problems).toEqual([])
  expect(print).toBe(normal)
  const again = parse(print!)
  expect(meaning(again.tree)).toEqual(meaning(tree))
  expect(again.print).toBe(print)
  for (const node of nodesOf(tree))
    expect(text.slice(node.offset, node.offset + node.length)).toHaveLength(node.length)
})

const INVALID = [
  'select',
  'select where category = HOST',
  'select *',
  'select * from ENTITY_DATA',
  'select *, a where category = HOST',
  'select a,',
  'select a b',
  'select a as',
  'select a from',
  'select a from HOSTS',
  'select a where',
  'select a where category',
  'select a where category =',
  'select a where category = HOST and',
  'select a where category like "h"',
  'select a where hostname rlike host.*',
  'select a where hostname in ("a", "b")',
  'select a where not category = HOST',
  'select a where hostname is null',
  'select a where last(a) >',
  'select a where last(a) > b',
  'select a where last(a) > 5 parsecs',
  'select a where (category = HOST',
  'select a where category = HOST)',
  'select a where category = HOST and day in (1)',
  'select a day in ()',
  'select a day in (0)',
  'select a day in (1.5)',
  'select a hour in [9]',
  'select a hour in [9:24]',
  'select a hour in [9:17] day in (1)',
  'select a group by hostname',
  'select a order by hostname',
  'select a limit 5',
  'select nosuch(a)',
  'select last(a',
  'select last(a,)',
  'select a +',
  'select 1e999',
  'select when(a)',
  'select when(a, b)',
  'select when(a > b, c)',
  'select when(a > 1 and b, c)',
  'select when(a > 1 or category = HOST, c)',
  'select when(not a > 1, c)',
  'select last(a > 1)',
  'select "a"',
  'select a where hostname = "a',
  'insert into a',
  'a',
  '',
  ';',
]
test.each(INVALID)('refused: %s', (text) => {
  const { script, problems } = parseScript(text)
  expect(script).toBeUndefined()
  expect(problems.length).toBeGreaterThan(0)
  expect(misplaced(problems, text)).toBeUndefined()
})
