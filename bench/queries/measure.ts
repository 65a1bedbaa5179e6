/** Asks the cases over a warm connection, one at a time, and takes the time from sending to the last byte of the answer. */
import type { Client, Answer as HttpAnswer } from '../load/client.js'
import type { QueryCase } from '../tsbs/queries.js'
import type { Answer, QueryRequest } from './answers.js'
import type { Dialect } from './dialects.js'

/** So many queries, or as many as fit into the time, but never fewer than the least. */
export interface Amount {
  least: number
  most: number
  milliseconds: number
}

/** Of each type and form before anything is measured, so that code, caches and connections are warm. */
export const WARM_UP: Amount = { least: 3, most: 1_000, milliseconds: 450 }
/** Of a type once more right before it is measured: others have been asked since. */
export const WARM_AGAIN: Amount = { least: 1, most: 100, milliseconds: 50 }

export interface QueryMeasure {
  dialect: string
  type: string
  /** Milliseconds, in the order of the cases. */
  latencies: number[]
  /** CPU seconds of the server and its children in all of them. */
  cpuSeconds: number
  /** Bytes of the last answer. */
  bytes: number
  /** Why there is no figure: the system's own words. */
  refused?: string
}

/** Asks without measuring; returns why the system refuses such queries, in its own words, if it does. */
export async function warmUp(
  client: Client,
  dialect: Dialect,
  cases: QueryCase[],
  { least, most, milliseconds }: Amount,
): Promise<string | undefined> {
  const until = performance.now() + milliseconds
  for (const [i, query] of cases.slice(0, most).entries()) {
    if (i >= least && performance.now() > until) return undefined
    const { status, body } = await ask(client, dialect.request(query))
    if (status !== 200) return `${status} ${body.toString('utf8', 0, 300)}`
  }
  return undefined
}

export interface Measuring {
  /** At least as many as may be asked. */
  cases: QueryCase[]
  /** For warming up. */
  others: QueryCase[]
  runs: Amount
  cpuSeconds: () => number
}

export async function measureQueries(
  client: Client,
  dialect: Dialect,
  type: string,
  { cases, others, runs, cpuSeconds }: Measuring,
): Promise<QueryMeasure> {
  const measure: QueryMeasure = { dialect: dialect.name, type, latencies: [], cpuSeconds: 0, bytes: 0 }
  const requests = cases.slice(0, runs.most).map((c) => dialect.request(c))
  const refused = await warmUp(client, dialect, others, WARM_AGAIN)
  if (refused !== undefined) return { ...measure, refused }
  const before = cpuSeconds()
  const until = performance.now() + runs.milliseconds
  for (const request of requests) {
    const started = performance.now()
    if (measure.latencies.length >= runs.least && started > until) break
    const answer = await ask(client, request)
    measure.latencies.push(performance.now() - started)
    if (answer.status !== 200) throw new Error(`${dialect.name}, ${type}: ${answer.status} ${answer.body}`)
    measure.bytes = answer.body.length
  }
  measure.cpuSeconds = cpuSeconds() - before
  return measure
}

/** The answers to cases on bucket edges, to be compared between systems. */
export async function collectAnswers(
  client: Client,
  dialect: Dialect,
  cases: QueryCase[],
): Promise<Answer[]> {
  const answers: Answer[] = []
  for (const query of cases) {
    const { status, body } = await ask(client, dialect.alignedRequest(query))
    if (status !== 200) throw new Error(`${dialect.name}: ${status} ${body.toString('utf8', 0, 500)}`)
    answers.push(dialect.parse(query, body))
  }
  return answers
}

function ask(client: Client, { method, path, headers, body }: QueryRequest): Promise<HttpAnswer> {
  return client.send(method, path, headers, body)
}
