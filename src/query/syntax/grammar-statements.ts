import type * as Ast from './ast.js'
import { canonicalAttribute } from './attributes.js'
import type { Rule } from './grammar-base.js'
import { ExpressionGrammar } from './grammar-expressions.js'
import * as check from './literals.js'
import { join, node, spanOf } from './nodes.js'
import { unquote } from './strings.js'
import * as T from './tokens.js'

interface Filter {
  where?: Ast.Predicate
  days?: Ast.DayClause
  hours?: Ast.HourClause
}

const DAYS = { what: 'a day', from: 1, to: 7, hint: ' (1 is Monday, 7 is Sunday)' }
const HOURS = { what: 'an hour', from: 0, to: 23, hint: '' }

/** Statements: what is selected, of which series, and at what times. */
export abstract class StatementGrammar extends ExpressionGrammar {
  statement: Rule<Ast.Statement> = this.RULE('statement', () => {
    const first = this.LA(1)
    const explain = this.OPTION(() => this.CONSUME(T.Explain)) !== undefined
    this.CONSUME(T.Select)
    const select = this.SUBRULE(this.selectList)
    const from = this.OPTION2(() => this.SUBRULE(this.fromClause))
    const filter = this.OPTION3(() =>
      this.OR<Filter>([
        { ALT: () => this.SUBRULE(this.whereClause) },
        { ALT: () => this.SUBRULE(this.timeClauses) },
      ]),
    )
    const span = this.since(first)
    return this.ACTION(() => {
      return node({
        kind: 'statement',
        text: this.text.slice(span.offset, span.offset + span.length),
        select,
        ...(from && { from }),
        ...filter,
        explain,
        ...span,
      })
    })
  })

  selectList: Rule<Ast.Statement['select']> = this.RULE('selectList', () =>
    this.OR<Ast.Statement['select']>([
      {
        ALT: () => {
          const star = this.CONSUME(T.Star)
          return node({ kind: 'star', ...spanOf(star) })
        },
      },
      {
        ALT: () => {
          const items = [this.SUBRULE(this.item)]
          this.MANY(() => {
            this.CONSUME(T.Comma)
            items.push(this.SUBRULE2(this.item))
          })
          return Object.freeze(items)
        },
      },
    ]),
  )

  item: Rule<Ast.SelectItem> = this.RULE('item', () => {
    const first = this.LA(1)
    const expression = this.SUBRULE(this.expression)
    const alias = this.OPTION(() => {
      this.CONSUME(T.As)
      return this.SUBRULE(this.alias)
    })
    const span = this.since(first)
    return node({ kind: 'item', expression, ...(alias !== undefined && { alias }), ...span })
  })

  alias: Rule<string> = this.RULE('alias', () =>
    this.OR([
      { ALT: () => this.CONSUME(T.Name).image },
      { ALT: () => unquote(this.CONSUME(T.StringToken).image) },
    ]),
  )

  fromClause: Rule<Ast.Collection> = this.RULE('fromClause', () => {
    this.CONSUME(T.From)
    return this.SUBRULE(this.collection)
  })

  collection: Rule<Ast.Collection> = this.RULE('collection', () => {
    const name = this.CONSUME(T.Name)
    return node({ kind: 'collection', name: check.collection(name, this.problems), ...spanOf(name) })
  })

  whereClause: Rule<Filter> = this.RULE('whereClause', () => {
    this.CONSUME(T.Where)
    return this.OR<Filter>([
      {
        ALT: () => {
          const where = this.SUBRULE(this.predicate)
          const tail = this.OPTION(() => this.SUBRULE(this.timeClauses))
          return { where, ...tail }
        },
      },
      { ALT: () => this.SUBRULE2(this.timeClauses) },
    ])
  })

  timeClauses: Rule<Filter> = this.RULE('timeClauses', () =>
    this.OR<Filter>([
      {
        ALT: () => {
          const days = this.SUBRULE(this.dayClause)
          const hours = this.OPTION(() => this.SUBRULE(this.hourClause))
          return { days, ...(hours && { hours }) }
        },
      },
      { ALT: () => ({ hours: this.SUBRULE2(this.hourClause) }) },
    ]),
  )

  dayClause: Rule<Ast.DayClause> = this.RULE('dayClause', () => {
    const first = this.CONSUME(T.Day)
    this.CONSUME(T.In)
    this.CONSUME(T.LParen)
    const days = [this.SUBRULE(this.day)]
    this.MANY(() => {
      this.CONSUME(T.Comma)
      days.push(this.SUBRULE2(this.day))
    })
    const last = this.CONSUME(T.RParen)
    return node({ kind: 'days', days: Object.freeze(days), ...spanOf(first, last) })
  })

  day: Rule<number> = this.RULE('day', () =>
    check.toInteger(this.CONSUME(T.NumberToken), DAYS, this.problems),
  )

  hourClause: Rule<Ast.HourClause> = this.RULE('hourClause', () => {
    const first = this.CONSUME(T.Hour)
    this.CONSUME(T.In)
    this.CONSUME(T.LBracket)
    const from = this.SUBRULE(this.hour)
    this.CONSUME(T.Colon)
    const to = this.SUBRULE2(this.hour)
    const last = this.CONSUME(T.RBracket)
    return node({ kind: 'hours', from, to, ...spanOf(first, last) })
  })

  hour: Rule<number> = this.RULE('hour', () =>
    check.toInteger(this.CONSUME(T.NumberToken), HOURS, this.problems),
  )

  predicate: Rule<Ast.Predicate> = this.chain(
    'predicate',
    T.Or,
    () => this.conjunction,
    (operands, span) => join('or', operands, span),
  )

  conjunction: Rule<Ast.Predicate> = this.chain(
    'conjunction',
    T.And,
    () => this.condition,
    (operands, span) => join('and', operands, span),
  )

  /** `name = 5` is an attribute and its value, never a metric that is compared: the first alternative wins. */
  condition: Rule<Ast.Predicate> = this.RULE('condition', () =>
    this.OR<Ast.Predicate>([
      {
        ALT: () => {
          this.CONSUME(T.GroupOpen)
          const inner = this.SUBRULE(this.predicate)
          this.CONSUME(T.RParen)
          return inner
        },
      },
      { ALT: () => this.SUBRULE(this.equals), IGNORE_AMBIGUITIES: true },
      { ALT: () => this.SUBRULE(this.differs), IGNORE_AMBIGUITIES: true },
      { ALT: () => this.SUBRULE(this.matches) },
      { ALT: () => this.SUBRULE(this.comparison) },
    ]),
  )

  equals: Rule<Ast.AttributeEquals> = this.RULE('equals', () => {
    const first = this.LA(1)
    const attribute = this.SUBRULE(this.attribute)
    this.CONSUME(T.Equals)
    const value = this.SUBRULE(this.value)
    return node({ kind: 'equals', ...attribute, value, ...this.since(first) })
  })

  differs: Rule<Ast.AttributeDiffers> = this.RULE('differs', () => {
    const first = this.LA(1)
    const attribute = this.SUBRULE(this.attribute)
    this.CONSUME(T.NotEquals)
    const value = this.SUBRULE(this.value)
    return node({ kind: 'differs', ...attribute, value, ...this.since(first) })
  })

  matches: Rule<Ast.AttributeMatches> = this.RULE('matches', () => {
    const first = this.LA(1)
    const attribute = this.SUBRULE(this.attribute)
    this.CONSUME(T.Rlike)
    const pattern = this.SUBRULE(this.pattern)
    return node({ kind: 'rlike', ...attribute, ...pattern, ...this.since(first) })
  })

  attribute: Rule<Pick<Ast.AttributeEquals, 'attribute' | 'attributeSpan'>> = this.RULE('attribute', () => {
    const name = this.CONSUME(T.Name)
    return { attribute: canonicalAttribute(name.image), attributeSpan: node(spanOf(name)) }
  })

  pattern: Rule<Pick<Ast.AttributeMatches, 'pattern' | 'patternSpan'>> = this.RULE('pattern', () => {
    const string = this.CONSUME(T.StringToken)
    return { pattern: unquote(string.image), patternSpan: node(spanOf(string)) }
  })

  value: Rule<Ast.Value> = this.RULE('value', () => {
    const token = this.OR([
      { ALT: () => this.CONSUME(T.Word) },
      { ALT: () => this.CONSUME(T.StringToken) },
      { ALT: () => this.CONSUME(T.Variable) },
    ])
    return this.ACTION(() => node({ kind: 'value', ...check.attributeValue(token), ...spanOf(token) }))
  })
}
