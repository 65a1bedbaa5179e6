import { EmbeddedActionsParser, type IToken, type ParserMethod, type TokenType } from 'chevrotain'
import type { QueryProblem } from '../../wire/timeseries.js'
import type * as Ast from './ast.js'
import { binary, spanOf } from './nodes.js'
import { vocabulary } from './tokens.js'

export type Rule<Result> = ParserMethod<[], Result>

const NOWHERE = { offset: 0, length: 0 }

/** What the rules of the grammar are made with. */
export abstract class GrammarBase extends EmbeddedActionsParser {
  text = ''
  problems: QueryProblem[] = []

  constructor() {
    super(vocabulary, { maxLookahead: 2, recoveryEnabled: false })
  }

  /** From a token to the one that was consumed last. */
  protected since(first: IToken): Ast.Span {
    return this.RECORDING_PHASE ? NOWHERE : spanOf(first, this.LA(0))
  }

  /** One or more operands with the same word between them. `operand` is asked late: rules may name later ones. */
  protected chain<Operand>(
    name: string,
    word: TokenType,
    operand: () => Rule<Operand>,
    join: (operands: Operand[], span: Ast.Span) => Operand,
  ): Rule<Operand> {
    return this.RULE(name, () => {
      const first = this.LA(1)
      const operands = [this.SUBRULE(operand())]
      this.MANY(() => {
        this.CONSUME(word)
        operands.push(this.SUBRULE2(operand()))
      })
      return join(operands, this.since(first))
    })
  }

  /** Operands with one of two operators between them, taken from the left. */
  protected operation(
    name: string,
    one: TokenType,
    other: TokenType,
    operand: () => Rule<Ast.Expression>,
  ): Rule<Ast.Expression> {
    return this.RULE(name, () => {
      const first = this.LA(1)
      let left = this.SUBRULE(operand())
      this.MANY(() => {
        const operator = this.OR([{ ALT: () => this.CONSUME(one) }, { ALT: () => this.CONSUME(other) }])
        const right = this.SUBRULE2(operand())
        left = binary(operator, left, right, this.since(first))
      })
      return left
    })
  }
}
