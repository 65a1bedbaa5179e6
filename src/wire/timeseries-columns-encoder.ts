import type { QueryPlan, QueryProblem } from './timeseries.js'
import { FrameType } from './timeseries-frames.js'
import { FrameWriter, Growing } from './timeseries-frames-writer.js'
import { type ItemHead, NO_FREQUENCY, type StreamTemplate } from './timeseries-stream.js'
import { TimeColumns } from './timeseries-times.js'

/** Points of one stream: `times` and `values` from `start` up to, not including, `end`. */
export interface StreamPoints {
  times: Float64Array
  values: Float64Array
  min?: Float64Array
  max?: Float64Array
  start: number
  end: number
}

const FLUSH_POINTS = 32_768
const FLUSH_STREAMS = 4_096

/**
 * Writes an answer piece by piece. `take()` gives what is ready to be sent; memory is bounded by one frame if it is
 * called now and then.
 *
 * ```ts
 * const encoder = new TimeSeriesColumnsEncoder()
 * encoder.beginItem({ timeSeriesQuery: 'select load_1', startTime, endTime })
 * const template = encoder.addTemplate({ metricName: 'load_1', … })
 * const entity = encoder.addEntity('node-1', describeEntity({ category: 'HOST', entityName: 'id-1', hostname: 'node-1' }))
 * encoder.addStream(template, entity, 60_000, { times, values, start: 0, end: times.length })
 * encoder.endItem([])
 * encoder.end()
 * const bytes = encoder.take()
 * ```
 */
export class TimeSeriesColumnsEncoder {
  readonly #out = new FrameWriter()
  readonly #strings = new Map<string, number>()
  readonly #shapes = new Map<string, number>()
  #newStrings: string[] = []
  #newShapes: number[][] = []
  #newEntities = 0
  #entityCount = 0
  readonly #entityRows = new Growing(Uint32Array, 64)
  #templateCount = 0
  #newTemplates: StreamTemplate[] = []
  readonly #times = new TimeColumns()
  #newTimes: Float64Array[] = []
  #streams = 0
  #withExtremes = false
  readonly #streamRows = new Growing(Uint32Array, 64)
  readonly #values = new Growing(Float64Array, 128)
  readonly #min = new Growing(Float64Array, 16)
  readonly #max = new Growing(Float64Array, 16)

  constructor() {
    this.#out.magic()
  }

  /** Starts the answer of one statement. */
  beginItem(head: ItemHead): void {
    this.#flush()
    this.#out.json(FrameType.item, head)
  }

  addTemplate(template: StreamTemplate): number {
    this.#newTemplates.push(template)
    return this.#templateCount++
  }

  /**
   * Adds an entity; the caller keeps the number and adds each entity once per answer.
   */
  addEntity(displayName: string, { shape, keys, values }: EntityDescription): number {
    this.#entityRows.push(this.#string(displayName))
    this.#entityRows.push(this.#shape(shape, keys))
    for (const value of values) this.#entityRows.push(this.#string(value))
    this.#newEntities++
    return this.#entityCount++
  }

  /** `frequencyMs`: 0 for a scalar, null for irregular times. */
  addStream(template: number, entity: number, frequencyMs: number | null, points: StreamPoints): void {
    const { start, end } = points
    const extremes = points.min !== undefined && points.max !== undefined
    if (this.#streams > 0 && extremes !== this.#withExtremes) this.#flush()
    this.#withExtremes = extremes
    const rows = this.#streamRows
    rows.push(template)
    rows.push(entity)
    rows.push(this.#timeColumn(points.times, start, end))
    rows.push(frequencyMs === null ? NO_FREQUENCY : frequencyMs)
    this.#values.append(points.values, start, end)
    if (extremes) {
      this.#min.append(points.min as Float64Array, start, end)
      this.#max.append(points.max as Float64Array, start, end)
    }
    this.#streams++
    if (this.#values.length >= FLUSH_POINTS || this.#streams >= FLUSH_STREAMS) this.#flush()
  }

  /** `marks`: those of the warnings that are about a place in the query; `plan`: what EXPLAIN tells. */
  endItem(warnings: readonly string[], marks: readonly QueryProblem[] = [], plan?: QueryPlan): void {
    this.#flush()
    this.#out.json(FrameType.itemEnd, { warnings, ...(marks.length > 0 && { marks }), ...(plan && { plan }) })
  }

  /** The last frame: an answer without it was cut off. */
  end(): void {
    this.#flush()
    this.#out.json(FrameType.end, {})
  }

  /** Ends the answer with an error that came after the first bytes had been sent. */
  fail(message: string, code: string): void {
    this.#out.json(FrameType.error, { message, code })
  }

  /** Bytes that `take()` would give. */
  get ready(): number {
    return this.#out.length
  }

  take(): Uint8Array<ArrayBuffer> {
    return this.#out.take()
  }

  /** The bytes of an answer that was not taken from, valid until the next change. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#out.view()
  }

  /** Begins another answer, as if it were new. */
  reset(): void {
    this.#out.clear()
    this.#strings.clear()
    this.#shapes.clear()
    this.#entityCount = 0
    this.#templateCount = 0
    this.#times.reset()
    this.#forget()
    this.#out.magic()
  }

  #string(text: string): number {
    const known = this.#strings.get(text)
    if (known !== undefined) return known
    const id = this.#strings.size
    this.#strings.set(text, id)
    this.#newStrings.push(text)
    return id
  }

  #shape(key: string, keys: readonly string[]): number {
    const known = this.#shapes.get(key)
    if (known !== undefined) return known
    const id = this.#shapes.size
    this.#shapes.set(key, id)
    this.#newShapes.push(keys.map((name) => this.#string(name)))
    return id
  }

  #timeColumn(times: Float64Array, start: number, end: number): number {
    const { id, column } = this.#times.number(times, start, end)
    if (column !== undefined) this.#newTimes.push(column)
    return id
  }

  #flush(): void {
    if (this.#newTemplates.length > 0) this.#out.json(FrameType.templates, this.#newTemplates)
    if (this.#newStrings.length > 0) this.#out.json(FrameType.strings, this.#newStrings)
    if (this.#newShapes.length > 0) this.#out.json(FrameType.shapes, this.#newShapes)
    if (this.#newEntities > 0) this.#out.words(FrameType.entities, this.#newEntities, this.#entityRows.view())
    for (const column of this.#newTimes) this.#out.times(column)
    if (this.#streams > 0)
      this.#out.streams(
        this.#streams,
        this.#streamRows.view(),
        this.#values.view(),
        this.#withExtremes ? [this.#min.view(), this.#max.view()] : [],
      )
    this.#forget()
  }

  /** What is written need not be kept. */
  #forget(): void {
    this.#newTemplates = []
    this.#newStrings = []
    this.#newShapes = []
    this.#newEntities = 0
    this.#newTimes = []
    this.#streams = 0
    for (const column of [this.#entityRows, this.#streamRows, this.#values, this.#min, this.#max])
      column.clear()
  }
}

/** Attributes of an entity, taken apart: the same entities are in answer after answer. */
export interface EntityDescription {
  /** The names in one text. */
  readonly shape: string
  readonly keys: readonly string[]
  readonly values: readonly string[]
}

export function describeEntity(attributes: Readonly<Record<string, string>>): EntityDescription {
  const keys = Object.keys(attributes)
  return { shape: keys.join('\n'), keys, values: keys.map((key) => attributes[key] as string) }
}
