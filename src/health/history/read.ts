import { HEALTH_TABLES, type Store } from '../../metrics/index.js'
import { HEALTH_LIMITS, type HealthSummary, type HealthTransition } from '../../wire/health.js'
import { nodeKey } from '../evaluate/nodes.js'
import type { RememberedState } from '../evaluate/place.js'
import { type Health, summaryOf } from '../summary.js'
import { IS_GONE } from './write.js'

type Client = Pick<Store, 'client'>

async function rows<T>(
  { client }: Client,
  query: string,
  query_params: Record<string, unknown> = {},
  signal?: AbortSignal,
): Promise<T[]> {
  const result = await client.query({
    query,
    query_params,
    format: 'JSONEachRow',
    clickhouse_settings: { readonly: '2', output_format_json_quote_64bit_integers: 0 },
    ...(signal && { abort_signal: signal }),
  })
  return result.json<T>()
}

const MS = (column: string) => `toUnixTimestamp64Milli(${column})`
const TIME = (name: string) => `fromUnixTimestamp64Milli({${name}: Int64}, 'UTC')`

/** How everything was when it was recorded last, by `nodeKey` and test (empty: the entity). */
export async function readStates(store: Client): Promise<Map<string, Map<string, RememberedState>>> {
  const found = new Map<string, Map<string, RememberedState>>()
  for (const row of await rows<StateRow>(
    store,
    `SELECT category, identity, health, ${MS('since')} AS since, tests, healths,
       arrayMap(time -> ${MS('time')}, sinces) AS sinces
     FROM ${HEALTH_TABLES.states} FINAL WHERE health != ${IS_GONE}`,
  )) {
    const states = new Map([['', { health: row.health, since: row.since }]])
    row.tests.forEach((test, i) => {
      states.set(test, { health: row.healths[i]!, since: row.sinces[i]! })
    })
    found.set(nodeKey(row.category, row.identity), states)
  }
  return found
}

interface StateRow {
  category: string
  identity: string
  health: Health
  since: number
  tests: string[]
  healths: Health[]
  sinces: number[]
}

export interface PastState {
  readonly summary: HealthSummary
  /** Undefined: it was so before the oldest record. */
  readonly since?: number
  readonly explanation: string
}

/**
 * What an entity and its tests were at a time, by test (empty: the entity): the last change up to then; where there is none,
 * what the first change after it was from. A test that is not in the result has not changed since it was recorded first.
 */
export async function readPast(
  store: Client,
  category: string,
  identity: string,
  time: number,
): Promise<Map<string, PastState>> {
  const found = new Map<string, PastState>()
  const parameters = { category, identity, time }
  const where = 'category = {category: String} AND identity = {identity: String}'
  for (const row of await rows<{ test: string; health: number }>(
    store,
    `SELECT test, argMin(before, at) AS health FROM ${HEALTH_TABLES.transitions}
     WHERE ${where} AND at > ${TIME('time')} GROUP BY test`,
    parameters,
  ))
    found.set(row.test, { summary: summaryOf(row.health as Health), explanation: '' })
  for (const row of await rows<{ test: string; health: number; since: number; explanation: string }>(
    store,
    `SELECT test, argMax(after, at) AS health, ${MS('max(at)')} AS since, argMax(explanation, at) AS explanation
     FROM ${HEALTH_TABLES.transitions} WHERE ${where} AND at <= ${TIME('time')} GROUP BY test`,
    parameters,
  ))
    found.set(row.test, {
      summary: summaryOf(row.health as Health),
      since: row.since,
      explanation: row.explanation,
    })
  return found
}

/** The summaries of all entities of a category at a time, by identity; those without a record are left out. */
export async function readPastSummaries(
  store: Client,
  category: string,
  time: number,
): Promise<Map<string, PastState>> {
  const found = new Map<string, PastState>()
  for (const row of await rows<{
    identity: string
    earlier: number
    before: number
    after: number
    since: number
  }>(
    store,
    `SELECT identity, countIf(at <= ${TIME('time')}) AS earlier, argMinIf(before, at, at > ${TIME('time')}) AS before,
       argMaxIf(after, at, at <= ${TIME('time')}) AS after, ${MS(`maxIf(at, at <= ${TIME('time')})`)} AS since
     FROM ${HEALTH_TABLES.transitions} WHERE category = {category: String} AND test = '' GROUP BY identity`,
    { category, time },
  ))
    found.set(
      row.identity,
      row.earlier > 0
        ? { summary: summaryOf(row.after as Health), since: row.since, explanation: '' }
        : { summary: summaryOf(row.before as Health), explanation: '' },
    )
  return found
}

export interface TransitionQuery {
  readonly category: string
  readonly identity: string
  readonly from: number
  readonly to: number
  /** Undefined: of all tests and of the entity. Empty: of the entity. */
  readonly test?: string | undefined
  readonly limit: number
}

/** Changes in the order of time, both ends included; one more than `limit` when there are more. */
export async function readTransitions(store: Client, query: TransitionQuery): Promise<HealthTransition[]> {
  const { test, limit } = query
  const found = await rows<{ at: number; test: string; before: number; after: number; explanation: string }>(
    store,
    `SELECT ${MS('at')} AS at, test, before, after, explanation FROM ${HEALTH_TABLES.transitions} FINAL
     WHERE category = {category: String} AND identity = {identity: String}
       AND ${HEALTH_TABLES.transitions}.at BETWEEN ${TIME('from')} AND ${TIME('to')}
       ${test === undefined ? '' : 'AND test = {test: String}'}
     ORDER BY ${HEALTH_TABLES.transitions}.at, test LIMIT {limit: UInt32}`,
    { ...query, test: test ?? '', limit: Math.min(limit, HEALTH_LIMITS.transitions) + 1 },
  )
  return found.map(({ at, test, before, after, explanation }) => ({
    at,
    test,
    from: summaryOf(before as Health),
    to: summaryOf(after as Health),
    explanation,
  }))
}

/** The manager's last model, as it was sent. */
export async function readModel(store: Client): Promise<unknown> {
  const [row] = await rows<{ value: string }>(
    store,
    `SELECT value FROM ${HEALTH_TABLES.model} FINAL WHERE name = 'model'`,
  )
  return row === undefined ? undefined : JSON.parse(row.value)
}

export async function writeModel({ client }: Client, model: unknown): Promise<void> {
  await client.insert({
    table: HEALTH_TABLES.model,
    values: [{ name: 'model', value: JSON.stringify(model) }],
    format: 'JSONEachRow',
    clickhouse_settings: { async_insert: 0 },
  })
}
