/** The cases as tsquery, over the time-series API, answered as columns or as Cloudera's JSON. */

import type { TimeSeriesMetadata, TimeSeriesResponse } from '../../src/wire/timeseries.js'
import { decodeTimeSeriesColumns } from '../../src/wire/timeseries-columns.js'
import { HIGH, type QueryCase } from '../tsbs/queries.js'
import { type Answer, addValue, type QueryRequest } from './answers.js'

const CONTENT_TYPE = { columns: 'application/x-bellwether-columns', json: 'application/json' }
export type AnswerForm = keyof typeof CONTENT_TYPE

/** More than any case returns: 4,000 hosts of 10 metrics, and room for larger runs. */
const STREAM_LIMIT = 1_000_000

export function tsqueryText({ metrics, hosts, step, fold, by }: QueryCase): string {
  const where = hosts.length > 0 ? ` where ${hosts.map((host) => `hostname = ${host}`).join(' or ')}` : ''
  const items = metrics.map((metric) => {
    if (fold === 'rows') return `when(${metrics[0]} > ${HIGH}, ${metric})`
    if (fold === 'last') return `last(${metric})`
    const bucketed = `resample(${metric}, ${step}, ${fold})`
    return by === 'host' || hosts.length === 1 ? bucketed : `${fold}_by(${bucketed})`
  })
  return `select ${items.join(', ')}${where}`
}

export function tsqueryRequest(query: QueryCase, form: AnswerForm): QueryRequest {
  return request(query, form, query.from * 1000, query.to * 1000)
}

/**
 * For a window on bucket edges: a bucket is stamped with its end, and the API returns stamps in [from, to], both included.
 * So the stamp at `from` would be the bucket before the window.
 */
export function tsqueryAlignedRequest(query: QueryCase, form: AnswerForm): QueryRequest {
  const bucketed = query.step > 0 && query.fold !== 'rows'
  return request(query, form, query.from * 1000 + (bucketed ? 1 : 0), query.to * 1000)
}

function request(query: QueryCase, form: AnswerForm, from: number, to: number): QueryRequest {
  const parameters = new URLSearchParams({
    query: tsqueryText(query),
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    contentType: CONTENT_TYPE[form],
    streamLimit: String(STREAM_LIMIT),
  })
  return { method: 'GET', path: `/api/v45/timeseries?${parameters}` }
}

export function parseTsqueryAnswer(query: QueryCase, body: Buffer, form: AnswerForm): Answer {
  const answer: Answer = new Map()
  const add = (metadata: TimeSeriesMetadata, milliseconds: number, value: number) => {
    const end = milliseconds / 1000
    const bucket = query.fold === 'last' ? 0 : query.fold === 'rows' ? end : end - query.step
    addValue(answer, seriesOf(query, metadata), bucket, value)
  }
  if (form === 'columns') {
    for (const item of decodeTimeSeriesColumns(body).items) {
      refuseWarnings(item.warnings)
      for (const { metadata, times, values } of item.streams)
        for (let i = 0; i < times.length; i++) add(metadata, times[i]!, values[i]!)
    }
    return answer
  }
  for (const item of (JSON.parse(body.toString()) as TimeSeriesResponse).items) {
    refuseWarnings(item.warnings)
    for (const { metadata, data } of item.timeSeries)
      for (const { timestamp, value } of data) add(metadata, Date.parse(timestamp), value)
  }
  return answer
}

/** A warning would mean a partial answer. */
function refuseWarnings(warnings: string[]): void {
  if (warnings.length > 0) throw new Error(`the answer came with a warning: ${warnings[0]}`)
}

function seriesOf({ metrics, by }: QueryCase, metadata: TimeSeriesMetadata): string {
  const text = `${metadata.metricName} ${metadata.expression}`
  // Of `when(a > 90, b)` the last name says which.
  const named = (/, (cpu_usage_[a-z_]+)\)$/.exec(metadata.metricName) ??
    /(cpu_usage_[a-z_]+)/.exec(text))?.[1]
  const metric = metrics.length === 1 ? metrics[0] : named
  return by === 'host' ? `${metric}|${metadata.attributes.hostname}` : `${metric}`
}
