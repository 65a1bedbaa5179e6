import { expressionText, type ItemHead, type StreamTemplate } from '../../wire/timeseries-columns.js'
import type { Points, Statistics } from '../functions/points.js'
import type { ByteSink, StatementEnd, StreamOwner } from '../run/sink.js'
import { isoTime } from './iso.js'
import { JsonBytes } from './json-bytes.js'
import { JsonStamps } from './json-stamps.js'
import { ownerRecord } from './owner-attributes.js'

/** What aggregates across entities need to be told apart by name. */
export type EntityNames = (index: number) => { name: string; displayName: string }

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value))

const LAST_POINT = Buffer.from(',"type":"SAMPLE"}')
const END_OF_STREAM = Buffer.from(']}')
const COMMA = Buffer.from(',')

const stamps = new JsonStamps()

/** Cloudera Manager's JSON, written as it comes. */
export class JsonSink implements ByteSink {
  readonly contentType = 'application/json'
  readonly tellsErrors = false
  readonly #out = new JsonBytes()
  #statements = 0
  #streams = 0
  #query = ''
  #window: Uint8Array = COMMA
  #template!: StreamTemplate
  #before: Uint8Array = COMMA
  #units: Uint8Array = COMMA
  #after = ''
  #rollup = ''
  #isActive: (entity: number) => boolean = () => true
  readonly #namesOf: EntityNames

  readonly #namesEntities: boolean

  /** `version`: of the API; an old one gets the fields that it knew. */
  constructor(namesOf: EntityNames, version: number) {
    this.#namesOf = namesOf
    this.#namesEntities = version >= 11
    this.#out.text('{"items":[')
  }

  get ready(): number {
    return this.#out.length
  }

  take(): Uint8Array<ArrayBuffer> {
    return this.#out.take()
  }

  beginStatement(head: ItemHead, isActive: (entity: number) => boolean): void {
    this.#isActive = isActive
    this.#out.text(this.#statements++ > 0 ? ',{"timeSeries":[' : '{"timeSeries":[')
    this.#streams = 0
    this.#query = head.timeSeriesQuery
    this.#window = Buffer.from(`,"startTime":"${head.startTime}","endTime":"${head.endTime}","attributes":`)
  }

  beginItem(template: StreamTemplate): void {
    this.#template = template
    this.#before = Buffer.from(
      `{"metadata":{"metricName":${JSON.stringify(template.metricName)},"entityName":`,
    )
    const alias = template.alias === undefined ? '' : `,"alias":${JSON.stringify(template.alias)}`
    this.#after = `${alias},"metricCollectionFrequencyMs":`
    this.#units = Buffer.from(
      `,"unitNumerators":${JSON.stringify(template.unitNumerators)},"unitDenominators":${JSON.stringify(template.unitDenominators)},"expression":`,
    )
    this.#rollup = `,"rollupUsed":"${template.rollupUsed}"},"data":[`
  }

  addStream(owner: StreamOwner, frequencyMs: number | null, points: Points): void {
    const out = this.#out
    const { index, displayName } = owner
    const record = ownerRecord(owner, index === undefined || this.#isActive(index))
    record.json ??= { name: bytesOf(displayName), attributes: bytesOf(record.attributes) }
    const expression = expressionText(this.#template.expression, record.attributes)
    if (this.#streams++ > 0) out.raw(COMMA)
    out.raw(this.#before)
    out.raw(record.json.name)
    out.raw(this.#window)
    out.raw(record.json.attributes)
    out.raw(this.#units)
    out.text(`${JSON.stringify(expression)}${this.#after}${frequencyMs}${this.#rollup}`)
    if (points.statistics === undefined) this.#addPoints(points)
    else this.#addAggregates(points, points.statistics)
    out.raw(END_OF_STREAM)
  }

  endStatement(warnings: readonly string[], { plan }: StatementEnd): void {
    const explained = plan === undefined ? '' : `,"plan":${JSON.stringify(plan)}`
    this.#out.text(
      `],"warnings":${JSON.stringify(warnings)},"timeSeriesQuery":${JSON.stringify(this.#query)}${explained}}`,
    )
  }

  end(): void {
    this.#out.raw(END_OF_STREAM)
  }

  fail(): void {
    // JSON that is cut off cannot be taken for a whole answer.
  }

  #addPoints({ times, values, start, end }: Points): void {
    if (end === start) return
    const out = this.#out
    out.raw(stamps.first(times[start] as number))
    out.number(values[start] as number)
    for (let i = start + 1; i < end; i++) {
      out.raw(stamps.between(i - start, times[i] as number))
      out.number(values[i] as number)
    }
    out.raw(LAST_POINT)
  }

  #addAggregates(points: Points, s: Statistics): void {
    const { times, values, start, end } = points
    let text = ''
    for (let i = start; i < end; i++) {
      const count = s.count[i] as number
      const deviation = count > 1 ? Math.sqrt((s.squares[i] as number) / (count - 1)) : 0
      text +=
        `,{"timestamp":"${isoTime(times[i] as number)}","value":${values[i]},"type":"SAMPLE","aggregateStatistics":{` +
        `"sampleTime":"${isoTime(s.sampleTime[i] as number)}","sampleValue":${s.sampleValue[i]},"count":${count}` +
        `,"min":${s.min[i]},"minTime":"${isoTime(s.minTime[i] as number)}","max":${s.max[i]}` +
        `,"maxTime":"${isoTime(s.maxTime[i] as number)}","mean":${values[i]},"stdDev":${deviation}` +
        `${this.#crossEntity(s, i)}}}`
    }
    this.#out.text(text.slice(1))
  }

  #crossEntity(s: Statistics, i: number): string {
    if (s.minEntity === undefined || s.maxEntity === undefined || s.entities === undefined) return ''
    const max = this.#namesOf(s.maxEntity[i] as number)
    const min = this.#namesOf(s.minEntity[i] as number)
    return `,"crossEntityMetadata":${JSON.stringify({
      maxEntityDisplayName: max.displayName,
      ...(this.#namesEntities && { maxEntityName: max.name }),
      minEntityDisplayName: min.displayName,
      ...(this.#namesEntities && { minEntityName: min.name }),
      numEntities: s.entities[i],
    })}`
  }
}
