import type * as Ast from './ast.js'
import type { Rule } from './grammar-base.js'
import { StatementGrammar } from './grammar-statements.js'
import * as check from './literals.js'
import { joinConditions, node, spanOf } from './nodes.js'
import * as T from './tokens.js'

/**
 * The grammar, LL(2) over classified tokens, building the syntax tree as it goes. What is well formed but not allowed
 * (an unknown function, day 8) goes to `problems`. A rule stands for one thing that a person would name, because errors
 * and completion are told in terms of rules.
 */
export class Grammar extends StatementGrammar {
  constructor() {
    super()
    this.performSelfAnalysis()
    this.problems = []
  }

  trigger: Rule<Ast.Trigger> = this.RULE('trigger', () => {
    const first = this.CONSUME(T.If)
    const condition = this.SUBRULE(this.anyCondition)
    this.CONSUME(T.Do)
    const action = this.SUBRULE(this.action)
    return node({ kind: 'trigger', condition, action, ...this.since(first) })
  })

  anyCondition: Rule<Ast.TriggerCondition> = this.chain(
    'anyCondition',
    T.Or,
    () => this.allCondition,
    (operands, span) => joinConditions('any', operands, span),
  )

  allCondition: Rule<Ast.TriggerCondition> = this.chain(
    'allCondition',
    T.And,
    () => this.triggerCondition,
    (operands, span) => joinConditions('all', operands, span),
  )

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
