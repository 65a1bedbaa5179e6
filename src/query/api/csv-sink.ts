import { WARNING_LINE, WARNINGS_HEADER } from '../../wire/timeseries.js'
import type { ItemHead, StreamTemplate } from '../../wire/timeseries-columns.js'
import { QueryError } from '../errors.js'
import type { Points } from '../functions/points.js'
import type { ByteSink, StatementEnd, StreamOwner } from '../run/sink.js'
import { isoTime } from './iso.js'

/**
 * One row a point: entityName, metricName, timestamp, value, as Cloudera Manager's clients read it; the first row has
 * these names. `entityName` is the display name, as in the JSON form; an alias stands for the metric's name. Warnings are in
 * the header `x-bellwether-warnings`, a JSON list; those that came after the header had been sent are lines at the end that begin
 * with `# warning: `, as no row does.
 */
export class CsvSink implements ByteSink {
  readonly contentType = 'text/csv; charset=utf-8'
  readonly tellsErrors = false
  #text = 'entityName,metricName,timestamp,value\n'
  #metric = ''
  #warnings: string[] = []
  #headersSent = false

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

  headers(): Record<string, string> {
    this.#headersSent = true
    const warnings = this.#warnings
    this.#warnings = []
    return warnings.length === 0 ? {} : { [WARNINGS_HEADER]: headerText(warnings) }
  }

  endStatement(warnings: readonly string[], { plan }: StatementEnd): void {
    if (plan !== undefined) throw new QueryError('BAD_REQUEST', 'EXPLAIN is answered as JSON, not as CSV.')
    this.#warnings.push(...warnings)
  }

  end(): void {
    if (!this.#headersSent) return
    for (const warning of this.#warnings) this.#text += `${WARNING_LINE}${warning.replace(/\s+/g, ' ')}\n`
    this.#warnings = []
  }

  fail(): void {}
}

/** Clients refuse headers of more than 8 to 16 KB. */
const LONGEST_HEADER = 4000

/** A JSON list in ASCII; what does not fit is counted. */
function headerText(warnings: readonly string[]): string {
  const ascii = (texts: readonly string[]) =>
    JSON.stringify(texts).replace(
      /[\u007f-\uffff]/g,
      (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
  for (let kept = warnings.length; kept > 0; kept--) {
    const rest = warnings.length - kept
    const text = ascii(rest === 0 ? warnings : [...warnings.slice(0, kept), `And ${rest} more.`])
    if (text.length <= LONGEST_HEADER) return text
  }
  return ascii([`${warnings.length} warnings, too long for a header: ask for JSON.`])
}

/** RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe: names come from outside. */
function field(text: string): string {
  const safe = /^[=+@\t\r-]/.test(text) ? `'${text}` : text
  return /^#|[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
