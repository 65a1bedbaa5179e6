import { describe, expect, test } from 'vitest'
import { compileRegex, RegexSyntaxError, RegexTooSlowError } from '../../../src/query/regex/index.js'
import { cpuMs } from '../../cpu-time.js'
import { seeded } from '../syntax/support.js'

describe('patterns that are none are refused with the place', () => {
  test.each([
    ['*a', 0, 'nothing that * could repeat'],
    ['a**', 2, 'nothing that * could repeat'],
    ['ab(cd', 2, 'not closed'],
    ['ab)', 2, 'closes nothing'],
    ['a[b', 1, 'not closed'],
    ['[]', 0, 'not closed'],
    ['[z-a]', 1, 'upside down'],
    ['[a-\\d]', 1, 'one character'],
    ['a{', 1, 'count'],
    ['{2}', 0, 'repeat'],
    ['a{3,2}', 1, 'upside down'],
    ['abc\\', 3, 'backslash'],
    ['\\1', 0, 'no group 1'],
    ['(a)\\2', 3, 'no group 2'],
    ['\\k<x>', 0, 'earlier group'],
    ['(?<1>a)', 0, 'name of a group'],
    ['(?<x>a)(?<x>b)', 7, 'two groups'],
    ['(?<=a*)b', 0, 'largest length'],
    ['\\q', 0, '\\q is not supported'],
    ['\\X', 0, '\\X is not supported'],
    ['\\p{Nosuch}', 0, 'Nosuch'],
    ['\\p', 0, 'braces'],
    ['(?y)a', 2, '(?y is not supported'],
    ['\\xg', 0, 'hexadecimal'],
    ['\\u12', 0, 'four hexadecimal'],
    ['\\08', 0, 'octal'],
    ['((a{1000}){1000}){1000}', 0, 'too large'],
    ['a'.repeat(20_000), 16_384, 'at most 16384'],
    ['('.repeat(200), 100, 'nested'],
    ['['.repeat(200), 51, 'nested'],
  ])('%.20s', (pattern, offset, part) => {
    let error: unknown
    try {
      compileRegex(pattern)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(RegexSyntaxError)
    const { message, offset: at, length } = error as RegexSyntaxError
    expect(message).toContain(part)
    expect(at).toBe(offset)
    expect(at + length).toBeLessThanOrEqual(pattern.length)
  })
})

describe('patterns that take exponential time elsewhere', () => {
  const long = 'a'.repeat(200)
  test.each([
    ['(a+)+', `${long}b`],
    ['(a|aa)+', `${long}b`],
    ['(a*)*b', `${long}c`],
    ['(?:(?:(?:a*)*)*)*c?d', `${long}dd`],
    ['(.*)*x[ab]', `${long}xc`],
    ['(?=(a+)+b).*', `${long}c`],
    ['(?:a?){200}a{200}b?', `${long}c`],
    ['.*.*.*.*.*[xy]', `${long}z`],
  ])('%s is answered all the same', (pattern, value) => {
    expect(compileRegex(pattern).test(value)).toBe(false)
  })

  test('with references they are stopped, always at the same value', () => {
    const pattern = '(a*)(a*)(a*)(a*)\\1\\2\\3\\4b?'
    const values = Array.from({ length: 60 }, (_, i) => `${'a'.repeat(i)}c`)
    const stoppedAt = () => {
      const regex = compileRegex(pattern, { stepsPerValue: 20_000 })
      return values.findIndex((value) => {
        try {
          regex.test(value)
          return false
        } catch (error) {
          expect(error).toBeInstanceOf(RegexTooSlowError)
          expect((error as RegexTooSlowError).values).toBe('one')
          return true
        }
      })
    }
    expect(stoppedAt()).toBeGreaterThan(5)
    expect(stoppedAt()).toBe(stoppedAt())
  })

  test('what a query may spend on all its patterns together is bounded too', () => {
    const budget = { steps: 10_000 }
    const regexes = ['.*a.*b.*c', '(x|y)+z.*'].map((pattern) => compileRegex(pattern, { budget }))
    const spend = () => {
      for (let i = 0; i < 100_000; i++) for (const regex of regexes) regex.test(`abcabcabzxyzxy${i}`)
    }
    expect(spend).toThrow(RegexTooSlowError)
    expect(spend).toThrow(/at the values together/)
  })

  test('the largest pattern and a long value take bounded time', () => {
    const start = cpuMs()
    for (const pattern of [
      '(a*)*'.repeat(800),
      '(?:a|b|ab)*'.repeat(350),
      '.*'.repeat(2000),
      '(.)\\1?'.repeat(580),
      '[a-z]+?'.repeat(585),
    ]) {
      const regex = compileRegex(pattern)
      try {
        regex.test(`${'ab'.repeat(5000)}#\n`)
      } catch (error) {
        expect(error).toBeInstanceOf(RegexTooSlowError)
      }
    }
    expect(cpuMs() - start).toBeLessThan(15_000)
  })

  test('after a value was stopped, the next one is answered', () => {
    const regex = compileRegex('(a*)(a*)(a*)\\1\\2\\3b', { stepsPerValue: 5000 })
    expect(() => regex.test(`${'a'.repeat(500)}cb`)).toThrow(RegexTooSlowError)
    expect(regex.test('aab')).toBe(true)
  })
})

test('any text is a pattern or refused, and nothing else is thrown', () => {
  const random = seeded(21)
  const pieces = [
    'a',
    '.',
    '*',
    '+',
    '?',
    '{2}',
    '{1,',
    '(',
    ')',
    '(?',
    '(?i)',
    '(?<n>',
    '[',
    ']',
    '^',
    '-',
    '&&',
    '\\',
    '\\p{L}',
    '\\Q',
    '\\E',
    '\\1',
    '|',
    '$',
    'é',
    '😀',
    '\ud800',
    '#',
    ' ',
  ]
  const outcomes = { compiled: 0, refused: 0 }
  for (let round = 0; round < 5000; round++) {
    const size = Math.floor(random() * 14)
    const pattern = Array.from({ length: size }, () => pieces[Math.floor(random() * pieces.length)]).join('')
    try {
      const regex = compileRegex(pattern)
      for (const value of ['', 'a', 'aa', 'é😀', 'a\n', '\ud800']) regex.test(value)
      outcomes.compiled++
    } catch (error) {
      if (!(error instanceof RegexSyntaxError)) throw error
      expect(error.offset >= 0 && error.offset + error.length <= pattern.length).toBe(true)
      outcomes.refused++
    }
  }
  expect(outcomes.compiled).toBeGreaterThan(500)
  expect(outcomes.refused).toBeGreaterThan(500)
})

test('ordinary patterns over 100,000 values take little time', () => {
  const values = Array.from({ length: 100_000 }, (_, i) => `node-${i}.rack${i % 40}.data.example.com`)
  const start = cpuMs()
  for (const pattern of ['.*data.*', 'node-1[0-9]+.*', '^(?!node-7).*', '.*(rack1|rack2)\\..*com$']) {
    const regex = compileRegex(pattern)
    for (const value of values) regex.test(value)
  }
  expect(cpuMs() - start).toBeLessThan(10_000)
})
