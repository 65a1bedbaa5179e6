import {
  describeEntity,
  type ItemHead,
  type StreamTemplate,
  TIME_SERIES_COLUMNS_CONTENT_TYPE,
  TimeSeriesColumnsEncoder,
} from '../../wire/timeseries-columns.js'
import type { Points } from '../functions/points.js'
import type { ByteSink, StatementEnd, StreamOwner } from '../run/sink.js'
import { ownerRecord } from './owner-attributes.js'

/** Our own columnar form. */
export class ColumnsSink implements ByteSink {
  readonly contentType = TIME_SERIES_COLUMNS_CONTENT_TYPE
  readonly tellsErrors = true
  readonly #encoder = new TimeSeriesColumnsEncoder()
  #template = 0
  #isActive: (entity: number) => boolean = () => true
  /** Numbers of entities in the answer, by index in the catalogue; and the last names under which they were added. */
  readonly #entities = new Map<number, number>()
  readonly #names: string[] = []

  get ready(): number {
    return this.#encoder.ready
  }

  take(): Uint8Array<ArrayBuffer> {
    return this.#encoder.take()
  }

  /** The bytes of an answer that was not taken from, valid until the next change. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#encoder.view()
  }

  /** Begins another answer, as if it were new. */
  reset(): void {
    this.#encoder.reset()
    this.#names.length = 0
  }

  beginStatement(head: ItemHead, isActive: (entity: number) => boolean): void {
    this.#isActive = isActive
    this.#entities.clear()
    this.#encoder.beginItem(head)
  }

  beginItem(template: StreamTemplate): void {
    this.#template = this.#encoder.addTemplate(template)
  }

  addStream(owner: StreamOwner, frequencyMs: number | null, points: Points): void {
    const { times, values, start, end, statistics } = points
    const extremes = statistics === undefined ? {} : { min: statistics.min, max: statistics.max }
    this.#encoder.addStream(this.#template, this.#entityOf(owner), frequencyMs, {
      times,
      values,
      start,
      end,
      ...extremes,
    })
  }

  endStatement(warnings: readonly string[], { marks, plan }: StatementEnd): void {
    this.#encoder.endItem(warnings, marks, plan)
  }

  end(): void {
    this.#encoder.end()
  }

  fail(message: string, code: string): void {
    this.#encoder.fail(message, code)
  }

  #entityOf(owner: StreamOwner): number {
    const { index, name } = owner
    if (index === undefined) return this.#added(owner, true)
    const known = this.#entities.get(index)
    if (known !== undefined && this.#names[known] === name) return known
    const number = this.#added(owner, this.#isActive(index))
    this.#entities.set(index, number)
    this.#names[number] = name
    return number
  }

  #added(owner: StreamOwner, active: boolean): number {
    const record = ownerRecord(owner, active)
    record.description ??= describeEntity(record.attributes)
    return this.#encoder.addEntity(record.displayName, record.description)
  }
}
