import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileRegex } from '../../../src/query/regex/index.js'

/**
 * Random patterns and what `Pattern.matcher(value).matches()` of OpenJDK 17 says to each value: the bits of a
 * hexadecimal number, after a leading 1.
 */
const { values, cases } = JSON.parse(
  readFileSync(new URL('../fixtures/java-regex.json', import.meta.url), 'utf8'),
) as { values: string[]; cases: [string, string][] }

test('random patterns match what they match in Java', () => {
  expect(cases.length).toBeGreaterThan(1000)
  for (const [pattern, bits] of cases) {
    const java = BigInt(`0x${bits}`).toString(2).slice(1)
    const regex = compileRegex(pattern)
    const ours = values.map((value) => (regex.test(value) ? '1' : '0')).join('')
    if (ours !== java)
      throw new Error(
        `${pattern}: ${values.filter((_, i) => ours[i] !== java[i]).map((v) => JSON.stringify(v))}`,
      )
  }
})

/** Pattern, values that match, values that do not. */
const MATCHES: [string, string[], string[]][] = [
  ['.*data.*', ['data', 'mydatanode', 'x.data'], ['dat', 'DATA', 'data\n']],
  ['.*root$', ['root', 'yarn:root'], ['root.hive', 'roots']],
  ['host[0-3]+.*', ['host1', 'host33.example.com'], ['host4', 'xhost1']],
  ['^(?!YARN).*', ['HDFS', '', 'xYARN'], ['YARN', 'YARN-1']],
  ['yarn:root\\..*', ['yarn:root.hive'], ['yarn:rootXhive']],
  ['host1[0-9]?.cloudera.com', ['host1.cloudera.com', 'host17.cloudera.com'], ['host177.cloudera.com']],
  ['a|b', ['a', 'b'], ['ab', '']],
  ['', [''], ['a']],
  ['(?i)node', ['NODE', 'Node'], ['nodes']],
  ['(?i)straße', ['STRAßE'], ['STRASSE', 'strasse']],
  ['(?i)É', ['É'], ['é']],
  ['(?iu)É', ['É', 'é'], ['e']],
  ['a++b', ['aab'], ['b']],
  ['a++a', [], ['aa', 'aaa']],
  ['(?>a|ab)c', ['ac'], ['abc']],
  ['\\Q[a.*]\\E+', ['[a.*]', '[a.*]]]'], ['[a.*', 'a']],
  ['\\Aab\\z', ['ab'], ['ab\n']],
  ['ab\\Z', ['ab'], ['ab\n']],
  ['ab\\Z\\n', ['ab\n'], ['ab']],
  ['[a-z&&[^aeiou]]+', ['xyz'], ['xaz']],
  ['[a-c[x-z]]+', ['abxz'], ['abm']],
  ['[\\w&&[^\\d]]+', ['ab_'], ['ab1']],
  ['\\p{Alpha}+\\p{javaDigit}', ['abc1'], ['ab-1', 'é1']],
  ['\\p{L}+', ['Ünïcödé'], ['a1']],
  ['\\h\\v', ['\t\n', '\u00a0\u2028'], ['\n\t']],
  ['a\\Rb', ['a\nb', 'a\r\nb', 'a\u0085b'], ['a\n\nb']],
  ['(?<x>a|b)-\\k<x>', ['a-a', 'b-b'], ['a-b']],
  ['(a)(b)?\\2', ['abb'], ['a']],
  ['(?<=ab?)c|.+(?<!x)', ['xxy'], ['xx']],
  ['.', ['a', '😀', 'é'], ['\n', '', '\u2028', '😀a']],
  ['(?s).', ['\n'], []],
  ['[^a]', ['😀', '\n'], ['a', '']],
  ['[😀-😂]', ['😁'], ['😃']],
  ['\\x{1F600}\\u00e9\\x41\\0101\\t', ['😀éAA\t'], []],
  ['(?x) a b # comment\n c', ['abc'], ['a b c']],
  ['(?m)a$\\n^b', ['a\nb'], ['a b']],
  ['x{2,3}?', ['xx', 'xxx'], ['x', 'xxxx']],
  ['(?:ab){2,}c', ['ababc'], ['abc']],
]
test.each(MATCHES)('%s', (pattern, yes, no) => {
  const regex = compileRegex(pattern)
  expect(yes.filter((value) => !regex.test(value))).toEqual([])
  expect(no.filter((value) => regex.test(value))).toEqual([])
})

test('without regard to case, when the attribute has none', () => {
  const test = (pattern: string, value: string) =>
    compileRegex(pattern, { caseInsensitive: true }).test(value)
  expect(test('host[a-c]é', 'HOSTBÉ')).toBe(true)
  expect(test('.*DATA.*', 'mydatanode')).toBe(true)
  expect(test('(a)\\1', 'aA')).toBe(true)
  expect(test('\\p{Lower}+', 'ABC')).toBe(true)
  expect(test('[^a]', 'A')).toBe(false)
  expect(test('(?-i)a', 'A')).toBe(false)
})

test('a choice of texts is looked up as it would be matched', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'B', 'k', 'S', '1', '-', 'é', 'ſ', '\n'),
    maxLength: 3,
  })
  const choice = fc.array(text, { minLength: 2, maxLength: 5 })
  fc.assert(
    fc.property(choice, text, fc.boolean(), (texts, value, caseInsensitive) => {
      const pattern = texts.join('|')
      const wanted = compileRegex(`(?=)(?:${pattern})`, { caseInsensitive })
      for (const same of [pattern, `(${pattern})`, `^(?:${pattern})$`])
        for (const each of [value, ...texts])
          expect(compileRegex(same, { caseInsensitive }).test(each)).toBe(
            same.endsWith('$') && each.endsWith('\n')
              ? compileRegex(`(?=)${same}`, { caseInsensitive }).test(each)
              : wanted.test(each),
          )
    }),
    { numRuns: 300, seed: 7 },
  )
  const hosts = Array.from({ length: 1000 }, (_, i) => `host-${i}\\.net`).join('|')
  const budget = { steps: 1000 }
  const regex = compileRegex(`(${hosts})`, { caseInsensitive: true, budget })
  for (let i = 0; i < 5000; i++) expect(regex.test(`HOST-${i}.net`)).toBe(i < 1000)
})
