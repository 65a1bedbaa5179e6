import type { QueryProblem } from '../../wire/timeseries.js'
import {
  type Call,
  type Expression,
  type FunctionSignature,
  problem as problemAt,
  type Span,
} from '../syntax/index.js'
import type { TypedExpression } from './typed.js'

export { problemAt }

/** Whether the call has as many arguments as the function takes; reports where not. */
export function checkArity(call: Call, signature: FunctionSignature, problems: QueryProblem[]): boolean {
  const { required, most, spelling } = signature
  if (call.args.length >= required && call.args.length <= most) return true
  const wanted = required === most ? `${most}` : `${required} to ${most}`
  const plural = most === 1 ? 'argument' : 'arguments'
  problems.push(
    problemAt(
      call.args.length > most ? (call.args[most] as Expression) : call,
      `${spelling} takes ${wanted} ${plural}, not ${call.args.length}.`,
      [`${spelling}(${signature.arguments.join(', ')})`],
    ),
  )
  return false
}

/** The value of an argument that must be a number known beforehand. */
export function constantArgument(
  typed: TypedExpression,
  at: Span,
  what: string,
  problems: QueryProblem[],
): number | undefined {
  const value = constantValue(typed)
  if (value === undefined || !Number.isFinite(value)) {
    problems.push(problemAt(at, `${what} must be a number, known beforehand.`, ['a number']))
    return undefined
  }
  return value
}

/** The value of an expression of literals; undefined for any other. */
export function constantValue(typed: TypedExpression): number | undefined {
  if (typed.kind === 'number') return typed.value
  if (typed.kind === 'apply' && typed.apply.name === 'pointwise' && typed.apply.by === 'negate') {
    const value = constantValue(typed.argument)
    return value === undefined ? undefined : -value
  }
  if (typed.kind !== 'combine') return undefined
  const left = constantValue(typed.left)
  const right = constantValue(typed.right)
  if (left === undefined || right === undefined) return undefined
  if (typed.operator === '+') return left + right
  if (typed.operator === '-') return left - right
  if (typed.operator === '*') return left * right
  if (typed.operator === '/') return left / right
  return undefined
}

/** The text of an argument that is a word. */
export const wordOf = (argument: Expression): string | undefined =>
  argument.kind === 'word' ? argument.text : argument.kind === 'metric' ? argument.name : undefined
