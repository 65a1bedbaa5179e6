import type { IncomingHttpHeaders } from 'node:http'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import type { Logger } from 'pino'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { monitorOptions, SettingsError, type Values } from '../config/index.js'
import { type Engine, openEngine } from '../engine/index.js'
import {
  configuredAlertRules,
  createAlerting,
  createEvents,
  createHealth,
  createTriggerReports,
  createTriggers,
  type Events,
  systemEvent,
  triggerOwners,
} from '../health/index.js'
import { createIngest } from '../ingest/index.js'
import { createRetentionApi, defaultHotBytes, openStore, type Store, startRollups } from '../metrics/index.js'
import { createQueryApi, nodeReply } from '../query/index.js'
import { hostName, isLoopback, loopbackHostOnly, loopbackHosts, noForeignPages } from '../wire/host-check.js'
import { mayDoAll, requireToken, sendersToken } from '../wire/port-tokens.js'
import { startSelfMetrics } from '../wire/self-metrics.js'
import type { ErrorBody } from '../wire/timeseries.js'
import { advertisedUrl, bareHost, loopbackUrl } from './addresses.js'
import { makeDataFolder } from './data-folder.js'
import { engineNotices, type Notice } from './engine-notices.js'
import { type Direct, listen } from './listen.js'
import { monitorTokens } from './monitor-access.js'
import { type Running, runRole } from './role.js'
import { authoritiesFile, tlsFiles, warnOfCertificate } from './tls.js'

type Settings = Values<typeof monitorOptions>

export function run(args: string[]): Promise<number> {
  return runRole(
    {
      name: 'monitor',
      summary: 'Runs the monitor: takes in metrics and answers queries.',
      options: monitorOptions,
      start,
    },
    args,
  )
}

async function start(
  values: Settings,
  { logger, signal }: { logger: Logger; signal: AbortSignal },
): Promise<Running> {
  const tokens = monitorTokens(values)
  const files = tlsFiles(values)
  const caFile = authoritiesFile(values.tlsCa, '--tls-ca')
  if (values.clickhouseCluster !== '' && values.clickhouseUrl === '')
    throw new SettingsError(
      '--clickhouse-cluster names a cluster of a ClickHouse server: give the address of one of its servers with --clickhouse-url.',
    )
  await makeDataFolder(resolve(values.data))
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const stops: (() => Promise<void>)[] = []
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each()
  }
  try {
    const engine = await startEngine(values, logger, signal)
    stops.push(() => engine.stop())
    new Gauge({
      name: 'bellwether_engine_memory_bytes',
      help: 'Resident memory of the embedded engine',
      registers: [registry],
      collect() {
        this.set(engine.memoryBytes() ?? 0)
      },
    })
    const store = await openStore({
      connection: connectionOf(engine, values),
      logger,
      registry,
      limits: {
        bufferBytes: values.storeBufferBytes,
        series: values.maxSeries,
        seriesPerSender: values.maxSeriesPerSender,
        entities: values.maxEntities,
        metrics: values.maxMetrics,
      },
      hot: { bytes: hotBytes(values) },
      durability: values.durability,
      ...(values.clickhouseCluster !== '' && { cluster: values.clickhouseCluster }),
      signal,
    })
    stops.push(() => store.stop())
    engine.onState(({ state, error, connectionChanged }) => {
      if (state === 'restarting' || state === 'failed') logger.error({ err: error }, `the engine is ${state}`)
      if (connectionChanged)
        store
          .reconnect(connectionOf(engine, values))
          .catch((reason) => logger.error({ err: reason }, 'the moved engine cannot be reached'))
    })
    const rollups = startRollups({ store, logger, registry })
    stops.push(() => rollups.stop())
    const ingest = createIngest({
      store,
      logger,
      registry,
      limits: { pastSeconds: values.oldestSample / 1000 },
    })
    stops.push(() => ingest.stop())
    if (values.graphitePort >= 0) await ingest.listenGraphite(values.plaintextHost, values.graphitePort)
    if (values.statsdPort >= 0) await ingest.listenStatsd(values.plaintextHost, values.statsdPort)
    const query = createQueryApi({
      store,
      rollups,
      logger,
      registry,
      limits: { streams: values.streamLimit },
    })
    stops.push(() => query.stop())
    const events = createEvents({
      store,
      logger,
      registry,
      keeper: rollups,
      retention: { keepMs: values.eventsKeep, maxBytes: values.eventsBytes },
      alerts: values.alertPublisherUrl !== '',
      alertRules: configuredAlertRules(() => health.model),
      quiet: (category, name) => health.entity(category, name, { tests: false })?.maintenance === true,
    })
    stops.push(() => events.stop())
    const notice: Notice = (code, severity, text) =>
      void events.record([systemEvent(code, severity, text, values.hostname || hostname())])
    engine.onState(engineNotices('ClickHouse', notice))
    notice('EV_MONITOR_STARTED', 'INFORMATIONAL', 'The monitor has started.')
    const alerting = startAlerting(values, events, logger, registry, notice)
    if (alerting) stops.push(() => alerting.stop())

    const shared = values.clickhouseUrl !== ''
    const health = createHealth({
      store,
      logger,
      registry,
      async onChanges(changes) {
        // It comes again with the same changes until they are stored.
        if (!(await events.healthChanged(changes)))
          throw new Error('the events of the changes are not stored')
      },
      // Other monitors may write to a ClickHouse that is not our own.
      ...(shared && { pollMs: 3_000, leads: () => rollups.isLeader }),
    })
    stops.push(() => health.stop())
    await health.start()
    const triggers = createTriggers({
      query,
      owners: () => (health.model ? triggerOwners(health.model) : []),
      onResults: createTriggerReports((reports) => health.report(reports)),
      logger,
      registry,
    })
    stops.push(() => triggers.stop())

    const app = new Hono<{ Bindings: HttpBindings }>()
    const allowedHosts = values.allowedHosts.split(',').filter(Boolean)
    if (isLoopback(values.host)) app.use(loopbackHostOnly(allowedHosts))
    app.use(noForeignPages())
    if (tokens)
      app.use(requireToken(tokens, new Set(['/events', ...ingest.app.routes.map(({ path }) => path)])))
    app.get('/health/live', (c) => c.text('live\n'))
    app.get('/health/ready', (c) =>
      readiness(engine, store).then(([status, text]) => c.text(`${text}\n`, status)),
    )
    app.get('/metrics', async (c) =>
      c.body(await registry.metrics(), 200, { 'content-type': registry.contentType }),
    )
    app.route('/', ingest.app)
    app.route('/', createRetentionApi({ store, rollups, logger }))
    app.route('/', query.app)
    app.route('/', health.app)
    app.route('/', events.app)
    app.route('/', triggers.app)
    if (alerting) app.route('/', alerting.app)
    app.notFound((c) =>
      c.json<ErrorBody>(
        { message: `There is no ${c.req.method} ${c.req.path} here.`, code: 'NOT_FOUND' },
        404,
      ),
    )
    app.onError((error, c) => {
      logger.error({ err: error, path: c.req.path }, 'request failed')
      return c.json<ErrorBody>(
        { message: 'The monitor failed on this request; its log says why.', code: 'INTERNAL' },
        500,
      )
    })
    // What is above holds for these too: whatever is not beyond doubt is left to the app, which says why.
    const isOurs = isLoopback(values.host) ? loopbackHosts(allowedHosts) : () => true
    const isTrusted = tokens === undefined ? () => true : mayDoAll(tokens)
    const admits = ({ host, authorization }: Pick<IncomingHttpHeaders, 'host' | 'authorization'>) =>
      isOurs(hostName(host)) && isTrusted(authorization)
    const direct: Direct = {
      request: ({ method, url = '', headers }, outgoing) =>
        method === 'GET' &&
        headers['sec-fetch-site'] === undefined &&
        admits(headers) &&
        query.direct(url, nodeReply(outgoing)),
      front: { admits, answer: query.direct },
    }
    const listening = await listen(app, values.host, values.monitorPort, files && { files, logger }, direct)
    stops.push(() => listening.close())
    if (files) warnOfCertificate(files, bareHost(advertisedUrl(listening.url, values.advertise)), logger)
    const self = startSelfMetrics({
      registry,
      // The certificate, if there is one, is for the name that others use.
      monitorUrl: files
        ? advertisedUrl(listening.url, values.advertise)
        : loopbackUrl(values.host, Number(new URL(listening.url).port)),
      token: tokens && sendersToken(tokens.full[0]!),
      caFile,
      roleType: 'MONITOR',
      hostname: values.hostname || hostname(),
      logger,
    })
    stops.push(() => self.stop())
    return { url: listening.url, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function startEngine(values: Settings, logger: Logger, signal: AbortSignal): Promise<Engine> {
  const dataDir = resolve(join(values.data, 'clickhouse'))
  if (values.clickhouseUrl !== '') {
    const url = new URL(values.clickhouseUrl) // the schema of the settings has checked it
    if (values.clickhouseUser !== '') url.username = encodeURIComponent(values.clickhouseUser)
    if (values.clickhousePassword !== '') url.password = encodeURIComponent(values.clickhousePassword)
    return openEngine({ url: url.href, dataDir, logger, signal })
  }
  return openEngine({ dataDir, logger, memoryLimitBytes: values.clickhouseMemory || undefined, signal })
}

function startAlerting(values: Settings, events: Events, logger: Logger, registry: Registry, notice: Notice) {
  const { alertPublisherUrl: url, alertToken: token } = values
  if (url !== '')
    return createAlerting({
      ...{ events, url, token, logger, registry },
      onTrouble: ({ code, severity, text }) => notice(code, severity, text),
    })
  logger.info('there is no --alert-publisher-url, so nobody is told of alerts')
  return undefined
}

/** Other monitors may write to a ClickHouse that is not our own, and what they write is not seen here. */
function hotBytes({ hotBytes, clickhouseUrl }: Settings): number {
  if (hotBytes >= 0) return hotBytes
  return clickhouseUrl === '' ? defaultHotBytes() : 0
}

function connectionOf({ connection }: Engine, values: Settings) {
  return { ...connection, database: connection.database ?? values.clickhouseDatabase }
}

async function readiness(engine: Engine, store: Store): Promise<[200 | 503, string]> {
  const state = engine.state()
  if (state !== 'running') return [503, `the engine is ${state}`]
  const { failure } = store.stats()
  return failure === '' ? [200, 'ready'] : [503, failure]
}
