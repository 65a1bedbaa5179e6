/** The syntax tree of tsquery: frozen plain data, each node with a `kind` and its place in the text. */

export interface Span {
  /** Offset of the first character, from 0. */
  readonly offset: number
  readonly length: number
}

interface Node extends Span {
  readonly kind: string
}

export interface Script {
  readonly kind: 'script'
  readonly statements: readonly Statement[]
}

export interface Statement extends Node {
  readonly kind: 'statement'
  /** The statement's own text, trimmed, as it was sent. */
  readonly text: string
  /** `'*'` or the items. */
  readonly select: Star | readonly SelectItem[]
  readonly from?: Collection
  readonly where?: Predicate
  readonly days?: DayClause
  readonly hours?: HourClause
  /** `EXPLAIN SELECT …` asks for the plan. */
  readonly explain: boolean
}

export type CollectionName =
  | 'ENTITY_DATA'
  | 'IMPALA_QUERIES'
  | 'IMPALA_QUERY_DETAILS'
  | 'YARN_APPLICATIONS'
  | 'REPORTS'

export interface Collection extends Node {
  readonly kind: 'collection'
  readonly name: CollectionName
}

export interface Star extends Node {
  readonly kind: 'star'
}

export interface SelectItem extends Node {
  readonly kind: 'item'
  readonly expression: Expression
  readonly alias?: string
}

/** A comparison, and what AND and OR make of comparisons, is only ever the first argument of `when`. */
export type Expression =
  | NumberLiteral
  | MetricName
  | Call
  | Binary
  | Negate
  | Bareword
  | Comparison
  | And
  | Or

export interface NumberLiteral extends Node {
  readonly kind: 'number'
  /** Finite and not negative; a duration argument such as `5m` is in seconds already. */
  readonly value: number
}

export interface MetricName extends Node {
  readonly kind: 'metric'
  /** Lower case, as metrics are stored, however it was written. */
  readonly name: string
}

/** A word where a function takes a name instead of an expression: `numCores`, `datanode`, `max`, `hostname`. */
export interface Bareword extends Node {
  readonly kind: 'word'
  readonly text: string
}

export interface Call extends Node {
  readonly kind: 'call'
  /** Lower case, e.g. `moving_avg`, `gethostfact`; always one of `FUNCTIONS`. */
  readonly name: string
  readonly nameSpan: Span
  readonly args: readonly Expression[]
}

export interface Binary extends Node {
  readonly kind: 'binary'
  readonly operator: '+' | '-' | '*' | '/'
  readonly left: Expression
  readonly right: Expression
}

export interface Negate extends Node {
  readonly kind: 'negate'
  readonly operand: Expression
}

export type Predicate = And | Or | AttributeEquals | AttributeDiffers | AttributeMatches | Comparison

/** At least two operands, none of which is an `And` itself; inside `when` comparisons and what is made of them. */
export interface And extends Node {
  readonly kind: 'and'
  readonly operands: readonly Predicate[]
}

/** At least two operands, none of which is an `Or` itself; inside `when` comparisons and what is made of them. */
export interface Or extends Node {
  readonly kind: 'or'
  readonly operands: readonly Predicate[]
}

export interface AttributeEquals extends Node {
  readonly kind: 'equals'
  /** In the spelling of `ATTRIBUTES` where it is one of those, else as written; compared without regard to case. */
  readonly attribute: string
  readonly attributeSpan: Span
  readonly value: Value
}

/** `query_state != FINISHED`: for the attributes of a collection, which have values of every type. */
export interface AttributeDiffers extends Node {
  readonly kind: 'differs'
  readonly attribute: string
  readonly attributeSpan: Span
  readonly value: Value
}

export interface AttributeMatches extends Node {
  readonly kind: 'rlike'
  readonly attribute: string
  readonly attributeSpan: Span
  readonly pattern: string
  readonly patternSpan: Span
}

export type CompareOperator = '<' | '<=' | '=' | '!=' | '>=' | '>'

/** `last(a / b) > 0.95`; in a collection, `query_duration > 5s`; inside `when`, of each point: `cpu_percent > 90`. */
export interface Comparison extends Node {
  readonly kind: 'compare'
  readonly left: Expression
  readonly operator: CompareOperator
  readonly right: Quantity
}

export interface Quantity extends Node {
  readonly kind: 'quantity'
  readonly value: number
  /** Lower case, e.g. `mb`, `ms`; what it means depends on the unit of the left side. */
  readonly unit?: string
}

/** `form` says how it was written; a word, a number and a string of the same text mean the same. */
export interface Value extends Node {
  readonly kind: 'value'
  /** Without quotes; of a variable, its name without `$`. */
  readonly text: string
  readonly form: 'word' | 'number' | 'string' | 'variable'
}

export interface DayClause extends Node {
  readonly kind: 'days'
  /** 1 = Monday … 7 = Sunday. */
  readonly days: readonly number[]
}

/** Whole hours, 0 … 23. */
export interface HourClause extends Node {
  readonly kind: 'hours'
  readonly from: number
  readonly to: number
}

/** `IF (…) DO health:bad`. */
export interface Trigger extends Node {
  readonly kind: 'trigger'
  readonly condition: TriggerCondition
  readonly action: 'bad' | 'concerning'
}

export type TriggerCondition =
  | (Node & { readonly kind: 'stream-count'; readonly statement: Statement })
  | (Node & { readonly kind: 'all'; readonly operands: readonly TriggerCondition[] })
  | (Node & { readonly kind: 'any'; readonly operands: readonly TriggerCondition[] })
