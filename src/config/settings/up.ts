import { agentPort, interval, processDir } from './agent.js'
import { alertPort, alertReceiverOptions, alertSettings, outboxAge, outboxBytes } from './alert-publisher.js'
import { adminPassword, auth, csdDir, databaseUrl, deploymentKey, managerPort } from './manager.js'
import {
  clickhouseCluster,
  clickhouseDatabase,
  clickhouseMemory,
  clickhousePassword,
  clickhouseUrl,
  clickhouseUser,
  eventsBytes,
  eventsKeep,
  monitorPort,
  senderTokenFile,
} from './monitor.js'
import { advertise, alertToken, common, listening, tls } from './shared.js'

/** Settings of all roles on one host: those of the roles, with a few other defaults. */

export const upOptions = {
  ...listening,
  advertise,
  port: managerPort,
  monitorPort,
  alertPort: {
    ...alertPort,
    default: -1,
    shownDefault: 'auto',
  },
  alertSettings,
  ...alertReceiverOptions,
  alertToken: { ...alertToken, help: 'Bearer token that the alert publisher asks for' },
  outboxBytes,
  outboxAge,
  eventsKeep,
  eventsBytes,
  senderTokenFile,
  ...tls,
  auth,
  databaseUrl,
  deploymentKey,
  adminPassword,
  csdDir,
  interval: { ...interval, default: 10_000, shownDefault: '10s' },
  agentPort: { ...agentPort, default: 0 },
  processDir,
  clickhouseUrl,
  clickhouseUser,
  clickhousePassword,
  clickhouseDatabase,
  clickhouseCluster,
  clickhouseMemory,
  ...common,
}
