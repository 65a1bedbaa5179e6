import type { StreamTemplate } from '../../wire/timeseries-columns.js'
import type { Points } from '../functions/points.js'
import type { AnswerSink, StreamOwner } from './sink.js'

/** A stream as other parts of the process get it; times are milliseconds since the epoch, ascending. */
export interface AskedStream {
  readonly metricName: string
  readonly alias: string | undefined
  readonly unitNumerators: readonly string[]
  readonly unitDenominators: readonly string[]
  readonly owner: StreamOwner
  readonly times: Float64Array
  readonly values: Float64Array
}

/** The answer of one statement. */
export interface AskedStatement {
  readonly query: string
  readonly warnings: readonly string[]
  readonly streams: readonly AskedStream[]
}

/** Keeps an answer in memory: for triggers and health tests, whose answers are short. */
export class CollectingSink implements AnswerSink {
  readonly statements: AskedStatement[] = []
  #query = ''
  #streams: AskedStream[] = []
  #template!: StreamTemplate

  beginStatement({ timeSeriesQuery }: { timeSeriesQuery: string }): void {
    this.#query = timeSeriesQuery
    this.#streams = []
  }

  beginItem(template: StreamTemplate): void {
    this.#template = template
  }

  addStream(owner: StreamOwner, _frequencyMs: number | null, { times, values, start, end }: Points): void {
    const { metricName, alias, unitNumerators, unitDenominators } = this.#template
    this.#streams.push({
      metricName,
      alias,
      unitNumerators,
      unitDenominators,
      owner,
      times: times.slice(start, end),
      values: values.slice(start, end),
    })
  }

  endStatement(warnings: readonly string[]): void {
    this.statements.push({ query: this.#query, warnings, streams: this.#streams })
  }

  end(): void {}
}
