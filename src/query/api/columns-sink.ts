import {
  type ItemHead,
  type StreamTemplate,
  TIME_SERIES_COLUMNS_CONTENT_TYPE,
  TimeSeriesColumnsEncoder,
} from '../../wire/timeseries-columns.js'
import type { Points } from '../functions/points.js'
import type { ByteSink, StreamOwner } from '../run/sink.js'
import { ownerAttributes } from './owner-attributes.js'

/** Our own columnar form. */
export class ColumnsSink implements ByteSink {
  readonly contentType = TIME_SERIES_COLUMNS_CONTENT_TYPE
  readonly #encoder = new TimeSeriesColumnsEncoder()
  #template = 0
  /** Numbers of entities in the answer, by index in the catalogue; those under a former name by that too. */
  readonly #entities = new Map<number, Map<string, number>>()

  get ready(): number {
    return this.#encoder.ready
  }

  take(): Uint8Array<ArrayBuffer> {
    return this.#encoder.take()
  }

  beginStatement(head: ItemHead): void {
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

  endStatement(warnings: readonly string[]): void {
    this.#encoder.endItem(warnings)
  }

  end(): void {
    this.#encoder.end()
  }

  fail(message: string, code: string): void {
    this.#encoder.fail(message, code)
  }

  #entityOf(owner: StreamOwner): number {
    if (owner.index === undefined) return this.#encoder.addEntity(owner.displayName, ownerAttributes(owner))
    let names = this.#entities.get(owner.index)
    if (names === undefined) {
      names = new Map()
      this.#entities.set(owner.index, names)
    }
    const known = names.get(owner.name)
    if (known !== undefined) return known
    const added = this.#encoder.addEntity(owner.displayName, ownerAttributes(owner))
    names.set(owner.name, added)
    return added
  }
}
