import type { EntityHealthList, HealthSummaries, SummarizedEntity } from '../../wire/health.js'
import type { Log } from '../core.js'
import type { MonitorClient } from './client.js'
import { keep } from './kept.js'

export type HealthOf = (category: string, identity: string) => SummarizedEntity | undefined

/** Sentences by entity (`category identity`) and test. */
export type Explanations = ReadonlyMap<string, ReadonlyMap<string, string>>

/** How everything is, as the monitor says: a copy that is kept while somebody asks. */
export interface HealthResults {
  /**
   * The copy, at most 1.5 s old; older by as long as the monitor takes to answer, and empty when it has not answered for 15 s.
   * Takes at most 1 s, and no time while the monitor is away.
   */
  read(): Promise<HealthOf>
  /** The tests' sentences of a cluster's or service's entities, or of hosts. Empty when the monitor is away. */
  explanations(of: { category?: string; cluster?: string; service?: string }): Promise<Explanations>
  stop(): void
}

export interface HealthResultsOptions {
  client: MonitorClient
  logger: Log
  now?: () => number
}

const FRESH_MS = 1_500
const TIMEOUT_MS = 20_000
const FORGET_MS = 15_000
const MOST_EXPLAINED = 5_000

const keyOf = (category: string, identity: string) => `${category} ${identity}`
const NOTHING: HealthOf = () => undefined

export function createHealthResults({ client, logger, now = Date.now }: HealthResultsOptions): HealthResults {
  const ending = new AbortController()
  let known = new Map<string, SummarizedEntity>()
  let cursor = ''

  async function ask<T>(path: string): Promise<T> {
    const { status, body } = await client.ask('GET', path, { timeoutMs: TIMEOUT_MS, signal: ending.signal })
    if (status !== 200 || body === undefined) throw new Error(`HTTP ${status}`)
    return body as T
  }

  const kept = keep<HealthOf>({
    async ask() {
      const answer = await ask<HealthSummaries>(`/health/summaries?since=${encodeURIComponent(cursor)}`)
      if (answer.whole) known = new Map()
      for (const each of answer.items) known.set(keyOf(each.category, each.identity), each)
      cursor = answer.cursor
      const map = known
      return (category, identity) => map.get(keyOf(category, identity))
    },
    onFailure(error) {
      if (!ending.signal.aborted)
        logger.warn({ reason: String(error) }, 'The monitor does not say how things are')
    },
    freshMs: FRESH_MS,
    forgetMs: FORGET_MS,
    now,
  })

  return {
    read: async () => (await kept.read()) ?? NOTHING,
    async explanations({ category, cluster, service }) {
      const query = new URLSearchParams({ limit: String(MOST_EXPLAINED) })
      if (category !== undefined) query.set('category', category)
      if (cluster !== undefined) query.set('cluster', cluster)
      if (service !== undefined) query.set('service', service)
      const found = new Map<string, Map<string, string>>()
      if (kept.isAway()) return found
      try {
        const { items } = await ask<EntityHealthList>(`/health/entities?${query}`)
        for (const each of items)
          found.set(
            keyOf(each.category, each.identity),
            new Map(
              each.tests?.map(({ test, explanation, advice }) => [test, `${explanation} ${advice}`.trim()]),
            ),
          )
      } catch (error) {
        logger.warn({ reason: String(error) }, 'The monitor does not say why things are as they are')
        kept.failed()
      }
      return found
    },
    stop: () => ending.abort(),
  }
}
