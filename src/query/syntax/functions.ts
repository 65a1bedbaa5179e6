/** What an argument is: a stream or a scalar, a plain number, a length of time in seconds, a word. */
export type ArgumentKind =
  | 'stream'
  | 'scalar'
  | 'number'
  | 'seconds'
  | 'fact'
  | 'statistic'
  | 'role'
  | 'attribute'
  | 'resampling'
  /** A comparison of points: `cpu_percent > 90`. */
  | 'condition'

export interface FunctionSignature {
  /** Lower case: the name in the syntax tree. */
  readonly name: string
  /** As it is printed: `getHostFact`. */
  readonly spelling: string
  readonly arguments: readonly ArgumentKind[]
  /** How many of the arguments must be given. */
  readonly required: number
  /** The last kind may be repeated, so many times in all. */
  readonly most: number
  readonly returns: 'stream' | 'scalar'
  /** True for what Cloudera Manager does not have. */
  readonly ours: boolean
  /** One line for help and completion. */
  readonly summary: string
}

type Row = [
  spelling: string,
  args: readonly ArgumentKind[],
  required: number,
  returns: 'stream' | 'scalar',
  summary: string,
]

const documented: Row[] = [
  ['avg', ['stream'], 1, 'scalar', 'mean of the points in the window'],
  ['sum', ['stream'], 1, 'scalar', 'sum of the points in the window'],
  ['min', ['stream'], 1, 'scalar', 'smallest point in the window'],
  ['max', ['stream'], 1, 'scalar', 'largest point in the window'],
  ['last', ['stream'], 1, 'scalar', 'last point in the window'],
  ['dt', ['stream'], 1, 'stream', 'change per second'],
  ['dt0', ['stream'], 1, 'stream', 'change per second; a fall, as when a counter starts anew, is skipped'],
  ['integral', ['stream'], 1, 'stream', 'each point times the time it stands for'],
  ['counter_delta', ['stream'], 1, 'stream', 'growth of the counter under a rate, point to point'],
  ['moving_avg', ['stream', 'seconds'], 1, 'stream', 'mean over the time before each point'],
  ['greatest', ['stream', 'scalar'], 2, 'stream', 'each point, but at least the scalar'],
  ['least', ['stream', 'scalar'], 2, 'stream', 'each point, but at most the scalar'],
  ['stats', ['stream', 'statistic'], 2, 'stream', 'one statistic of aggregate points'],
  ['getHostFact', ['fact', 'number'], 2, 'scalar', 'a fact of the host, or the number where it is not known'],
  [
    'getClusterFact',
    ['fact', 'number'],
    2,
    'scalar',
    'a fact of the cluster, or the number where it is not known',
  ],
  [
    'count_service_roles',
    ['role', 'role'],
    0,
    'scalar',
    'number of roles of the service, of a type, in a state',
  ],
]

const ours: Row[] = [
  ['abs', ['stream'], 1, 'stream', 'each point without its sign'],
  ['ceil', ['stream'], 1, 'stream', 'each point rounded up'],
  ['floor', ['stream'], 1, 'stream', 'each point rounded down'],
  ['round', ['stream', 'number'], 1, 'stream', 'each point rounded, to so many decimals'],
  ['ln', ['stream'], 1, 'stream', 'natural logarithm of each point'],
  ['log10', ['stream'], 1, 'stream', 'decimal logarithm of each point'],
  ['sqrt', ['stream'], 1, 'stream', 'square root of each point'],
  [
    'percentile',
    ['stream', 'number'],
    2,
    'scalar',
    'the value that so many percent of the points do not exceed',
  ],
  ['stddev', ['stream'], 1, 'scalar', 'sample standard deviation of the points in the window'],
  ['count', ['stream'], 1, 'scalar', 'number of points in the window'],
  ['count_non_nan', ['stream'], 1, 'scalar', 'number of points in the window that are numbers'],
  ['when', ['condition', 'stream'], 1, 'stream', 'the points at times at which the condition holds'],
  ['timeshift', ['stream', 'seconds'], 2, 'stream', 'the stream as it was so long before'],
  ['top', ['stream', 'number'], 2, 'stream', 'the so many streams with the largest means'],
  ['bottom', ['stream', 'number'], 2, 'stream', 'the so many streams with the smallest means'],
  ['sum_by', ['stream', 'attribute'], 1, 'stream', 'sum over the entities that share the attributes'],
  ['avg_by', ['stream', 'attribute'], 1, 'stream', 'mean over the entities that share the attributes'],
  ['max_by', ['stream', 'attribute'], 1, 'stream', 'largest over the entities that share the attributes'],
  ['min_by', ['stream', 'attribute'], 1, 'stream', 'smallest over the entities that share the attributes'],
  [
    'rate',
    ['stream', 'seconds'],
    1,
    'stream',
    'growth of a counter per second, over the time before each point',
  ],
  ['increase', ['stream', 'seconds'], 1, 'stream', 'growth of a counter, over the time before each point'],
  [
    'histogram_quantile',
    ['number', 'stream'],
    2,
    'stream',
    'a quantile, 0 to 1, from the buckets of a histogram',
  ],
  [
    'predict_linear',
    ['stream', 'seconds'],
    2,
    'scalar',
    'where the line through the points is so much later',
  ],
  [
    'resample',
    ['stream', 'seconds', 'resampling'],
    2,
    'stream',
    'one point for each stretch of time, at its end',
  ],
]

/** Functions that take any number of attributes at the end. */
const MANY = 16
const repeats = (args: readonly ArgumentKind[]): boolean => args.at(-1) === 'attribute'

const signature = (row: Row, isOurs: boolean): FunctionSignature => ({
  name: row[0].toLowerCase(),
  spelling: row[0],
  arguments: row[1],
  required: row[2],
  most: repeats(row[1]) ? MANY : row[1].length,
  returns: row[3],
  ours: isOurs,
  summary: row[4],
})

/** Every function of the language, by its lower-case name. */
export const FUNCTIONS: ReadonlyMap<string, FunctionSignature> = new Map(
  [...documented.map((row) => signature(row, false)), ...ours.map((row) => signature(row, true))].map((s) => [
    s.name,
    s,
  ]),
)

/** The words a function is known to take, where there is a list of them. */
export const ARGUMENT_WORDS: Readonly<Partial<Record<ArgumentKind, readonly string[]>>> = {
  resampling: ['avg', 'min', 'max', 'sum', 'last', 'count'],
  fact: ['numCores'],
  statistic: ['max', 'min', 'avg', 'std_dev', 'sample', 'counter', 'total'],
}

const WORDS: readonly ArgumentKind[] = ['fact', 'statistic', 'role', 'attribute', 'resampling']

/** The kind of the argument at a place, from 0; undefined for an unknown function or one argument too many. */
export function argumentKind(name: string, index: number): ArgumentKind | undefined {
  const known = FUNCTIONS.get(name)
  if (!known || index >= known.most) return undefined
  return known.arguments[Math.min(index, known.arguments.length - 1)]
}

/** Whether the function takes a word (`numCores`, `max`, `hostname`) and not an expression there. */
export function takesWord(name: string, index: number): boolean {
  const kind = argumentKind(name, index)
  return kind !== undefined && WORDS.includes(kind)
}
