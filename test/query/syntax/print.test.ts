import fc from 'fast-check'
import { expect, test } from 'vitest'
import type {
  Expression,
  Predicate,
  Statement,
  Trigger,
  TriggerCondition,
} from '../../../src/query/syntax/ast.js'
import {
  ATTRIBUTES,
  COLLECTIONS,
  parseScript,
  parseTrigger,
  printScript,
  printTrigger,
} from '../../../src/query/syntax/index.js'
import { quote, unquote } from '../../../src/query/syntax/strings.js'
import { meaning } from './support.js'

const at = { offset: 0, length: 0 }
const reserved = /^(select|from|where|and|or|as|rlike|day|hour|in|if|do|explain)$/i
const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/).filter((text) => !reserved.test(text))
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('"', "'", '\\', '\n', ' ', 'a', ';', '$', '‽'), maxLength: 12 }),
)
const positive = fc.oneof(
  fc.nat(100_000),
  fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0)),
)

const { expression } = fc.letrec<{ expression: Expression }>((tie) => {
  const inner = tie('expression')
  const metric = name
    .map((name) => name.toLowerCase())
    .map((name): Expression => ({ kind: 'metric', name, ...at }))
  const number = positive.map((value): Expression => ({ kind: 'number', value, ...at }))
  const call = (name: string, ...args: fc.Arbitrary<Expression>[]) =>
    fc.tuple(...args).map((args): Expression => ({ kind: 'call', name, nameSpan: at, args, ...at }))
  const comparison = fc
    .record({
      left: inner,
      operator: fc.constantFrom('<', '<=', '=', '!=', '>=', '>'),
      right: fc.record(
        { kind: fc.constant('quantity'), value: fc.integer(), unit: fc.constantFrom('mb', 'ms') },
        { requiredKeys: ['kind', 'value'] },
      ),
    })
    .map((fields) => ({ kind: 'compare', ...fields, ...at }) as Expression)
  const conditions = (kind: 'and' | 'or') =>
    fc.tuple(comparison, comparison, comparison).map(
      ([a, b, c]) =>
        ({
          kind: kind === 'and' ? 'or' : 'and',
          operands: [a, { kind, operands: [b, c], ...at }],
          ...at,
        }) as Expression,
    )
  const word = fc.oneof(name, text).map((text): Expression => ({ kind: 'word', text, ...at }))
  return {
    expression: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      metric,
      number,
      fc
        .record({ operator: fc.constantFrom('+', '-', '*', '/'), left: inner, right: inner })
        .map((fields) => ({ kind: 'binary', ...fields, ...at }) as Expression),
      inner.map((operand): Expression => ({ kind: 'negate', operand, ...at })),
      call('last', inner),
      call('moving_avg', inner, number),
      call('count_service_roles'),
      call('gethostfact', word, number),
      call('sum_by', inner, word, word),
      call('when', comparison, inner),
      call('when', comparison),
      call('when', conditions('and'), inner),
      call('when', conditions('or')),
    ),
  }
})

const value = (attribute: string) =>
  fc
    .oneof(
      fc
        .oneof(text, name, fc.constantFrom('1', '-1.5', 'a-b.c:d/e', '3d645222-2f7e-4895', 'and'))
        .map((text) => ({ text, form: 'string' as const })),
      fc
        .constantFrom('1', 'a-b.c:d/e', '3d645222-2f7e-4895', 'day')
        .map((text) => ({ text, form: 'word' as const })),
      name.map((text) => ({ text, form: 'variable' as const })),
    )
    .map((fields) => ({ attribute, value: { kind: 'value' as const, ...fields, ...at } }))
const named = fc.oneof(
  fc.constantFrom(...ATTRIBUTES, 'entityName', 'category'),
  name.filter((n) => !ATTRIBUTES.some((a) => a.toLowerCase() === n.toLowerCase())),
)

const { predicate } = fc.letrec<{ predicate: Predicate }>((tie) => {
  const joined = (kind: 'and' | 'or') =>
    fc
      .array(
        tie('predicate').filter((p) => p.kind !== kind),
        { minLength: 2, maxLength: 3 },
      )
      .map((operands): Predicate => ({ kind, operands, ...at }))
  return {
    predicate: fc.oneof(
      { depthSize: 'small' },
      named
        .chain(value)
        .chain((fields) =>
          fc
            .constantFrom('equals', 'differs')
            .map((kind) => ({ kind, attributeSpan: at, ...fields, ...at }) as Predicate),
        ),
      fc
        .record({ attribute: named, pattern: text })
        .map(
          (fields): Predicate => ({ kind: 'rlike', attributeSpan: at, patternSpan: at, ...fields, ...at }),
        ),
      fc
        .record({
          left: expression.filter((e) => e.kind !== 'metric'),
          operator: fc.constantFrom('<', '<=', '=', '!=', '>=', '>'),
          right: fc.record(
            {
              kind: fc.constant('quantity'),
              value: fc.oneof(
                positive,
                positive.filter((n) => n > 0).map((n) => -n),
              ),
              unit: fc.constantFrom('mb', 'ms', 'kis', 'bps'),
            },
            { requiredKeys: ['kind', 'value'] },
          ),
        })
        .map((fields) => ({ kind: 'compare', ...fields, ...at }) as Predicate),
      joined('and'),
      joined('or'),
    ),
  }
})

const item = fc
  .record({ expression, alias: text }, { requiredKeys: ['expression'] })
  .map((fields) => ({ kind: 'item' as const, ...fields, ...at }))
const statement: fc.Arbitrary<Statement> = fc
  .record(
    {
      select: fc.array(item, { minLength: 1, maxLength: 4 }),
      from: fc.constantFrom(...COLLECTIONS).map((name) => ({ kind: 'collection' as const, name, ...at })),
      where: predicate,
      days: fc
        .array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 7 })
        .map((days) => ({ kind: 'days' as const, days, ...at })),
      hours: fc
        .tuple(fc.nat(23), fc.nat(23))
        .map(([from, to]) => ({ kind: 'hours' as const, from, to, ...at })),
      explain: fc.boolean(),
    },
    { requiredKeys: ['select', 'explain'] },
  )
  .map((fields) => ({ kind: 'statement', text: '', ...fields, ...at }) as Statement)

const { condition } = fc.letrec<{ condition: TriggerCondition }>((tie) => {
  const joined = (kind: 'all' | 'any') =>
    fc
      .array(
        tie('condition').filter((c) => c.kind !== kind),
        { minLength: 2, maxLength: 3 },
      )
      .map((operands): TriggerCondition => ({ kind, operands, ...at }))
  return {
    condition: fc.oneof(
      { depthSize: 'xsmall' },
      statement.map(
        (s): TriggerCondition => ({ kind: 'stream-count', statement: { ...s, explain: false }, ...at }),
      ),
      joined('all'),
      joined('any'),
    ),
  }
})

test('every script parses to the same tree after printing, and prints the same again', () => {
  fc.assert(
    fc.property(fc.array(statement, { minLength: 1, maxLength: 3 }), (statements) => {
      const printed = printScript({ kind: 'script', statements })
      const { script, problems } = parseScript(printed)
      expect(problems).toEqual([])
      expect(meaning(script!.statements)).toEqual(meaning(statements))
      expect(printScript(script!)).toBe(printed)
    }),
    { numRuns: 600, seed: 4 },
  )
})

test('every trigger parses to the same tree after printing', () => {
  fc.assert(
    fc.property(condition, fc.constantFrom('bad', 'concerning'), (condition, action) => {
      const tree = { kind: 'trigger', condition, action, ...at } as Trigger
      const { trigger, problems } = parseTrigger(printTrigger(tree))
      expect(problems).toEqual([])
      expect(meaning(trigger)).toEqual(meaning(tree))
    }),
    { numRuns: 200, seed: 5 },
  )
})

test('every text survives quoting', () => {
  fc.assert(
    fc.property(text, (text) => unquote(quote(text)) === text),
    { numRuns: 3000, seed: 6 },
  )
})

test.each([
  [
    "select LAST(cpu_percent) as x where category='host'",
    'SELECT last(cpu_percent) AS "x" WHERE category = host',
  ],
  ['select a where entityname = 1 and hostid = h1', 'SELECT a WHERE entityName = "1" AND hostId = h1'],
  ['select ((a)) - (b - c), (a*b)+c, -(-a), a/(b*c)', 'SELECT a - (b - c), a * b + c, --a, a / (b * c)'],
  ['select gethostfact(numcores, 1.0)', 'SELECT getHostFact(numcores, 1)'],
  ['select a where (x=1 and (y=2)) or (z=3 or w=4)', 'SELECT a WHERE x = 1 AND y = 2 OR z = 3 OR w = 4'],
  ['explain select a from reports hour in [1:2];', 'EXPLAIN SELECT a FROM REPORTS HOUR IN [1:2]'],
])('normal form of %s', (text, normal) => {
  expect(printScript(parseScript(text).script!)).toBe(normal)
})
