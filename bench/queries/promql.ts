/**
 * The cases as PromQL, in the forms that TSBS's driver for VictoriaMetrics has. Types that it does not offer are written in
 * MetricsQL where an equal answer exists. `nocache=1` keeps VictoriaMetrics from answering from its cache of results.
 */
import { HIGH, type QueryCase } from '../tsbs/queries.js'
import { type Answer, addValue, type QueryRequest } from './answers.js'

export function promqlRequest(query: QueryCase): QueryRequest {
  if (query.fold === 'last') {
    const seconds = query.to - query.from
    return instant(`last_over_time(${selector(query)}[${seconds}s])`, query.to)
  }
  return range(expression(query), query.from, query.to, query.step)
}

/**
 * For a window on bucket edges: PromQL's buckets hold (T − step, T], ours [T, T + step). Samples are whole seconds apart, so
 * evaluating at T + step − 1 s covers exactly the samples of [T, T + step).
 */
export function promqlAlignedRequest(query: QueryCase): QueryRequest {
  if (query.fold === 'last' || query.fold === 'rows') return promqlRequest(query)
  return range(expression(query), query.from + query.step - 1, query.to - 1, query.step)
}

export function parsePromqlAnswer(query: QueryCase, body: Buffer): Answer {
  const answer: Answer = new Map()
  const { data } = JSON.parse(body.toString()) as PromqlAnswer
  for (const { metric, values, value } of data.result) {
    const name = metric.__name__ ?? query.metrics[0]
    const series = query.by === 'host' ? `${name}|${metric.hostname}` : `${name}`
    if (value) addValue(answer, series, 0, Number(value[1]))
    for (const [time, text] of values ?? []) {
      const bucket = query.fold === 'rows' ? time : time - query.step + 1
      addValue(answer, series, bucket, Number(text))
    }
  }
  return answer
}

interface PromqlAnswer {
  data: {
    result: {
      metric: Record<string, string>
      value?: [number, string]
      values?: [number, string][]
    }[]
  }
}

function expression(query: QueryCase): string {
  if (query.fold === 'rows') {
    const [first = ''] = query.metrics
    return `${selector(query)} and on(hostname) (${selector({ ...query, metrics: [first] })} > ${HIGH})`
  }
  const by = query.by === 'host' ? '__name__, hostname' : '__name__'
  return `${query.fold}(${query.fold}_over_time(${selector(query)}[${duration(query.step)}])) by (${by})`
}

function selector({ metrics, hosts }: QueryCase): string {
  const where =
    hosts.length === 0
      ? []
      : [hosts.length === 1 ? `hostname='${hosts[0]}'` : `hostname=~'${hosts.join('|')}'`]
  if (metrics.length === 1) return `${metrics[0]}{${where}}`
  const fields = metrics.map((metric) => metric.replace(/^cpu_/, '')).join('|')
  return `{${[`__name__=~'cpu_(${fields})'`, ...where].join(', ')}}`
}

const duration = (seconds: number) =>
  seconds % 3600 === 0 ? `${seconds / 3600}h` : seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`

function range(query: string, start: number, end: number, step: number): QueryRequest {
  const parameters = new URLSearchParams({
    query,
    start: `${start}`,
    end: `${end}`,
    step: `${step}`,
    nocache: '1',
  })
  return { method: 'GET', path: `/api/v1/query_range?${parameters}` }
}

function instant(query: string, time: number): QueryRequest {
  const parameters = new URLSearchParams({ query, time: `${time}`, nocache: '1' })
  return { method: 'GET', path: `/api/v1/query?${parameters}` }
}
