import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import {
  type AlertSettings,
  createAlertApi,
  readSettings,
  readSettingsFile,
  startPublisher,
} from '../alerts/index.js'
import { alertPublisherOptions, SettingsError, type Values } from '../config/index.js'
import { isLoopback } from '../wire/host-check.js'
import { startSelfMetrics } from '../wire/self-metrics.js'
import { listen } from './listen.js'
import { monitorToken } from './monitor-access.js'
import { type Running, runRole } from './role.js'

export function run(args: string[]): Promise<number> {
  return runRole(
    {
      name: 'alert-publisher',
      summary:
        'Runs the alert publisher: takes alerts in and delivers them by e-mail, SNMP, webhook and script.',
      options: alertPublisherOptions,
      start,
    },
    args,
  )
}

async function start(
  values: Values<typeof alertPublisherOptions>,
  { logger }: { logger: Logger },
): Promise<Running> {
  if (!isLoopback(values.host) && values.alertToken === '')
    throw new SettingsError(
      `--host ${values.host} opens the port to others: set BELLWETHER_ALERT_TOKEN, which they must know`,
    )
  const dataDir = join(values.data, 'alert-publisher')
  const load = () => settingsOf(values.alertSettings, join(values.data, 'alerts.json'), logger)
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const publisher = await startPublisher({
    dataDir,
    settings: load(),
    bounds: { messageBytes: values.outboxBytes, messageAgeMs: values.outboxAge },
    registry,
    logger,
  })
  const reload = () => {
    publisher.configure(load())
    logger.info(
      { receivers: publisher.status().receivers.map(({ name }) => name) },
      'the alert settings were read',
    )
  }
  const onHangUp = () => {
    try {
      reload()
    } catch (error) {
      logger.error({ reason: (error as Error).message }, 'the alert settings are as they were')
    }
  }
  const app = createAlertApi({
    publisher,
    registry,
    reload,
    token: values.alertToken,
    allowedHosts: isLoopback(values.host) ? values.allowedHosts.split(',').filter(Boolean) : undefined,
    logger,
  })
  const listening = await listenNear(app, values.host, values.alertPort).catch(async (error) => {
    await publisher.stop()
    throw error
  })
  process.on('SIGHUP', onHangUp)
  const self = startSelfMetrics({
    registry,
    monitorUrl: values.monitorUrl,
    token: monitorToken(values),
    caFile: values.tlsCa,
    roleType: 'ALERTPUBLISHER',
    hostname: values.hostname || hostname(),
    logger,
  })
  return {
    url: listening.url,
    async stop() {
      process.off('SIGHUP', onHangUp)
      await self.stop()
      await listening.close()
      await publisher.stop()
    },
  }
}

/** Port -1: the usual one, or a free one where that is in use. */
function listenNear(app: Parameters<typeof listen>[0], host: string, port: number) {
  if (port >= 0) return listen(app, host, port)
  return listen(app, host, alertPublisherOptions.alertPort.default).catch((error) => {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    return listen(app, host, 0)
  })
}

/** The file that is named, or the usual one if it is there; otherwise there are no receivers yet. */
function settingsOf(named: string, usual: string, logger: Logger): AlertSettings {
  const path = named === '' ? usual : named
  if (named !== '' || existsSync(path)) return readSettingsFile(path)
  logger.info(
    { path },
    'there are no alert settings, so alerts go to nobody; write them to this file and send SIGHUP',
  )
  return readSettings({}, [])
}
