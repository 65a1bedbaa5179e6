import { EmbeddedActionsParser, type IToken, type ParserMethod } from 'chevrotain'
import type { QueryProblem } from '../../wire/timeseries.js'
import type * as Ast from './ast.js'
import { canonicalAttribute } from './attributes.js'
import * as check from './literals.js'
import { binary, join, joinConditions, node, spanOf } from './nodes.js'
import { unquote } from './strings.js'
import * as T from './tokens.js'

type Rule<Result> = ParserMethod<[], Result>

interface Filter {
  where?: Ast.Predicate
  days?: Ast.DayClause
  hours?: Ast.HourClause
}

const NOWHERE = { offset: 0, length: 0 }
const DAYS = { what: 'a day', from: 1, to: 7, hint: ' (1 is Monday, 7 is Sunday)' }
const HOURS = { what: 'an hour', from: 0, to: 23, hint: '' }

/**
 * The grammar, LL(2) over classified tokens, building the syntax tree as it goes. What is well formed but not allowed
 * (an unknown function, day 8) goes to `problems`. A rule stands for one thing that a person would name, because errors
 * and completion are told in terms of rules.
 */
export class Grammar extends EmbeddedActionsParser {
  text = ''
  problems: QueryProblem[] = []

  constructor() {
    super(T.vocabulary, { maxLookahead: 2, recoveryEnabled: false })
    this.performSelfAnalysis()
    this.problems = []
  }

  /** From a token to the one that was consumed last. */
  private since(first: IToken): Ast.Span {
    return this.RECORDING_PHASE ? NOWHERE : spanOf(first, this.LA(0))
  }

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

  expression: Rule<Ast.Expression> = this.RULE('expression', () => {
    const first = this.LA(1)
    let left = this.SUBRULE(this.term)
    this.MANY(() => {
      const operator = this.OR([{ ALT: () => this.CONSUME(T.Plus) }, { ALT: () => this.CONSUME(T.Minus) }])
      const right = this.SUBRULE2(this.term)
      left = binary(operator, left, right, this.since(first))
    })
    return left
  })

  term: Rule<Ast.Expression> = this.RULE('term', () => {
    const first = this.LA(1)
    let left = this.SUBRULE(this.factor)
    this.MANY(() => {
      const operator = this.OR([{ ALT: () => this.CONSUME(T.Star) }, { ALT: () => this.CONSUME(T.Slash) }])
      const right = this.SUBRULE2(this.factor)
      left = binary(operator, left, right, this.since(first))
    })
    return left
  })

  factor: Rule<Ast.Expression> = this.RULE('factor', () =>
    this.OR<Ast.Expression>([
      { ALT: () => this.SUBRULE(this.call) },
      { ALT: () => this.SUBRULE(this.selection) },
      { ALT: () => this.SUBRULE(this.metric) },
      { ALT: () => this.SUBRULE(this.number) },
      {
        ALT: () => {
          this.CONSUME(T.LParen)
          const inner = this.SUBRULE(this.expression)
          this.CONSUME(T.RParen)
          return inner
        },
      },
      {
        ALT: () => {
          const sign = this.CONSUME(T.Minus)
          const operand = this.SUBRULE(this.factor)
          return node({ kind: 'negate', operand, ...this.since(sign) })
        },
      },
    ]),
  )

  metric: Rule<Ast.MetricName> = this.RULE('metric', () => {
    const name = this.CONSUME(T.Name)
    return node({ kind: 'metric', name: name.image.toLowerCase(), ...spanOf(name) })
  })

  number: Rule<Ast.NumberLiteral> = this.RULE('number', () => {
    const token = this.CONSUME(T.NumberToken)
    return node({ kind: 'number', value: check.toNumber(token, this.problems), ...spanOf(token) })
  })

  call: Rule<Ast.Call> = this.RULE('call', () => {
    const name = this.CONSUME(T.Name)
    this.CONSUME(T.LParen)
    const args: Ast.Expression[] = []
    this.OPTION(() => {
      args.push(this.SUBRULE(this.argument))
      this.MANY(() => {
        this.CONSUME(T.Comma)
        args.push(this.SUBRULE2(this.argument))
      })
    })
    const close = this.CONSUME(T.RParen)
    this.ACTION(() => check.functionName(name, this.problems))
    return node({
      kind: 'call',
      name: name.image.toLowerCase(),
      nameSpan: node(spanOf(name)),
      args: Object.freeze(args),
      ...spanOf(name, close),
    })
  })

  /** Ours: `when(cpu_percent > 90 AND load_1 > 8, mem_rss)`. */
  selection: Rule<Ast.Call> = this.RULE('selection', () => {
    const name = this.CONSUME(T.When)
    this.CONSUME(T.LParen)
    const args = [this.SUBRULE(this.pointPredicate) as Ast.Expression]
    this.OPTION(() => {
      this.CONSUME(T.Comma)
      args.push(this.SUBRULE(this.expression))
    })
    const close = this.CONSUME(T.RParen)
    return node({
      kind: 'call',
      name: 'when',
      nameSpan: node(spanOf(name)),
      args: Object.freeze(args),
      ...spanOf(name, close),
    })
  })

  /** As `predicate`, of comparisons alone. */
  pointPredicate: Rule<Ast.Predicate> = this.RULE('pointPredicate', () => {
    const first = this.LA(1)
    const operands = [this.SUBRULE(this.pointConjunction)]
    this.MANY(() => {
      this.CONSUME(T.Or)
      operands.push(this.SUBRULE2(this.pointConjunction))
    })
    return join('or', operands, this.since(first))
  })

  pointConjunction: Rule<Ast.Predicate> = this.RULE('pointConjunction', () => {
    const first = this.LA(1)
    const operands = [this.SUBRULE(this.pointCondition)]
    this.MANY(() => {
      this.CONSUME(T.And)
      operands.push(this.SUBRULE2(this.pointCondition))
    })
    return join('and', operands, this.since(first))
  })

  pointCondition: Rule<Ast.Predicate> = this.RULE('pointCondition', () =>
    this.OR<Ast.Predicate>([
      {
        ALT: () => {
          this.CONSUME(T.GroupOpen)
          const inner = this.SUBRULE(this.pointPredicate)
          this.CONSUME(T.RParen)
          return inner
        },
      },
      { ALT: () => this.SUBRULE(this.comparison) },
    ]),
  )

  argument: Rule<Ast.Expression> = this.RULE('argument', () =>
    this.OR<Ast.Expression>([
      { ALT: () => this.SUBRULE(this.word) },
      { ALT: () => this.SUBRULE(this.duration) },
      { ALT: () => this.SUBRULE(this.expression) },
    ]),
  )

  word: Rule<Ast.Bareword> = this.RULE('word', () => {
    const token = this.OR([
      { ALT: () => this.CONSUME(T.WordArgument) },
      { ALT: () => this.CONSUME(T.StringToken) },
    ])
    return this.ACTION(() => node({ kind: 'word', text: check.word(token), ...spanOf(token) }))
  })

  /** Ours: `moving_avg(x, 5m)`; it becomes seconds. */
  duration: Rule<Ast.NumberLiteral> = this.RULE('duration', () => {
    const number = this.CONSUME(T.NumberToken)
    const unit = this.CONSUME(T.Name)
    return node({
      kind: 'number',
      value: check.duration(number, unit, this.problems),
      ...spanOf(number, unit),
    })
  })

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

  predicate: Rule<Ast.Predicate> = this.RULE('predicate', () => {
    const first = this.LA(1)
    const operands = [this.SUBRULE(this.conjunction)]
    this.MANY(() => {
      this.CONSUME(T.Or)
      operands.push(this.SUBRULE2(this.conjunction))
    })
    return join('or', operands, this.since(first))
  })

  conjunction: Rule<Ast.Predicate> = this.RULE('conjunction', () => {
    const first = this.LA(1)
    const operands = [this.SUBRULE(this.condition)]
    this.MANY(() => {
      this.CONSUME(T.And)
      operands.push(this.SUBRULE2(this.condition))
    })
    return join('and', operands, this.since(first))
  })

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

  comparison: Rule<Ast.Comparison> = this.RULE('comparison', () => {
    const first = this.LA(1)
    const left = this.SUBRULE(this.expression)
    const operator = this.SUBRULE(this.comparator)
    const right = this.SUBRULE(this.quantity)
    return node({ kind: 'compare', left, operator, right, ...this.since(first) })
  })

  comparator: Rule<Ast.CompareOperator> = this.RULE(
    'comparator',
    () =>
      this.OR([
        { ALT: () => this.CONSUME(T.Less) },
        { ALT: () => this.CONSUME(T.LessEqual) },
        { ALT: () => this.CONSUME(T.Equals) },
        { ALT: () => this.CONSUME(T.NotEquals) },
        { ALT: () => this.CONSUME(T.GreaterEqual) },
        { ALT: () => this.CONSUME(T.Greater) },
      ]).image as Ast.CompareOperator,
  )

  quantity: Rule<Ast.Quantity> = this.RULE('quantity', () => {
    const first = this.LA(1)
    const number = this.OR([
      { ALT: () => this.CONSUME(T.Word) },
      {
        ALT: () => {
          this.OPTION(() => this.CONSUME(T.Minus))
          return this.CONSUME(T.NumberToken)
        },
      },
    ])
    const unit = this.OPTION2(() => this.SUBRULE(this.unit))
    const quantity = this.ACTION(() =>
      check.quantity(number, first.tokenType === T.Minus, unit, this.problems),
    )
    return node({ kind: 'quantity', ...quantity, ...this.since(first) })
  })

  unit: Rule<IToken> = this.RULE('unit', () => this.CONSUME(T.Name))

  trigger: Rule<Ast.Trigger> = this.RULE('trigger', () => {
    const first = this.CONSUME(T.If)
    const condition = this.SUBRULE(this.anyCondition)
    this.CONSUME(T.Do)
    const action = this.SUBRULE(this.action)
    return node({ kind: 'trigger', condition, action, ...this.since(first) })
  })

  anyCondition: Rule<Ast.TriggerCondition> = this.RULE('anyCondition', () => {
    const first = this.LA(1)
    const operands = [this.SUBRULE(this.allCondition)]
    this.MANY(() => {
      this.CONSUME(T.Or)
      operands.push(this.SUBRULE2(this.allCondition))
    })
    return joinConditions('any', operands, this.since(first))
  })

  allCondition: Rule<Ast.TriggerCondition> = this.RULE('allCondition', () => {
    const first = this.LA(1)
    const operands = [this.SUBRULE(this.triggerCondition)]
    this.MANY(() => {
      this.CONSUME(T.And)
      operands.push(this.SUBRULE2(this.triggerCondition))
    })
    return joinConditions('all', operands, this.since(first))
  })

  triggerCondition: Rule<Ast.TriggerCondition> = this.RULE('triggerCondition', () => {
    const open = this.CONSUME(T.ConditionOpen)
    const inner = this.OR<Ast.TriggerCondition | Ast.Statement>([
      { ALT: () => this.SUBRULE(this.statement) },
      { ALT: () => this.SUBRULE(this.anyCondition) },
    ])
    const close = this.CONSUME(T.RParen)
    return inner.kind === 'statement'
      ? node({ kind: 'stream-count', statement: inner, ...spanOf(open, close) })
      : inner
  })

  action: Rule<Ast.Trigger['action']> = this.RULE('action', () => {
    const subject = this.CONSUME(T.Name)
    this.CONSUME(T.Colon)
    const state = this.CONSUME2(T.Name)
    return check.action(subject, state, this.problems)
  })
}
