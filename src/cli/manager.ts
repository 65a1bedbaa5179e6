import { readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import { managerOptions, type Values } from '../config/index.js'
import { openPostgres, PostgresError } from '../engine/index.js'
import {
  createManager,
  createSystemEvents,
  type Deployment,
  type FirstUser,
  type Lifecycle,
  openKeyring,
  startLifecycle,
} from '../manager/index.js'
import { isLoopback } from '../wire/host-check.js'
import { packagePath } from '../wire/package-folder.js'
import { sendersToken } from '../wire/port-tokens.js'
import { startSelfMetrics } from '../wire/self-metrics.js'
import { advertisedUrl, bareHost } from './addresses.js'
import { makeDataFolder } from './data-folder.js'
import { engineNotices } from './engine-notices.js'
import { listen } from './listen.js'
import { monitorToken } from './monitor-access.js'
import { type Running, runRole, tell } from './role.js'
import { authoritiesFile, tlsFiles, warnOfCertificate } from './tls.js'

type Settings = Values<typeof managerOptions>

/** A database that is slow to start does not keep the pages from being shown. */
const DATABASE_PATIENCE_MS = 8_000
const LOG_BYTES = 1024 ** 2

export function run(args: string[]): Promise<number> {
  return runRole(
    {
      name: 'manager',
      summary: 'Runs the manager: web pages, API, and what agents ask.',
      options: managerOptions,
      start,
    },
    args,
  )
}

async function start(
  values: Settings,
  { logger, signal }: { logger: Logger; signal: AbortSignal },
): Promise<Running> {
  const data = resolve(values.data)
  const token = monitorToken(values)
  const files = tlsFiles(values)
  const caFile = authoritiesFile(values.tlsCa, '--tls-ca')
  await makeDataFolder(data)
  const { version } = JSON.parse(readFileSync(packagePath('package.json'), 'utf8'))
  const registry = new Registry()
  // The pages and time series are there before the database is, and while it is away.
  let lifecycle: Lifecycle | undefined
  const deployment: Deployment = {
    state: () => lifecycle?.state() ?? 'STARTING',
    api: () => lifecycle?.api(),
    active: () => lifecycle?.active(),
    activeUrl: () => lifecycle?.activeUrl(),
    auth: values.auth,
  }
  const manager = createManager({
    monitorUrl: values.monitorUrl,
    monitorToken: token,
    monitorCaFile: caFile,
    webRoot: packagePath('dist/web'),
    version,
    allowedHosts: isLoopback(values.host) ? values.allowedHosts.split(',').filter(Boolean) : undefined,
    registry,
    deployment,
    logger,
  })
  const keys = await openKeyring({ text: values.deploymentKey, file: join(data, 'deployment-key') })
  const listening = await listen(manager.app, values.host, values.port, files && { files, logger })
  const url = advertisedUrl(listening.url, values.advertise)
  if (files) warnOfCertificate(files, bareHost(url), logger)
  const agentMonitorUrl = values.agentMonitorUrl || values.monitorUrl
  if (!isLoopback(values.host) && isLoopback(new URL(agentMonitorUrl).hostname))
    logger.warn(
      { agentMonitorUrl },
      'agents on other hosts cannot reach the monitor there: say how they do with --agent-monitor-url',
    )
  const systemEvents = createSystemEvents(values.hostname || hostname())
  lifecycle = startLifecycle({
    async openServer(ending) {
      const server = await openPostgres({
        url: values.databaseUrl || undefined,
        dataDir: join(data, 'postgres'),
        logger,
        signal: AbortSignal.any([ending, signal]),
      })
      server.onState(engineNotices('PostgreSQL', systemEvents.add))
      return server
    },
    systemEvents,
    isPassing: (error) => error instanceof PostgresError && PASSING.has(error.code),
    keys,
    url,
    csdDirs: values.csdDir === '' ? [join(data, 'csd')] : values.csdDir.split(',').filter(Boolean),
    auth: values.auth,
    adminPassword: values.adminPassword,
    adminPasswordFile: join(data, 'manager', 'admin-password'),
    joinTokenFile: values.joinTokenFile,
    monitor: {
      urls: [agentMonitorUrl],
      ...(token ? { token: sendersToken(token) } : {}),
    },
    monitorClient: { url: values.monitorUrl, token, caFile },
    monitorFile: join(data, 'manager', 'told-agents'),
    version,
    log: () => endOf(values.logFile),
    onFirstUser: showFirstUser,
    logger,
  })
  const stopping = lifecycle
  const stop = async () => {
    await listening.close()
    await stopping.stop()
    await manager.stop()
  }
  try {
    await Promise.race([lifecycle.settled, patience(signal)])
  } catch (error) {
    await stop()
    throw error
  }
  const self = startSelfMetrics({
    registry,
    monitorUrl: values.monitorUrl,
    token,
    caFile,
    roleType: 'MANAGER',
    hostname: values.hostname || hostname(),
    logger,
  })
  return {
    url: listening.url,
    failed: lifecycle.failed,
    async stop() {
      await self.stop()
      await stop()
    },
  }
}

/** What a server on another machine, or a restart, may mend. */
const PASSING = new Set(['unreachable', 'exited', 'start-timeout', 'disk-full'])

function patience(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, DATABASE_PATIENCE_MS)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      done()
    })
  })
}

/** On a terminal, once; never in a log. */
function showFirstUser(user: FirstUser): void {
  tell({ type: 'first-user', ...user })
  if (process.stderr.isTTY)
    process.stderr.write(`First login: user ${user.name}, password ${user.password} (kept in ${user.file})\n`)
}

async function endOf(path: string): Promise<string | undefined> {
  if (path === '') return undefined
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const buffer = Buffer.alloc(Math.min(size, LOG_BYTES))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size - buffer.length)
    const text = buffer.toString('utf8', 0, bytesRead)
    return bytesRead < size ? text.slice(text.indexOf('\n') + 1) : text
  } finally {
    await file.close()
  }
}
