import { join, resolve } from 'node:path'
import type { upOptions, Values } from '../config/index.js'
import { advertisedUrl, loopbackUrl, urlOf } from './addresses.js'
import type { UpTokens } from './up-tokens.js'

export type RoleName = 'manager' | 'monitor' | 'agent' | 'alert-publisher'
export type RoleSettings = Record<string, string | number>

/** The settings of each role that `up` starts, by the names of the schema; `address`: what to open, where that is settled. */
export function settingsOfRoles(
  values: Values<typeof upOptions>,
  data: string,
  logs: string,
  tokens: UpTokens,
): Record<'manager' | 'monitor' | 'agent' | 'publisher', RoleSettings> & { address: string | undefined } {
  const { host, advertise } = values
  const isSecure = values.tlsCert !== ''
  const advertised = (port: number) =>
    advertisedUrl(urlOf(host, port, isSecure ? 'https' : 'http'), advertise)
  // A certificate is for the name that others use, and so this host does too.
  const own = (port: number) => (isSecure ? advertised(port) : loopbackUrl(host, port))
  const monitorUrl = own(values.monitorPort)
  const all = { data, logLevel: values.logLevel, hostname: values.hostname }
  const listening = {
    ...all,
    host,
    allowedHosts: values.allowedHosts,
    advertise,
    tlsCert: values.tlsCert,
    tlsKey: values.tlsKey,
    tlsCa: values.tlsCa,
    monitorTokenFile: tokens.monitor,
  }
  return {
    manager: {
      ...listening,
      port: values.port,
      monitorUrl,
      agentMonitorUrl: advertised(values.monitorPort),
      auth: values.auth,
      databaseUrl: values.databaseUrl,
      deploymentKey: values.deploymentKey,
      adminPassword: values.adminPassword,
      csdDir: values.csdDir,
      joinTokenFile: tokens.join,
      logFile: join(logs, 'manager.log'),
    },
    monitor: {
      ...listening,
      monitorPort: values.monitorPort,
      senderTokenFile: tokens.senders,
      clickhouseUrl: values.clickhouseUrl,
      clickhouseUser: values.clickhouseUser,
      clickhousePassword: values.clickhousePassword,
      clickhouseDatabase: values.clickhouseDatabase,
      clickhouseCluster: values.clickhouseCluster,
      clickhouseMemory: values.clickhouseMemory,
      alertToken: values.alertToken,
      eventsKeep: `${values.eventsKeep}ms`,
      eventsBytes: values.eventsBytes,
      graphitePort: portOrOff(values.graphitePort),
      statsdPort: portOrOff(values.statsdPort),
      plaintextHost: values.plaintextHost,
      maxSeries: values.maxSeries,
      maxSeriesPerSender: values.maxSeriesPerSender,
      maxEntities: values.maxEntities,
      maxMetrics: values.maxMetrics,
      streamLimit: values.streamLimit,
    },
    publisher: {
      ...all,
      host: '127.0.0.1',
      alertPort: values.alertPort < 0 ? 'auto' : values.alertPort,
      alertSettings: values.alertSettings === '' ? '' : resolve(values.alertSettings),
      alertToken: values.alertToken,
      alertMailServer: values.alertMailServer,
      alertMailTls: values.alertMailTls,
      alertMailUser: values.alertMailUser,
      alertMailPassword: values.alertMailPassword,
      alertMailFrom: values.alertMailFrom,
      alertMailTo: values.alertMailTo,
      alertSnmpServer: values.alertSnmpServer,
      alertSnmpCommunity: values.alertSnmpCommunity,
      outboxBytes: values.outboxBytes,
      outboxAge: `${values.outboxAge}ms`,
      monitorUrl,
      monitorTokenFile: tokens.monitor,
      tlsCa: values.tlsCa,
    },
    agent: {
      ...all,
      managerUrl: own(values.port),
      managerCa: values.tlsCa,
      tokenFile: tokens.join,
      monitorUrl,
      monitorTokenFile: tokens.monitor,
      processDir: values.processDir,
      interval: `${values.interval}ms`,
      agentPort: portOrOff(values.agentPort),
      scrapeConfig: values.scrapeConfig === '' ? '' : resolve(values.scrapeConfig),
    },
    address: isSecure ? advertised(values.port) : undefined,
  }
}

const portOrOff = (port: number): number | 'off' => (port < 0 ? 'off' : port)
