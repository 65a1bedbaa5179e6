/**
 * The columnar form of a time-series answer: what our own web reads. `docs/api-timeseries.md` describes the bytes.
 *
 * The answer is a magic number and then frames, each with an 8-byte head (type, payload length) and a payload padded to a
 * multiple of 8, all little endian; so the columns can be viewed in place and the server can send frames as they fill.
 * What repeats is sent once: strings, sets of attribute names, entities, and time columns, each numbered in the order in
 * which they appear in the answer. A regular time column is three numbers.
 */

import type { ColumnarItem, ColumnarStream, Rollup, TimeSeriesMetadata } from './timeseries.js'
import { ColumnsDecodeError, FrameReader, FrameType } from './timeseries-frames.js'
import { FrameWriter, Growing } from './timeseries-frames-writer.js'

export { ColumnsDecodeError } from './timeseries-frames.js'

export const TIME_SERIES_COLUMNS_CONTENT_TYPE = 'application/x-bellwether-columns'

/** A piece of a stream's `expression`: text as it is, or an attribute of the stream's entity, quoted or plain. */
export type ExpressionPiece = string | { quoted: string } | { plain: string }

/** What all streams of one select item have in common. */
export interface StreamTemplate {
  metricName: string
  alias?: string
  unitNumerators: string[]
  unitDenominators: string[]
  rollupUsed: Rollup
  expression: ExpressionPiece[]
}

export interface ItemHead {
  timeSeriesQuery: string
  /** ISO 8601 with milliseconds, as in the JSON form. */
  startTime: string
  endTime: string
}

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
const TIMES_REMEMBERED = 8
const NO_FREQUENCY = 0xffff_ffff

interface TimesKey {
  id: number
  times: Float64Array
}

/**
 * Writes an answer piece by piece. `take()` gives what is ready to be sent; memory is bounded by one frame if it is
 * called now and then.
 *
 * ```ts
 * const encoder = new TimeSeriesColumnsEncoder()
 * encoder.beginItem({ timeSeriesQuery: 'select load_1', startTime, endTime })
 * const template = encoder.addTemplate({ metricName: 'load_1', … })
 * const entity = encoder.addEntity('node-1', { category: 'HOST', entityName: 'id-1', hostname: 'node-1' })
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
  readonly #entityRows = new Growing(Uint32Array, 1024)
  #templateCount = 0
  #newTemplates: StreamTemplate[] = []
  #timesCount = 0
  #recentTimes: TimesKey[] = []
  #newTimes: Float64Array[] = []
  #streams = 0
  #withExtremes = false
  readonly #streamRows = new Growing(Uint32Array, 1024)
  readonly #values = new Growing(Float64Array, 1024)
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
   * Adds an entity; the caller keeps the number and adds each entity once per answer. `attributes` must not be changed
   * afterwards.
   */
  addEntity(displayName: string, attributes: Readonly<Record<string, string>>): number {
    const { shape, keys, values } = described(attributes)
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

  endItem(warnings: readonly string[]): void {
    this.#flush()
    this.#out.json(FrameType.itemEnd, { warnings })
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
    for (const recent of this.#recentTimes) if (sameTimes(recent.times, times, start, end)) return recent.id
    const column = times.slice(start, end)
    const id = this.#timesCount++
    this.#newTimes.push(column)
    this.#recentTimes.unshift({ id, times: column })
    if (this.#recentTimes.length > TIMES_REMEMBERED) this.#recentTimes.pop()
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

interface Description {
  /** The names in one text. */
  readonly shape: string
  readonly keys: readonly string[]
  readonly values: readonly string[]
}
/** The same entities are in answer after answer, with the same objects: so these are taken apart once. */
const descriptions = new WeakMap<object, Description>()

function described(attributes: Readonly<Record<string, string>>): Description {
  const known = descriptions.get(attributes)
  if (known !== undefined) return known
  const keys = Object.keys(attributes)
  const description = { shape: keys.join('\n'), keys, values: keys.map((key) => attributes[key] as string) }
  descriptions.set(attributes, description)
  return description
}

function sameTimes(known: Float64Array, times: Float64Array, start: number, end: number): boolean {
  const length = end - start
  if (known.length !== length) return false
  if (length > 0 && known[length - 1] !== times[end - 1]) return false
  for (let i = 0; i < length; i++) if (known[i] !== times[start + i]) return false
  return true
}

/** How a value stands in a query: in double quotes; a quote in it, and backslashes before a quote, get a backslash. */
export function quoteValue(text: string): string {
  if (!text.includes('"') && !text.endsWith('\\')) return `"${text}"`
  return `"${text.replace(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, '$&$&')}"`
}

/** The `expression` of a stream of a template, with what the entity contributes. */
export function expressionText(
  pieces: readonly ExpressionPiece[],
  attributes: Readonly<Record<string, string>>,
): string {
  let text = ''
  for (const piece of pieces)
    if (typeof piece === 'string') text += piece
    else if ('quoted' in piece) text += quoteValue(attributes[piece.quoted] ?? '')
    else text += attributes[piece.plain] ?? ''
  return text
}

/** An entity of an answer; its attributes are put together when first asked for. */
class DecodedEntity {
  readonly displayName: string
  readonly #names: readonly string[]
  readonly #values: readonly string[]
  #attributes: Record<string, string> | undefined

  constructor(displayName: string, names: readonly string[], values: readonly string[]) {
    this.displayName = displayName
    this.#names = names
    this.#values = values
  }

  get attributes(): Record<string, string> {
    if (this.#attributes === undefined) {
      const attributes: Record<string, string> = {}
      this.#names.forEach((name, i) => {
        attributes[name] = this.#values[i] as string
      })
      this.#attributes = attributes
    }
    return this.#attributes
  }
}

/** The metadata of a decoded stream: shared parts by reference, text made when asked for. */
class DecodedMetadata implements TimeSeriesMetadata {
  declare alias?: string
  readonly metricCollectionFrequencyMs: number | null
  readonly #head: ItemHead
  readonly #template: StreamTemplate
  readonly #entity: DecodedEntity

  constructor(head: ItemHead, template: StreamTemplate, entity: DecodedEntity, frequencyMs: number | null) {
    this.#head = head
    this.#template = template
    this.#entity = entity
    this.metricCollectionFrequencyMs = frequencyMs
    if (template.alias !== undefined) this.alias = template.alias
  }

  get metricName(): string {
    return this.#template.metricName
  }
  get entityName(): string {
    return this.#entity.displayName
  }
  get startTime(): string {
    return this.#head.startTime
  }
  get endTime(): string {
    return this.#head.endTime
  }
  get attributes(): Record<string, string> {
    return this.#entity.attributes
  }
  get unitNumerators(): string[] {
    return this.#template.unitNumerators
  }
  get unitDenominators(): string[] {
    return this.#template.unitDenominators
  }
  get expression(): string {
    return expressionText(this.#template.expression, this.#entity.attributes)
  }
  get rollupUsed(): Rollup {
    return this.#template.rollupUsed
  }

  toJSON(): TimeSeriesMetadata {
    const { metricName, entityName, startTime, endTime, attributes, unitNumerators, unitDenominators } = this
    const { expression, metricCollectionFrequencyMs, rollupUsed } = this
    const alias = this.alias === undefined ? {} : { alias: this.alias }
    return {
      metricName,
      entityName,
      startTime,
      endTime,
      attributes,
      unitNumerators,
      unitDenominators,
      expression,
      ...alias,
      metricCollectionFrequencyMs,
      rollupUsed,
    }
  }
}

/**
 * Reads a whole answer. The columns are views of `bytes` where it is 8-byte aligned (what `fetch` gives is), so `bytes`
 * must not be changed afterwards; time columns are shared between streams. The order of `metadata.attributes` is the
 * server's. Throws `ColumnsDecodeError` when the answer is cut off, damaged, or ends with an error of the server.
 */
export function decodeTimeSeriesColumns(bytes: Uint8Array): { items: ColumnarItem[] } {
  const items: ColumnarItem[] = []
  const strings: string[] = []
  const shapes: string[][] = []
  const entities: DecodedEntity[] = []
  const templates: StreamTemplate[] = []
  const times: Float64Array[] = []
  let head: (ItemHead & { item: ColumnarItem }) | undefined
  const reader = new FrameReader(bytes)
  while (reader.next()) {
    switch (reader.type) {
      case FrameType.item: {
        const start = reader.json<ItemHead>()
        const item: ColumnarItem = { timeSeriesQuery: start.timeSeriesQuery, warnings: [], streams: [] }
        head = { ...start, item }
        items.push(item)
        break
      }
      case FrameType.templates:
        templates.push(...reader.json<StreamTemplate[]>())
        break
      case FrameType.strings:
        for (const text of reader.json<string[]>()) strings.push(text)
        break
      case FrameType.shapes:
        for (const shape of reader.json<number[][]>()) shapes.push(shape.map((id) => at(strings, id)))
        break
      case FrameType.entities:
        readEntities(reader, strings, shapes, entities)
        break
      case FrameType.times:
        times.push(reader.times())
        break
      case FrameType.streams:
        if (head === undefined) throw new ColumnsDecodeError('streams before their statement')
        readStreams(reader, head, templates, entities, times, head.item.streams)
        break
      case FrameType.itemEnd:
        if (head !== undefined) head.item.warnings = reader.json<{ warnings: string[] }>().warnings
        break
      case FrameType.end:
        return { items }
      case FrameType.error: {
        const { message, code } = reader.json<{ message: string; code: string }>()
        throw new ColumnsDecodeError(message, code)
      }
      default: // A frame of a newer server that adds something: skipped.
    }
  }
  throw new ColumnsDecodeError('the answer was cut off')
}

function readEntities(reader: FrameReader, strings: string[], shapes: string[][], into: DecodedEntity[]) {
  const { count, words } = reader.words()
  let place = 0
  for (let i = 0; i < count; i++) {
    const displayName = at(strings, words[place] ?? -1)
    const names = at(shapes, words[place + 1] ?? -1)
    place += 2
    const values: string[] = []
    for (let k = 0; k < names.length; k++) values.push(at(strings, words[place + k] ?? -1))
    place += names.length
    into.push(new DecodedEntity(displayName, names, values))
  }
}

function readStreams(
  reader: FrameReader,
  head: ItemHead,
  templates: StreamTemplate[],
  entities: DecodedEntity[],
  times: Float64Array[],
  into: ColumnarStream[],
) {
  const { count, rows, columns } = reader.streams()
  const [values, min, max] = columns
  let start = 0
  for (let i = 0; i < count; i++) {
    const row = 4 * i
    const column = at(times, rows[row + 2] as number)
    const frequency = rows[row + 3] as number
    const metadata = new DecodedMetadata(
      head,
      at(templates, rows[row] as number),
      at(entities, rows[row + 1] as number),
      frequency === NO_FREQUENCY ? null : frequency,
    )
    const end = start + column.length
    if (values === undefined || end > values.length)
      throw new ColumnsDecodeError('a frame has too few values')
    const stream: ColumnarStream = { metadata, times: column, values: values.subarray(start, end) }
    if (min !== undefined && max !== undefined) {
      stream.min = min.subarray(start, end)
      stream.max = max.subarray(start, end)
    }
    into.push(stream)
    start = end
  }
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index]
  if (found === undefined) throw new ColumnsDecodeError(`a frame names number ${index} of ${list.length}`)
  return found
}
