import type { QueryPlan } from '../../wire/timeseries.js'
import type { ItemHead, StreamTemplate } from '../../wire/timeseries-columns.js'
import { QueryError } from '../errors.js'
import type { Points } from '../functions/points.js'
import type { ByteSink, StreamOwner } from '../run/sink.js'
import { isoTime } from './iso.js'

/**
 * One row a point: entityName, metricName, timestamp, value, as Cloudera Manager's clients read it; the first row has
 * these names. `entityName` is the display name, as in the JSON form; an alias stands for the metric's name.
 */
export class CsvSink implements ByteSink {
  readonly contentType = 'text/csv; charset=utf-8'
  readonly tellsErrors = false
  #text = 'entityName,metricName,timestamp,value\n'
  #metric = ''

  get ready(): number {
    return this.#text.length
  }

  take(): Uint8Array<ArrayBuffer> {
    const bytes = Buffer.from(this.#text)
    this.#text = ''
    return bytes as Uint8Array as Uint8Array<ArrayBuffer>
  }

  beginStatement(_head: ItemHead): void {}

  beginItem(template: StreamTemplate): void {
    this.#metric = field(template.alias ?? template.metricName)
  }

  addStream(owner: StreamOwner, _frequencyMs: number | null, { times, values, start, end }: Points): void {
    const before = `${field(owner.displayName)},${this.#metric},`
    let text = ''
    for (let i = start; i < end; i++) text += `${before}${isoTime(times[i] as number)},${values[i]}\n`
    this.#text += text
  }

  endStatement(_warnings: readonly string[], plan?: QueryPlan): void {
    if (plan !== undefined) throw new QueryError('BAD_REQUEST', 'EXPLAIN is answered as JSON only.')
  }

  end(): void {}

  fail(): void {}
}

/** RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe: names come from outside. */
function field(text: string): string {
  const safe = /^[=+@\t\r-]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
