import type { Logger } from 'pino'
import type { DesiredProcess, MetricEndpoint, MetricRule } from '../../wire/heartbeat.js'
import type { EntityDefinition } from '../../wire/native-batch.js'
import type { CheckFailures } from '../check-failures.js'
import type { Collector } from '../collectors/collector.js'
import { monotonic } from '../collectors/collector.js'
import type { Counters } from '../collectors/counters.js'
import type { Round } from '../round.js'
import { createReader, scrape } from './scrape.js'
import type { Scraped } from './scraped.js'

export interface ScrapedRole {
  process: DesiredProcess
  entity: EntityDefinition
}

export interface ScrapeOptions {
  roles: () => ScrapedRole[]
  rulesOf: (name: string) => readonly MetricRule[] | undefined
  counters: Counters
  /** Is told why they cannot be read. */
  failures?: Pick<CheckFailures, 'set'>
  logger: Logger
  /** How long a round waits for the endpoints; later results come with the next round. Milliseconds. Default 1000. */
  waitMs?: number
}

interface Source {
  endpoint: MetricEndpoint
  rules: readonly MetricRule[]
  read: (page: Buffer) => Scraped[]
  running: boolean
  /** Not reported yet. */
  result?:
    | { at: number; scraped: Scraped[]; seconds: number }
    | { at: number; error: string; seconds: number }
  failing: boolean
}

/** Endpoints asked at the same time. */
const PARALLEL = 16
/** A result older than this is not reported: it would get a stamp far from its time. Milliseconds. */
const OLD_MS = 90_000

/**
 * Reads the endpoints of the host's roles, all at the same time. One that hangs is left to its own timeout and asked again
 * when that is over; the round waits a moment only, for those that answer as they should.
 */
export function createScrapeCollector(options: ScrapeOptions): Collector {
  const { roles, rulesOf, counters, failures, logger, waitMs = 1000 } = options
  const sources = new Map<string, Source>()
  /** Processes whose last result is among the failures. */
  const failed = new Set<number>()
  let active = 0

  function sourceOf(key: string, endpoint: MetricEndpoint): Source | undefined {
    const rules = rulesOf(endpoint.rules)
    if (!rules) return undefined
    const known = sources.get(key)
    if (known?.endpoint === endpoint && known.rules === rules) return known
    const source = {
      endpoint,
      rules,
      read: createReader(endpoint.type, rules),
      running: false,
      failing: false,
    }
    sources.set(key, source)
    return source
  }

  async function ask(source: Source) {
    source.running = true
    active++
    const began = monotonic()
    const seconds = () => (monotonic() - began) / 1000
    try {
      const scraped = await scrape(source.endpoint, source.read)
      source.result = { at: began, scraped, seconds: seconds() }
    } catch (error) {
      source.result = { at: began, error: (error as Error).message, seconds: seconds() }
    } finally {
      source.running = false
      active--
    }
  }

  /** Of a role with several endpoints: are all well, and the slowest. */
  type Outcomes = Map<EntityDefinition, { ok: boolean; ms: number; process: number; reasons: string[] }>

  interface Due {
    source: Source
    entity: EntityDefinition
    process: number
    key: string
  }

  function report(round: Round, { source, entity, process, key }: Due, outcomes: Outcomes) {
    const { result, endpoint } = source
    if (!result || monotonic() - result.at > OLD_MS) return
    delete source.result
    const failed = 'error' in result
    const sum = outcomes.get(entity) ?? { ok: true, ms: 0, process, reasons: [] }
    if (failed) sum.reasons.push(`${endpoint.name}: ${result.error}`)
    outcomes.set(entity, { ...sum, ok: sum.ok && !failed, ms: Math.max(sum.ms, result.seconds * 1000) })
    if (failed) {
      if (!source.failing)
        logger.warn(
          { role: entity.name, endpoint: endpoint.name, error: result.error },
          'Metrics of a role cannot be read',
        )
      source.failing = true
      return
    }
    source.failing = false
    for (const { metric, value } of result.scraped) {
      round.report(entity, metric, value)
      // A page that is taken whole has its counters, and that is enough.
      if (!metric.isCounter || source.rules.length === 0) continue
      const growth = counters.growth(`${key} ${metric.name}`, value, result.at)
      const rate = rateOf(metric.name)
      if (growth && rate)
        round.report(entity, { ...metric, ...rateUnits(metric), name: rate }, growth.delta / growth.seconds)
    }
  }

  const definitions = new Map<string, object>()
  /** Made once for a metric: a batch's dictionary stays the same. */
  function rateUnits(metric: Scraped['metric']) {
    let units = definitions.get(metric.name)
    if (!units) {
      units = {
        isCounter: false,
        unitDenominators: [...(metric.unitDenominators ?? []), 'seconds'],
        aliases: [],
      }
      definitions.set(metric.name, units)
    }
    return units
  }

  return {
    name: 'role-endpoints',
    async collect(round) {
      const wanted = new Set<string>()
      const due: Due[] = []
      const asked: Promise<void>[] = []
      for (const { process, entity } of roles())
        for (const endpoint of process.metrics) {
          const key = `${process.id} ${endpoint.name}`
          const source = sourceOf(key, endpoint)
          if (!source) continue
          wanted.add(key)
          due.push({ source, entity, process: process.id, key })
          if (!source.running && active < 16 * PARALLEL) asked.push(ask(source))
        }
      for (const key of sources.keys()) if (!wanted.has(key)) sources.delete(key)
      if (asked.length > 0) {
        let timer: NodeJS.Timeout | undefined
        await Promise.race([
          Promise.allSettled(asked),
          new Promise((resolve) => {
            timer = setTimeout(resolve, waitMs)
          }),
        ])
        clearTimeout(timer)
      }
      const outcomes: Outcomes = new Map()
      for (const each of due) report(round, each, outcomes)
      const present = new Set(due.map(({ process }) => process))
      for (const process of failed)
        if (!present.has(process)) {
          failed.delete(process)
          failures?.set(process, 'web_metrics_collection_status', undefined)
        }
      for (const [entity, { ok, ms, process, reasons }] of outcomes) {
        failures?.set(process, 'web_metrics_collection_status', ok ? undefined : reasons.join('; '))
        if (ok) failed.delete(process)
        else failed.add(process)
        round.report(entity, 'web_metrics_collection_status', ok ? 1 : 0)
        round.report(entity, 'web_metrics_collection_duration', ms)
      }
    },
  }
}

/** As Cloudera Manager names it: `foo_count` and `foo_num_ops` → `foo_rate`. */
const rateOf = (name: string): string | undefined =>
  name.endsWith('_rate') ? undefined : `${name.replace(/^total_/, '').replace(/_(count|num_ops)$/, '')}_rate`
