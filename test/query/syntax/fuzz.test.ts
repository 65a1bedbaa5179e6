import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  complete,
  parsePredicate,
  parseScript,
  parseTrigger,
  printScript,
} from '../../../src/query/syntax/index.js'
import { meaning, misplaced, seeded } from './support.js'

const corpus = readFileSync(new URL('../fixtures/tsquery-corpus.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => line.replace(/\s+# \[\w+\]$/, ''))

const PIECES = [
  ...'()[],;:=!<>+-*/"\'\\$. \n',
  'select',
  ' from ',
  ' where ',
  ' and ',
  ' or ',
  ' as ',
  ' rlike ',
  ' day in ',
  ' hour in ',
  'explain ',
  'IF ',
  ' DO ',
  'last(',
  'when(',
  'when(a > 5 mb, ',
  'stats(a, max)',
  '5',
  '1e9',
  '0.5',
  'mb',
  'a',
  'REPORTS',
  'health:bad',
  '“',
  '\u0000',
  '😀',
  '\ud800',
  '\u2028',
  'é',
  '__proto__',
  'constructor',
]

function mutate(text: string, random: () => number): string {
  const index = (n: number) => Math.floor(random() * n)
  let result = text
  for (let change = 1 + index(4); change > 0; change--) {
    const at = index(result.length + 1)
    const size = index(6)
    const other = corpus[index(corpus.length)]!
    const start = index(other.length)
    const inserted = [
      PIECES[index(PIECES.length)]!,
      other.slice(start, start + index(30)),
      String.fromCharCode(index(256)),
      '',
    ][index(4)]!
    result = result.slice(0, at) + inserted + result.slice(at + size * index(2))
  }
  return result
}

/** Every parser takes the text, and what it refuses has a place and words; what it takes prints and parses again. */
function check(text: string): void {
  for (const parse of [parseScript, parseTrigger, parsePredicate]) {
    const result = parse(text) as { problems: Parameters<typeof misplaced>[0] }
    const tree = Object.entries(result).find(([key]) => key !== 'problems')?.[1]
    if (tree === undefined && result.problems.length === 0)
      throw new Error(`neither tree nor problem: ${JSON.stringify(text)}`)
    const wrong = misplaced(result.problems, text)
    if (wrong) throw new Error(`${wrong} in ${JSON.stringify(text)}`)
  }
  const { script } = parseScript(text)
  if (script) expect(meaning(parseScript(printScript(script)).script)).toEqual(meaning(script))
}

test('mutations of real statements', () => {
  const random = seeded(11)
  for (let round = 0; round < 2500; round++)
    check(mutate(corpus[Math.floor(random() * corpus.length)]!, random))
})

test('pieces of the language in any order', () => {
  const random = seeded(12)
  for (let round = 0; round < 3000; round++) {
    const size = Math.floor(random() * 30)
    check(Array.from({ length: size }, () => PIECES[Math.floor(random() * PIECES.length)]).join(''))
  }
})

test('random characters', () => {
  const random = seeded(13)
  for (let round = 0; round < 2000; round++) {
    const size = Math.floor(random() * 60)
    const range = round % 2 === 0 ? 128 : 65_536
    check(Array.from({ length: size }, () => String.fromCharCode(Math.floor(random() * range))).join(''))
  }
})

test('completion at any place of any text', () => {
  const random = seeded(14)
  for (let round = 0; round < 2000; round++) {
    const text = mutate(corpus[Math.floor(random() * corpus.length)]!, random)
    const offset = Math.floor(random() * (text.length + 3)) - 1
    const { from, to, kinds } = complete(text, offset)
    expect(from >= 0 && from <= to && to <= text.length && Array.isArray(kinds)).toBe(true)
  }
})
