import { hostname as systemHostname } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { encodeNativeBatch, type NativeBatch } from '../wire/native-batch.js'
import { selfMetrics } from '../wire/self-metrics.js'
import { createCheckFailures } from './check-failures.js'
import type { Collector } from './collectors/index.js'
import { createCounters, createHostCollectors } from './collectors/index.js'
import { AgentError } from './errors.js'
import { cleanUp } from './hard-stop.js'
import { createHostSource } from './host.js'
import { loadHostId } from './identity.js'
import { lockFolder } from './lock.js'
import type { LogEventsRunner, LogEventsStatus } from './logs/index.js'
import { startLogEvents } from './logs/index.js'
import type { Management, ManagementStatus } from './management.js'
import { startManagement } from './management.js'
import type { AgentOptions } from './options.js'
import { resolveOptions } from './options.js'
import { QUIET_START_MS } from './quiet-start.js'
import { createRoundBuilder } from './round.js'
import { phaseOf, startSchedule } from './schedule.js'
import { ScrapeSettingsError, type ScrapeTargets, startScrapeTargets } from './scrape/targets/index.js'
import type { Outcome } from './send/outcome.js'
import type { Target } from './send/post.js'
import { createPoster } from './send/post.js'
import { startSender } from './send/sender.js'
import type { SpoolStats } from './spool/spool.js'
import { openSpool } from './spool/spool.js'
import { createAgentMetrics } from './status/metrics.js'
import { openStatusPage } from './status/page.js'

export interface Agent {
  readonly hostId: string
  /** Of the status page, when it could be opened at start. */
  readonly url?: string
  /** What `/status` shows. */
  status(): AgentStatus
  /** Ends the round under way, gives the batch under way two seconds, leaves the rest in the spool. May be called twice. */
  stop(): Promise<void>
}

export interface AgentStatus {
  hostId: string
  hostname: string
  /** Null while the manager has not named one. */
  monitorUrl: string | null
  intervalMs: number
  /** Rounds since the start. */
  rounds: number
  lastRound: { time: string; samples: number; seconds: number; failed: string[] } | null
  lastSent: string | null
  lastError: { time: string; reason: string } | null
  spool: SpoolStats
  /** Missing without a manager. */
  manager?: ManagementStatus
  logEvents?: LogEventsStatus
}

const compress = promisify(gzip)

/**
 * Starts collecting at once, and sending. Throws AgentError when an option, the data folder or a status port that was asked
 * for cannot be used; what happens later (monitor away, disk full, a collector that fails) is logged and survived.
 *
 * @example
 * const agent = await startAgent({ dataDir: './data/agent', monitorUrl: 'http://127.0.0.1:7190', logger: pino() })
 * await agent.stop()
 */
export async function startAgent(agentOptions: AgentOptions): Promise<Agent> {
  const options = resolveOptions(agentOptions)
  const { logger, dataDir, intervalMs } = options
  const unlock = await lockFolder(dataDir)
  const [hostId] = await Promise.all([
    loadHostId(dataDir),
    options.cleanStart ? cleanUp(dataDir, options.processDir, logger) : undefined,
  ]).catch(async (error) => {
    await unlock()
    throw error
  })
  const spool = await openSpool({
    dir: join(dataDir, 'spool'),
    maxBytes: options.spoolBytes,
    maxAgeMs: options.spoolAgeMs,
    memoryBytes: options.memoryBytes,
    logger,
  })
  const metrics = createAgentMetrics(() => spool.stats())
  const counters = createCounters()
  const failures = createCheckFailures()
  const collectors = createHostCollectors({ ...options, failures }, counters)
  const builder = createRoundBuilder()
  const hostname = () => options.hostname ?? systemHostname()
  const hostOf = createHostSource(hostId, options.rackId)
  let rounds = 0
  let lastRound: AgentStatus['lastRound'] = null
  let lastSent: AgentStatus['lastSent'] = null
  let lastError: AgentStatus['lastError'] = null
  const failing = new Set<string>()

  let management: Management | undefined
  /** What the operator names comes before what the manager names. */
  const target = (): Target | undefined => {
    const named = management?.monitor()
    if (!options.ingestUrl) return named
    const token = options.monitorToken ?? named?.token
    return { url: options.ingestUrl, ...(token ? { token } : {}) }
  }
  let logEvents: LogEventsRunner | undefined

  const statusOf = (): AgentStatus => ({
    hostId,
    hostname: hostname(),
    monitorUrl: target()?.url.origin ?? null,
    intervalMs,
    rounds,
    lastRound,
    lastSent,
    lastError,
    spool: spool.stats(),
    ...(management ? { manager: management.status() } : {}),
    ...(logEvents ? { logEvents: logEvents.status() } : {}),
  })

  if (options.manager) {
    const host = { dataDir, hostId, hostname, procRoot: options.procRoot, sysRoot: options.sysRoot }
    management = await startManagement({ ...options.manager, ...host, counters, failures, logger }).catch(
      async (error) => {
        await unlock()
        throw error
      },
    )
    collectors.push(...management.collectors)
    logEvents = await startLogEvents({
      dir: join(dataDir, 'log-events'),
      sources: management.logSources,
      target: () => {
        const named = target()
        return named && { ...named, url: new URL('../events', named.url) }
      },
      timeoutMs: options.sendTimeoutMs,
      caFile: options.caFile,
      logger,
    })
  }
  let scraping: ScrapeTargets | undefined
  const startScraping = async () => {
    if (options.scrapeFile === undefined) return
    scraping = await startScrapeTargets({
      file: options.scrapeFile,
      agentName: `agent on ${hostname()}`,
      logger,
      async deliver(batch, time) {
        await deliver(batch, time)
        metrics.samples.inc(batch.sampleValue.length)
      },
    })
  }
  const statusPage = await openStatusPage(options, metrics.registry, statusOf)

  const self: Collector = {
    name: 'self-metrics',
    async collect(round) {
      const source = { registry: metrics.registry, roleType: 'AGENT', hostname: round.host.hostname, hostId }
      const { entity, samples } = await selfMetrics(source)
      for (const { metric, value } of samples) round.report(entity, metric, value)
    },
  }

  async function deliver(collected: NativeBatch, time: number): Promise<void> {
    const batch = encodeNativeBatch(collected)
    const payload = options.gzip ? await compress(batch, { level: 6 }) : batch
    await spool.append({ time, gzip: options.gzip, payload })
    sender.wake()
  }

  async function round(time: number) {
    const began = performance.now()
    const current = builder.begin(time, hostOf(hostname(), management?.place()))
    const failed: string[] = []
    for (const collector of [...collectors, self]) {
      try {
        await collector.collect(current)
        failing.delete(collector.name)
      } catch (error) {
        // Cut off by the stop.
        if (stopped) continue
        failed.push(collector.name)
        metrics.collectorFailures.inc({ collector: collector.name })
        if (!failing.has(collector.name))
          logger.error({ collector: collector.name, error }, 'A collector fails; the others go on')
        failing.add(collector.name)
      }
    }
    counters.sweep()
    await deliver(builder.finish(), time)
    const seconds = (performance.now() - began) / 1000
    rounds++
    metrics.rounds.inc()
    metrics.samples.inc(builder.sampleCount)
    metrics.roundSeconds.set(seconds)
    lastRound = { time: new Date(time).toISOString(), samples: builder.sampleCount, seconds, failed }
  }

  function observe(outcome: Outcome, bytes: number, seconds: number) {
    metrics.attempts.inc({ outcome: outcome.kind })
    metrics.sendSeconds.inc(seconds)
    const now = new Date().toISOString()
    if (outcome.kind === 'sent') {
      metrics.sentBytes.inc(bytes)
      lastSent = now
      if (outcome.refused) {
        metrics.samplesRefused.inc(outcome.refused.count)
        lastError = { time: now, reason: `samples refused: ${outcome.refused.reasons}` }
      }
    } else {
      lastError = { time: now, reason: outcome.reason }
      if (outcome.kind === 'retry') management?.monitorFailed()
    }
  }

  const poster = createPoster(target, options.sendTimeoutMs, options.caFile)
  const sender = startSender({ spool, poster, logger, observe, quietMs: QUIET_START_MS })
  const grid = { intervalMs, phaseMs: phaseOf(hostId, intervalMs) }
  const schedule = startSchedule(grid, round, {
    failed: (error) => logger.error({ error }, 'A round of collection failed'),
    skipped: (count) => metrics.roundsSkipped.inc(count),
  })

  let stopped: Promise<void> | undefined
  const stop = async () => {
    await scraping?.stop()
    await Promise.all([schedule.stop(), ...collectors.map((collector) => collector.stop?.())])
    await logEvents?.stop()
    await management?.stop()
    await sender.stop()
    await spool.close()
    await statusPage.stop()
    await unlock()
  }
  await startScraping().catch(async (error) => {
    await stop()
    if (!(error instanceof ScrapeSettingsError)) throw error
    throw new AgentError('BAD_SCRAPE_SETTINGS', { problem: error.message }, undefined)
  })
  return {
    hostId,
    ...statusPage.address(),
    status: statusOf,
    stop: () => (stopped ??= stop()),
  }
}
