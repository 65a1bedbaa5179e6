import type { IToken } from 'chevrotain'
import type * as Ast from './ast.js'
import { GrammarBase, type Rule } from './grammar-base.js'
import * as check from './literals.js'
import { join, node, spanOf } from './nodes.js'
import * as T from './tokens.js'

/** What is computed: expressions, and comparisons of them. */
export abstract class ExpressionGrammar extends GrammarBase {
  expression: Rule<Ast.Expression> = this.operation('expression', T.Plus, T.Minus, () => this.term)

  term: Rule<Ast.Expression> = this.operation('term', T.Star, T.Slash, () => this.factor)

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
  pointPredicate: Rule<Ast.Predicate> = this.chain(
    'pointPredicate',
    T.Or,
    () => this.pointConjunction,
    (operands, span) => join('or', operands, span),
  )

  pointConjunction: Rule<Ast.Predicate> = this.chain(
    'pointConjunction',
    T.And,
    () => this.pointCondition,
    (operands, span) => join('and', operands, span),
  )

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
}
