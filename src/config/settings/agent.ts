import { between, bytes, duration, flag, ipAddress, type Option, port, text, url } from '../option.js'
import { data, helpFlag, hostName, logLevel, monitorAccess, monitorUrl } from './shared.js'

/** Settings of the agent. */

export const interval: Option<number> = {
  key: 'interval',
  parse: between(duration, '1s', '1h'),
  default: 60_000,
  help: 'Time between two collections, such as 10s',
  shownDefault: '60s',
  placeholder: 'TIME',
}

export const agentPort: Option<number> = {
  key: 'agentPort',
  parse: (value) => (value === 'off' ? -1 : port(value)),
  default: 9000,
  help: "The agent's status port on loopback; 0 takes a free one, off opens none",
  placeholder: 'PORT',
}

const hostAddress: Option<string> = {
  key: 'hostAddress',
  parse: ipAddress,
  default: '',
  help: 'IP address of this host for the manager; default: the one by which it reaches it, or of the default route',
  placeholder: 'ADDRESS',
}

const rackId: Option<string> = {
  key: 'rackId',
  parse: text,
  default: '/default',
  help: 'Rack of this host, where the manager has none for it',
  placeholder: 'RACK',
}

const spoolBytes: Option<number> = {
  key: 'spoolBytes',
  parse: between(bytes, '64k'),
  default: 256 * 1024 ** 2,
  shownDefault: '256m',
  help: 'Disk space for metrics that cannot be sent yet; the oldest go first',
  placeholder: 'SIZE',
}

const spoolAge: Option<number> = {
  key: 'spoolAge',
  parse: between(duration, '1s'),
  default: 7 * 86_400_000,
  help: 'How long metrics that cannot be sent are kept',
  shownDefault: '7d',
  placeholder: 'TIME',
}

const managerUrl: Option<string> = {
  key: 'managerUrl',
  parse: (value) =>
    value
      .split(',')
      .map((one) => url(one.trim()))
      .join(','),
  default: '',
  help: 'Where the managers are, separated by commas; without, the agent only collects metrics',
  placeholder: 'URLS',
}

const managerToken: Option<string> = {
  key: 'managerToken',
  parse: text,
  default: '',
  help: 'Token with which this host joins the manager',
  secret: true,
}

const managerCa: Option<string> = {
  key: 'managerCa',
  parse: text,
  default: '',
  help: "File with the certificates (PEM) that verify the managers' and the monitor's; default: those of the system",
  placeholder: 'FILE',
}

const join: Option<string> = {
  key: 'join',
  parse: managerUrl.parse,
  default: '',
  help: 'Join the managers at these addresses and work for them; the same as --manager-url',
  placeholder: 'URLS',
}

const tokenFile: Option<string> = {
  key: 'tokenFile',
  parse: text,
  default: '',
  help: 'File with the token with which this host joins the manager',
  placeholder: 'FILE',
}

export const processDir: Option<string> = {
  key: 'processDir',
  parse: text,
  default: '',
  help: 'Folder for the processes of roles, which their users can enter; default: process, beside the data',
  placeholder: 'DIR',
}

const hardStop: Option<boolean> = {
  key: 'hardStop',
  parse: flag,
  default: false,
  help: 'End the agent of this data folder, all its role processes and their supervisor, and start nothing',
}

const cleanStart: Option<boolean> = {
  key: 'cleanStart',
  parse: flag,
  default: false,
  help: 'Before the start, end all role processes and remove their folders',
}

export const scrapeConfig: Option<string> = {
  key: 'scrapeConfig',
  parse: text,
  default: '',
  help: 'File with pages to scrape, Prometheus or JMX: see docs/agent.md',
  placeholder: 'FILE',
}

export const agentOptions = {
  data,
  join,
  tokenFile,
  monitorUrl: {
    ...monitorUrl,
    default: '',
    help: 'Where the monitor is; default: where the manager says, without a manager http://127.0.0.1:7190',
  },
  interval,
  agentPort,
  ...monitorAccess,
  managerUrl,
  managerToken,
  managerCa,
  processDir,
  cleanStart,
  hardStop,
  hostname: hostName,
  hostAddress,
  rackId,
  spoolBytes,
  spoolAge,
  scrapeConfig,
  logLevel,
  help: helpFlag,
}
