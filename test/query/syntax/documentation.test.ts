import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FUNCTIONS, LIMITS, parseScript, parseTrigger } from '../../../src/query/syntax/index.js'

const document = readFileSync(new URL('../../../docs/tsquery.md', import.meta.url), 'utf8')
const blocks = (language: string) =>
  [...document.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].flatMap((m) =>
    m[1]!.trim().split('\n'),
  )

test.each(blocks('tsquery'))('example: %s', (line) => {
  expect(parseScript(line).problems).toEqual([])
})

test.each(blocks('trigger'))('example: %s', (line) => {
  expect(parseTrigger(line).problems).toEqual([])
})

test('the document has every function, theirs and ours in their tables', () => {
  const [theirs = '', ours = ''] = document.split('## Functions')[1]!.split('\nOurs:\n')
  for (const { spelling, ours: isOurs } of FUNCTIONS.values())
    expect([spelling, new RegExp(`\`${spelling}[(\`]`).test(isOurs ? ours : theirs)]).toEqual([
      spelling,
      true,
    ])
})

test('the document has the limits', () => {
  for (const limit of [LIMITS.textLength, LIMITS.statements, LIMITS.items, LIMITS.operators, LIMITS.depth])
    expect(document).toMatch(new RegExp(`\\b(${limit}|${limit.toLocaleString('en')}) `))
})
