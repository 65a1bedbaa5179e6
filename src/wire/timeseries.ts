/** The time-series API's answer, as `cm-api-v45.json` and the tsquery reference have it. */

export type Rollup = 'RAW' | 'TEN_MINUTELY' | 'HOURLY' | 'SIX_HOURLY' | 'DAILY' | 'WEEKLY'

export interface CrossEntityMetadata {
  maxEntityDisplayName: string
  maxEntityName: string
  minEntityDisplayName: string
  minEntityName: string
  numEntities: number
}

export interface AggregateStatistics {
  sampleTime: string
  sampleValue: number
  count: number
  min: number
  minTime: string
  max: number
  maxTime: string
  mean: number
  stdDev: number
  crossEntityMetadata?: CrossEntityMetadata
}

export interface TimeSeriesData {
  timestamp: string
  value: number
  type: 'SAMPLE'
  aggregateStatistics?: AggregateStatistics
}

export interface TimeSeriesMetadata {
  metricName: string
  entityName: string
  startTime: string
  endTime: string
  attributes: Record<string, string>
  unitNumerators: string[]
  unitDenominators: string[]
  /** A query that returns exactly this one stream. */
  expression: string
  alias?: string
  metricCollectionFrequencyMs: number | null
  rollupUsed: Rollup
}

export interface TimeSeries {
  metadata: TimeSeriesMetadata
  data: TimeSeriesData[]
}

/** A place in the text of a query, with what is wrong there. */
export interface QueryProblem {
  message: string
  /** Offset of the first character, from 0, in the text as sent. */
  offset: number
  length: number
  /** What could stand there, in plain words; empty where that makes no sense. */
  expected: string[]
  /** The nearest known names, best first; empty where none is near. */
  suggestions: string[]
}

/** What `EXPLAIN SELECT …` tells: ours, in JSON and columns. */
export interface QueryPlan {
  rollup: Rollup
  streams: number
  points: number
  items: {
    /** The item in normal form. */
    text: string
    /** What it gives for an entity: many points, one, or a number. */
    shape: 'stream' | 'scalar' | 'number'
    /** Entities that were looked at for it. */
    entities: number
    /** What is read for it from the store, in words. */
    reads: string[]
  }[]
  statements: {
    /** What the metrics database was asked; a comment when the read came from the monitor's memory. */
    sql: string
    /** Rows that the metrics database read. */
    rowsRead: number
    /** Rows or points that came from it. */
    rows: number
    milliseconds: number
  }[]
  /** Time per step. */
  steps: { name: string; milliseconds: number }[]
}

export interface TimeSeriesResponseItem {
  timeSeries: TimeSeries[]
  warnings: string[]
  errors?: string[]
  timeSeriesQuery: string
  plan?: QueryPlan
}

export interface TimeSeriesResponse {
  items: TimeSeriesResponseItem[]
}

/** Header of a CSV answer: a JSON list of its warnings, in ASCII. */
export const WARNINGS_HEADER = 'x-bellwether-warnings'
/** How a line behind the rows of a CSV answer begins, when the warning came after the header had been sent. */
export const WARNING_LINE = '# warning: '

/** Body of every error answer of the API: Cloudera's clients read `message`, ours the rest. */
export interface ErrorBody {
  message: string
  /** One word for programs, e.g. `BAD_QUERY`, `STORE_UNAVAILABLE`. */
  code?: string
  problems?: QueryProblem[]
}

/** One stream of the columnar form: what the web draws. Times are milliseconds since the epoch, ascending. */
export interface ColumnarStream {
  metadata: TimeSeriesMetadata
  times: Float64Array
  values: Float64Array
  /** Present for aggregate points only. */
  min?: Float64Array
  max?: Float64Array
}

export interface ColumnarItem {
  timeSeriesQuery: string
  warnings: string[]
  /** Those of the warnings that are about a place in the query. */
  marks: QueryProblem[]
  /** Of an EXPLAIN, which has no streams. */
  plan?: QueryPlan
  streams: ColumnarStream[]
}
