import type { ColumnarItem, ColumnarStream, Rollup, TimeSeriesMetadata } from './timeseries.js'
import { ColumnsDecodeError, FrameReader, FrameType } from './timeseries-frames.js'
import { expressionText, type ItemHead, NO_FREQUENCY, type StreamTemplate } from './timeseries-stream.js'

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
        const { timeSeriesQuery } = start
        const item: ColumnarItem = { timeSeriesQuery, warnings: [], marks: [], streams: [] }
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
        if (head !== undefined) {
          const {
            warnings,
            marks = [],
            plan,
          } = reader.json<Pick<ColumnarItem, 'warnings'> & Partial<ColumnarItem>>()
          head.item.warnings = warnings
          head.item.marks = marks
          if (plan !== undefined) head.item.plan = plan
        }
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
