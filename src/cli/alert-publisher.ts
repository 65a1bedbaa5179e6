import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import type { Logger } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import {
  type AlertSettings,
  AlertSettingsError,
  createAlertApi,
  readSettings,
  readSettingsFile,
  simpleSettings,
  startPublisher,
} from '../alerts/index.js'
import { alertPublisherOptions, SettingsError, type Values } from '../config/index.js'
import { isLoopback } from '../wire/host-check.js'
import { startSelfMetrics } from '../wire/self-metrics.js'
import { makeDataFolder } from './data-folder.js'
import { listen } from './listen.js'
import { monitorToken } from './monitor-access.js'
import { type Running, runRole } from './role.js'
import { authoritiesFile } from './tls.js'

type Settings = Values<typeof alertPublisherOptions>

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

async function start(values: Settings, { logger }: { logger: Logger }): Promise<Running> {
  if (!isLoopback(values.host) && values.alertToken === '')
    throw new SettingsError(
      `--host ${values.host} opens the port to others: set BELLWETHER_ALERT_TOKEN, which they must know`,
    )
  const caFile = authoritiesFile(values.tlsCa, '--tls-ca')
  const dataDir = join(values.data, 'alert-publisher')
  await makeDataFolder(resolve(values.data))
  const load = () => settingsOf(values, logger)
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
    caFile,
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

const MAIL_PASSWORD = 'BELLWETHER_ALERT_MAIL_PASSWORD'
const SNMP_COMMUNITY = 'BELLWETHER_ALERT_SNMP_COMMUNITY'

/** The file that is named, or the usual one if it is there; then what the options say; otherwise there are no receivers yet. */
function settingsOf(values: Settings, logger: Logger): AlertSettings {
  const named = values.alertSettings
  const path = named === '' ? join(values.data, 'alerts.json') : named
  if (named !== '' || existsSync(path)) return readSettingsFile(path)
  // The settings refuse secrets in plain, wherever these came from.
  if (values.alertMailPassword !== '') process.env[MAIL_PASSWORD] = values.alertMailPassword
  if (values.alertSnmpCommunity !== '') process.env[SNMP_COMMUNITY] = values.alertSnmpCommunity
  const simple = simpleSettings({
    mailServer: values.alertMailServer,
    mailTls: values.alertMailTls,
    mailUser: values.alertMailUser,
    mailPasswordEnv: values.alertMailPassword === '' ? '' : MAIL_PASSWORD,
    mailFrom: values.alertMailFrom || `bellwether@${values.hostname || hostname()}`,
    mailTo: values.alertMailTo,
    snmpServer: values.alertSnmpServer,
    snmpCommunityEnv: values.alertSnmpCommunity === '' ? '' : SNMP_COMMUNITY,
  })
  if (simple) {
    const problems: string[] = []
    const settings = readSettings(simple, problems)
    if (problems.length > 0)
      throw new AlertSettingsError('the options --alert-mail-… and --alert-snmp-…', problems)
    return settings
  }
  logger.info(
    { path },
    'there are no alert settings, so alerts go to nobody; write them to this file and send SIGHUP',
  )
  return readSettings({}, [])
}
