import { type Option, oneOf, port, text, url } from '../option.js'
import { advertise, common, listening, monitorAccess, monitorUrl, tls } from './shared.js'

/** Settings of the manager. */

export const managerPort: Option<number> = {
  key: 'port',
  parse: port,
  default: 7180,
  help: "The manager's port: web, API",
  placeholder: 'PORT',
}

export const databaseUrl: Option<string> = {
  key: 'databaseUrl',
  parse: text,
  default: '',
  help: 'A PostgreSQL server to use instead of the embedded one, postgresql://user:password@host1,host2:5432/database; give one with a password by variable or file',
  placeholder: 'URL',
}

export const deploymentKey: Option<string> = {
  key: 'deploymentKey',
  parse: text,
  default: '',
  help: 'Keys that stored secrets are encrypted with, <id>:<base64>, the newest first; default: deployment-key in the data folder, made at the first start',
  secret: true,
}

export const auth: Option<'local' | 'on'> = {
  key: 'auth',
  parse: oneOf('local', 'on'),
  default: 'local',
  help: 'local: this machine reads pages and time series without a login; on: nobody does',
  placeholder: 'MODE',
}

export const adminPassword: Option<string> = {
  key: 'adminPassword',
  parse: text,
  default: '',
  help: 'Password of the user admin, who is made at the first start; default: a random one, in manager/admin-password in the data folder',
  secret: true,
}

export const csdDir: Option<string> = {
  key: 'csdDir',
  parse: text,
  default: '',
  help: 'Folders with service types (CSD jars), separated by commas; default: csd in the data folder',
  placeholder: 'DIRS',
}

const joinTokenFile: Option<string> = {
  key: 'joinTokenFile',
  parse: text,
  default: '',
  help: 'File with a token with which hosts may join at any time; others are made by the API',
  placeholder: 'FILE',
}

const agentMonitorUrl: Option<string> = {
  key: 'agentMonitorUrl',
  parse: url,
  default: '',
  help: 'Where agents send metrics, as they reach it; default: --monitor-url',
  placeholder: 'URL',
}

const logFile: Option<string> = {
  key: 'logFile',
  parse: text,
  default: '',
  help: 'Where the log of this role is kept by whoever started it, for the API to show its end',
  placeholder: 'FILE',
}

export const managerOptions = {
  ...listening,
  advertise,
  port: managerPort,
  monitorUrl,
  agentMonitorUrl,
  ...monitorAccess,
  ...tls,
  auth,
  databaseUrl,
  deploymentKey,
  adminPassword,
  csdDir,
  joinTokenFile,
  logFile,
  ...common,
}
