import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { CanaryResult } from '../wire/canary.js'
import type { DesiredProcess, HostPlace } from '../wire/heartbeat.js'
import { DEFAULT_LOG_RULES } from '../wire/log-rules.js'
import { packagePath } from '../wire/package-folder.js'
import { createCanaries } from './canary/index.js'
import type { CheckFailures } from './check-failures.js'
import type { Counters } from './collectors/counters.js'
import type { Collector } from './collectors/index.js'
import { createRoleProcessCollector } from './collectors/role-process.js'
import type { Heartbeat, HeartbeatStatus } from './heartbeat/client.js'
import { startHeartbeat } from './heartbeat/client.js'
import { hostFacts } from './heartbeat/facts.js'
import { createTransport } from './heartbeat/transport.js'
import type { LogSource } from './logs/index.js'
import type { ManagerOptions } from './options.js'
import { openApplied } from './processes/applied.js'
import { createContents } from './processes/content.js'
import { openDesiredStore } from './processes/desired-store.js'
import { launchOf } from './processes/launch-of.js'
import { openLink } from './processes/link.js'
import { removeOrphans } from './processes/orphans.js'
import { createRoleEntities } from './processes/role-entities.js'
import { createRunner } from './processes/runner.js'
import { createScrapeCollector } from './scrape/index.js'
import type { Target } from './send/post.js'
import type { Status } from './supervisor/index.js'
import { bootId } from './supervisor/proc.js'

export interface ManagementOptions extends ManagerOptions {
  dataDir: string
  hostId: string
  hostname: () => string
  procRoot: string
  sysRoot: string
  counters: Counters
  failures: CheckFailures
  logger: Logger
}

export interface Management {
  /** Of the roles on this host. */
  readonly collectors: Collector[]
  /** The roles on this host, and where their logs are. */
  logSources(): LogSource[]
  /** Where the host belongs, as the manager says; the same object until it says otherwise. */
  place(): HostPlace | undefined
  /** Where metrics go, if the manager says so; `failed` goes on to the next one. */
  monitor(): Target | undefined
  monitorFailed(): void
  status(): ManagementStatus
  /** Leaves the processes running. May be called twice. */
  stop(): Promise<void>
}

export interface ManagementStatus extends HeartbeatStatus {
  processes: { name: string; state: string; pid?: number; problem?: string }[]
  /** The newest result of each canary that is run here. */
  canaries: CanaryResult[]
}

const SWEEP_MS = 3_600_000
/** How long a manager may take for its first answer before this host goes on with what it knows. */
const FIRST_ANSWER_MS = 5_000
const MAX_ORPHANS = 100

/** Everything that the agent does for a manager: heartbeat, processes, their metrics. */
export async function startManagement(options: ManagementOptions): Promise<Management> {
  const { dataDir, hostId, hostname, procRoot, sysRoot, counters, logger, processDir } = options
  await mkdir(processDir, { recursive: true, mode: 0o755 })
  const store = await openDesiredStore(dataDir, logger)
  const applied = await openApplied(dataDir)
  let heartbeat: Heartbeat | undefined
  let hasBegun = false
  const news = () => heartbeat?.news()
  const link = openLink(join(dataDir, 'supervisor'), logger, {
    connected() {
      if (hasBegun) runner.wake()
      news()
    },
    status(status: Status) {
      logStatus(status)
      if (hasBegun) runner.wake()
      news()
    },
  })
  const contents = createContents(join(dataDir, 'files'), (path, maxBytes, signal) =>
    heartbeat
      ? heartbeat.fetch(path, maxBytes, signal)
      : Promise.reject(new Error('there is no manager yet')),
  )
  const { program } = options
  const variables: Record<string, string> = program
    ? { BELLWETHER_NODE: program.node, BELLWETHER_MAIN: program.main }
    : {}
  const runner = createRunner({
    ...{ store, applied, contents, link, processDir, variables, logger },
    onNews: news,
  })

  function logStatus({ name, state, pid, exit, problem }: Status) {
    if (state === 'FATAL' || state === 'BACKOFF')
      logger.warn({ name, state, exit, problem }, 'A process has ended')
    else logger.debug({ name, state, pid, exit, problem }, 'A process has changed')
  }

  heartbeat = startHeartbeat({
    urls: options.urls,
    token: options.token,
    hostId,
    bootId: bootId(),
    agentVersion: version(),
    store,
    runner,
    facts: (reachedFrom) =>
      hostFacts(hostname(), procRoot, link.hasCgroups(), { given: options.hostAddress, reachedFrom }),
    failures: options.failures,
    transport: createTransport(options.caFile),
    logger,
    ...(options.longestBackOffMs === undefined ? {} : { longestBackOffMs: options.longestBackOffMs }),
    onOutcome: (code) => code !== 'HOST_ID_IN_USE' && begin(),
  })
  options.failures.onNews = news
  // What was wanted last is wanted until the manager says otherwise, or cannot be asked. On a machine that was cloned from one at
  // work it says so: the roles of that one must not run twice.
  function begin() {
    clearTimeout(beginning)
    if (hasBegun) return
    hasBegun = true
    runner.wake()
  }
  const beginning = setTimeout(() => {
    if (heartbeat?.status().lastError?.code !== 'HOST_ID_IN_USE') begin()
  }, FIRST_ANSWER_MS)

  async function sweep() {
    const { desired } = store.held
    // Nothing is known yet, so nothing is known to be an orphan.
    if (!desired || !link.connected()) return
    const known = new Set([
      ...desired.processes.map(({ name }: DesiredProcess) => name),
      ...[...link.statuses().values()].map(({ name }) => name),
    ])
    const removed = await removeOrphans(processDir, known, {
      maxAgeMs: options.orphanAgeMs,
      maxCount: MAX_ORPHANS,
    })
    if (removed.length > 0) logger.info({ removed }, 'Folders of earlier processes were removed')
  }
  const failedSweep = (error: unknown) =>
    logger.warn({ error: String(error) }, 'Old process folders cannot be removed')
  const sweeping = setInterval(() => void sweep().catch(failedSweep), Math.min(SWEEP_MS, options.orphanAgeMs))
  sweeping.unref()

  let monitorIndex = 0
  const urls = () => store.held.desired?.monitor?.urls ?? []
  const roles = createRoleEntities(runner.roles)
  const canaries = createCanaries({
    roles,
    launchOf: (process) => launchOf(process, join(processDir, process.name), variables),
    failures: options.failures,
    logger,
  })

  let stopped: Promise<void> | undefined
  return {
    collectors: [
      createRoleProcessCollector({ procRoot, sysRoot }, counters, () =>
        roles().map(({ figures }) => figures),
      ),
      createScrapeCollector({
        roles: () => roles().filter(({ figures }) => figures.running),
        rulesOf: (name) => store.held.desired?.metricSets[name],
        counters,
        failures: options.failures,
        logger,
      }),
      canaries,
    ],
    logSources: () =>
      roles().map(({ process, entity }) => ({
        name: entity.name,
        displayName: entity.displayName,
        attributes: entity.attributes,
        folders: process.logEvents?.folders ?? [join(processDir, process.name, 'logs')],
        rules: process.logEvents?.rules ?? DEFAULT_LOG_RULES,
      })),
    place: () => store.held.desired?.place,
    monitor() {
      const list = urls()
      const url = list[monitorIndex % Math.max(1, list.length)]
      if (url === undefined) return undefined
      const token = store.held.desired?.monitor?.token
      return {
        url: new URL('ingest/native', url.endsWith('/') ? url : `${url}/`),
        ...(token ? { token } : {}),
      }
    },
    monitorFailed() {
      monitorIndex++
    },
    status: () => ({
      ...heartbeat.status(),
      processes: runner.report().processes.map(({ name, state, pid, problem }) => ({
        name,
        state,
        ...(pid === undefined ? {} : { pid }),
        ...(problem === undefined ? {} : { problem: problem.message }),
      })),
      canaries: canaries.results(),
    }),
    stop: () =>
      (stopped ??= (async () => {
        clearInterval(sweeping)
        clearTimeout(beginning)
        await canaries.stop()
        await heartbeat.stop()
        await runner.stop()
        await link.stop()
      })()),
  }
}

function version(): string {
  try {
    const manifest = JSON.parse(readFileSync(packagePath('package.json'), 'utf8'))
    return String(manifest.version).slice(0, 64)
  } catch {
    return 'unknown'
  }
}
