import { expressionText, type ItemHead, type StreamTemplate } from '../../wire/timeseries-columns.js'
import type { Points, Statistics } from '../functions/points.js'
import type { ByteSink, StatementEnd, StreamOwner } from '../run/sink.js'
import { isoTime } from './iso.js'
import { ownerAttributes } from './owner-attributes.js'

/** What aggregates across entities need to be told apart by name. */
export type EntityNames = (index: number) => { name: string; displayName: string }

/** An entity's attributes, and their text. */
interface Written {
  readonly attributes: Readonly<Record<string, string>>
  readonly text: string
}
const writtenOf = (attributes: Readonly<Record<string, string>>): Written => ({
  attributes,
  text: JSON.stringify(attributes),
})
const MOST_REMEMBERED = 20_000

/** Cloudera Manager's JSON, written as it comes. */
export class JsonSink implements ByteSink {
  readonly contentType = 'application/json'
  readonly tellsErrors = false
  #text = '{"items":['
  #statements = 0
  #streams = 0
  #query = ''
  #window = ''
  #template!: StreamTemplate
  #before = ''
  #after = ''
  #units = ''
  #rollup = ''
  /** By index in the catalogue. */
  readonly #attributes = new Map<number, Written>()
  /** Streams mostly share their times: the texts of the last stream's, to be used again where the time is the same. */
  #times = new Float64Array(0)
  #timeTexts: string[] = []
  #isActive: (entity: number) => boolean = () => true
  readonly #namesOf: EntityNames

  readonly #namesEntities: boolean

  /** `version`: of the API; an old one gets the fields that it knew. */
  constructor(namesOf: EntityNames, version: number) {
    this.#namesOf = namesOf
    this.#namesEntities = version >= 11
  }

  get ready(): number {
    return this.#text.length
  }

  take(): Uint8Array<ArrayBuffer> {
    const bytes = Buffer.from(this.#text)
    this.#text = ''
    return bytes as Uint8Array as Uint8Array<ArrayBuffer>
  }

  beginStatement(head: ItemHead, isActive: (entity: number) => boolean): void {
    this.#isActive = isActive
    this.#attributes.clear()
    this.#text += this.#statements++ > 0 ? ',{"timeSeries":[' : '{"timeSeries":['
    this.#streams = 0
    this.#query = head.timeSeriesQuery
    this.#window = `,"startTime":"${head.startTime}","endTime":"${head.endTime}","attributes":`
  }

  beginItem(template: StreamTemplate): void {
    this.#template = template
    this.#before = `{"metadata":{"metricName":${JSON.stringify(template.metricName)},"entityName":`
    const alias = template.alias === undefined ? '' : `,"alias":${JSON.stringify(template.alias)}`
    this.#after = `${alias},"metricCollectionFrequencyMs":`
    this.#units = `,"unitNumerators":${JSON.stringify(template.unitNumerators)},"unitDenominators":${JSON.stringify(template.unitDenominators)},"expression":`
    this.#rollup = `,"rollupUsed":"${template.rollupUsed}"},"data":[`
  }

  addStream(owner: StreamOwner, frequencyMs: number | null, points: Points): void {
    const known = this.#written(owner)
    const expression = expressionText(this.#template.expression, known.attributes)
    this.#text +=
      (this.#streams++ > 0 ? ',' : '') +
      this.#before +
      JSON.stringify(owner.displayName) +
      this.#window +
      known.text +
      this.#units +
      `${JSON.stringify(expression)}${this.#after}${frequencyMs}${this.#rollup}`
    if (points.statistics === undefined) this.#addPoints(points)
    else this.#addAggregates(points, points.statistics)
    this.#text += ']}'
  }

  endStatement(warnings: readonly string[], { plan }: StatementEnd): void {
    const explained = plan === undefined ? '' : `,"plan":${JSON.stringify(plan)}`
    this.#text += `],"warnings":${JSON.stringify(warnings)},"timeSeriesQuery":${JSON.stringify(this.#query)}${explained}}`
  }

  end(): void {
    this.#text += ']}'
  }

  fail(): void {
    // JSON that is cut off cannot be taken for a whole answer.
  }

  #written(owner: StreamOwner): Written {
    if (owner.index === undefined) return writtenOf(ownerAttributes(owner, true))
    const active = this.#isActive(owner.index)
    const known = this.#attributes.get(owner.index)
    const attributes = ownerAttributes(owner, active)
    if (known?.attributes === attributes) return known
    const written = writtenOf(attributes)
    if (this.#attributes.size >= MOST_REMEMBERED) this.#attributes.clear()
    this.#attributes.set(owner.index, written)
    return written
  }

  #addPoints({ times, values, start, end }: Points): void {
    const texts = this.#textsOf(times, start, end)
    let text = ''
    for (let i = start; i < end; i++) text += `${texts[i - start]}${values[i]},"type":"SAMPLE"}`
    // One leading comma too many, from the first point's text.
    this.#text += text.slice(1)
  }

  #addAggregates(points: Points, s: Statistics): void {
    const { times, values, start, end } = points
    const texts = this.#textsOf(times, start, end)
    let text = ''
    for (let i = start; i < end; i++) {
      const count = s.count[i] as number
      const deviation = count > 1 ? Math.sqrt((s.squares[i] as number) / (count - 1)) : 0
      text +=
        `${texts[i - start]}${values[i]},"type":"SAMPLE","aggregateStatistics":{` +
        `"sampleTime":"${isoTime(s.sampleTime[i] as number)}","sampleValue":${s.sampleValue[i]},"count":${count}` +
        `,"min":${s.min[i]},"minTime":"${isoTime(s.minTime[i] as number)}","max":${s.max[i]}` +
        `,"maxTime":"${isoTime(s.maxTime[i] as number)}","mean":${values[i]},"stdDev":${deviation}` +
        `${this.#crossEntity(s, i)}}}`
    }
    this.#text += text.slice(1)
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

  /** `,{"timestamp":"…","value":` of each point. */
  #textsOf(times: Float64Array, start: number, end: number): string[] {
    const known = this.#times
    const texts = this.#timeTexts
    const n = end - start
    if (known.length < n) {
      const longer = new Float64Array(Math.max(n, 2 * known.length)).fill(Number.NaN)
      longer.set(known)
      this.#times = longer
    }
    const kept = this.#times
    for (let i = 0; i < n; i++) {
      const time = times[start + i] as number
      if (kept[i] === time) continue
      kept[i] = time
      texts[i] = `,{"timestamp":"${isoTime(time)}","value":`
    }
    return texts
  }
}
