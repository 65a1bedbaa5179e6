export type * from './ast.js'
export { ATTRIBUTES, COLLECTIONS, canonicalAttribute } from './attributes.js'
export { type Completion, type CompletionKind, complete } from './complete.js'
export {
  ARGUMENT_WORDS,
  type ArgumentKind,
  argumentKind,
  FUNCTIONS,
  type FunctionSignature,
} from './functions.js'
export { LIMITS } from './limits.js'
export { didYouMean } from './literals.js'
export { type Parsed, parsePredicate, parseScript, parseTrigger } from './parse.js'
export {
  printExpression,
  printItem,
  printPredicate,
  printScript,
  printStatement,
  printTrigger,
} from './print.js'
export { clipQuoted, problem } from './problem.js'
export { type SplitQuery, splitWhere, withWhere } from './split-where.js'
export { quote } from './strings.js'
export { collectionUnit, type OwnUnit, type Resolved, resolveQuantity } from './units.js'
