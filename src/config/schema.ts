import { bytes, duration, flag, type Option, oneOf, port, text, url, whole } from './option.js'

/** Every setting there is, once; each role picks the ones it takes. */

const data: Option<string> = {
  key: 'data',
  parse: text,
  default: './data',
  help: 'Folder for everything that is kept',
  placeholder: 'DIR',
}
const host: Option<string> = {
  key: 'host',
  parse: text,
  default: '127.0.0.1',
  help: 'Address to listen on; everything but loopback opens the port to others',
  placeholder: 'ADDRESS',
}
const allowedHosts: Option<string> = {
  key: 'allowedHosts',
  parse: text,
  default: '',
  help: 'Names besides localhost by which a loopback port may be addressed, separated by commas',
  placeholder: 'NAMES',
}
const managerPort: Option<number> = {
  key: 'port',
  parse: port,
  default: 7180,
  help: "The manager's port: web, API",
  placeholder: 'PORT',
}
const monitorPort: Option<number> = {
  key: 'monitorPort',
  parse: port,
  default: 7190,
  help: "The monitor's port: ingest, query",
  placeholder: 'PORT',
}
const monitorUrl: Option<string> = {
  key: 'monitorUrl',
  parse: url,
  default: 'http://127.0.0.1:7190',
  help: 'Where the monitor is',
  placeholder: 'URL',
}
const clickhouseUrl: Option<string> = {
  key: 'clickhouseUrl',
  parse: url,
  default: '',
  help: 'A ClickHouse server to use instead of the embedded one; give user and password by variable or file',
  placeholder: 'URL',
}
const clickhouseUser: Option<string> = {
  key: 'clickhouseUser',
  parse: text,
  default: '',
  help: 'User on that server',
  placeholder: 'NAME',
}
const clickhousePassword: Option<string> = {
  key: 'clickhousePassword',
  parse: text,
  default: '',
  help: 'Password on that server',
  secret: true,
}
const clickhouseDatabase: Option<string> = {
  key: 'clickhouseDatabase',
  parse: text,
  default: 'bellwether',
  help: 'Database that holds the metrics',
  placeholder: 'NAME',
}
const clickhouseCluster: Option<string> = {
  key: 'clickhouseCluster',
  parse: text,
  default: '',
  help: "A cluster of that server's remote_servers: samples are spread over its shards",
  placeholder: 'NAME',
}
const durability: Option<'written' | 'synced'> = {
  key: 'durability',
  parse: oneOf('written', 'synced'),
  default: 'written',
  help: 'What acknowledged samples survive: written, the end of any process; synced, also a loss of power, more slowly',
  placeholder: 'KIND',
}
const clickhouseMemory: Option<number> = {
  key: 'clickhouseMemory',
  parse: bytes,
  default: 0,
  help: 'Memory the embedded engine may use, such as 2g; 0 fits it to the machine',
  placeholder: 'SIZE',
}
const interval: Option<number> = {
  key: 'interval',
  parse: duration,
  default: 60_000,
  help: 'Time between two collections, such as 10s',
  shownDefault: '60s',
  placeholder: 'TIME',
}
const agentPort: Option<number> = {
  key: 'agentPort',
  parse: (value) => (value === 'off' ? -1 : port(value)),
  default: 9000,
  help: "The agent's status port on loopback; 0 takes a free one, off opens none",
  placeholder: 'PORT',
}
const hostName: Option<string> = {
  key: 'hostname',
  parse: text,
  default: '',
  help: "Name of this host in metrics; default: the machine's own",
  placeholder: 'NAME',
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
  parse: bytes,
  default: 256 * 1024 ** 2,
  shownDefault: '256m',
  help: 'Disk space for metrics that cannot be sent yet; the oldest go first',
  placeholder: 'SIZE',
}
const spoolAge: Option<number> = {
  key: 'spoolAge',
  parse: duration,
  default: 7 * 86_400_000,
  help: 'How long metrics that cannot be sent are kept',
  shownDefault: '7d',
  placeholder: 'TIME',
}
const logLevel: Option<string> = {
  key: 'logLevel',
  parse: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal'),
  default: 'info',
  help: 'How much is logged',
  placeholder: 'LEVEL',
}
const streamLimit: Option<number> = {
  key: 'streamLimit',
  parse: whole(1, 1_000_000),
  default: 250,
  help: 'Streams that one query returns at the most, unless it asks for another limit',
  placeholder: 'N',
}
const storeBufferBytes: Option<number> = {
  key: 'storeBufferBytes',
  parse: bytes,
  default: 64 * 1024 ** 2,
  shownDefault: '64m',
  help: 'Memory for samples that wait for ClickHouse; beyond it senders are told to come back',
  placeholder: 'SIZE',
}
const hotBytes: Option<number> = {
  key: 'hotBytes',
  parse: (value) => (value === 'auto' || value === '-1' ? -1 : bytes(value)),
  default: -1,
  shownDefault: 'auto',
  help: 'Memory for samples that queries are answered from, 0 for none; auto fits it to the machine, and is 0 with --clickhouse-url: only the one monitor that writes to a ClickHouse may have it',
  placeholder: 'SIZE',
}
const maxSeries: Option<number> = {
  key: 'maxSeries',
  parse: whole(1, 100_000_000),
  default: 5_000_000,
  help: 'Series that the catalogue takes in all',
  placeholder: 'N',
}
const maxSeriesPerSender: Option<number> = {
  key: 'maxSeriesPerSender',
  parse: whole(1, 100_000_000),
  default: 1_000_000,
  help: 'Series that the catalogue takes from one sender',
  placeholder: 'N',
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
const processDir: Option<string> = {
  key: 'processDir',
  parse: text,
  default: '',
  help: 'Folder for the processes of roles, which their users can enter; default: process, beside the data',
  placeholder: 'DIR',
}
const databaseUrl: Option<string> = {
  key: 'databaseUrl',
  parse: text,
  default: '',
  help: 'A PostgreSQL server to use instead of the embedded one, postgresql://user:password@host1,host2:5432/database; give one with a password by variable or file',
  placeholder: 'URL',
}
const deploymentKey: Option<string> = {
  key: 'deploymentKey',
  parse: text,
  default: '',
  help: 'Keys that stored secrets are encrypted with, <id>:<base64>, the newest first; default: deployment-key in the data folder, made at the first start',
  secret: true,
}
const auth: Option<'local' | 'on'> = {
  key: 'auth',
  parse: oneOf('local', 'on'),
  default: 'local',
  help: 'local: this machine reads pages and time series without a login; on: nobody does',
  placeholder: 'MODE',
}
const adminPassword: Option<string> = {
  key: 'adminPassword',
  parse: text,
  default: '',
  help: 'Password of the user admin, who is made at the first start; default: a random one, in manager/admin-password in the data folder',
  secret: true,
}
const csdDir: Option<string> = {
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
const advertise: Option<string> = {
  key: 'advertise',
  parse: text,
  default: '',
  help: "Name by which other hosts reach this one; default: --host, or the machine's name where that is every address",
  placeholder: 'NAME',
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
const monitorToken: Option<string> = {
  key: 'monitorToken',
  parse: text,
  default: '',
  help: "Token for the monitor's port; needed where that is open to others",
  secret: true,
}
const monitorTokenFile: Option<string> = {
  key: 'monitorTokenFile',
  parse: text,
  default: '',
  help: 'File with that token; the monitor takes each of its lines, so that it can be changed',
  placeholder: 'FILE',
}
const senderTokenFile: Option<string> = {
  key: 'senderTokenFile',
  parse: text,
  default: '',
  help: 'File with tokens that are good for sending metrics and nothing else, one a line',
  placeholder: 'FILE',
}
const plaintextHost: Option<string> = {
  key: 'plaintextHost',
  parse: text,
  default: '127.0.0.1',
  help: 'Address for Graphite and StatsD, which know no tokens: everything but loopback lets whoever reaches it send',
  placeholder: 'ADDRESS',
}
const tlsCert: Option<string> = {
  key: 'tlsCert',
  parse: text,
  default: '',
  help: 'File with the certificate (PEM, with those between it and the authority) for HTTPS; read again when renewed',
  placeholder: 'FILE',
}
const tlsKey: Option<string> = {
  key: 'tlsKey',
  parse: text,
  default: '',
  help: 'File with its key (PEM)',
  placeholder: 'FILE',
}
const tlsCa: Option<string> = {
  key: 'tlsCa',
  parse: text,
  default: '',
  help: 'File with the certificates (PEM) that verify those of our own roles; default: those of the system',
  placeholder: 'FILE',
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
const maxEntities: Option<number> = {
  key: 'maxEntities',
  parse: whole(1, 100_000_000),
  default: 1_000_000,
  help: 'Entities that the catalogue takes',
  placeholder: 'N',
}
const maxMetrics: Option<number> = {
  key: 'maxMetrics',
  parse: whole(1, 10_000_000),
  default: 100_000,
  help: 'Metrics (names) that the catalogue takes',
  placeholder: 'N',
}
const alertPort: Option<number> = {
  key: 'alertPort',
  parse: (value) => (value === 'auto' ? -1 : port(value)),
  default: 7185,
  help: "The alert publisher's port on which alerts come in; auto takes 7185, or a free one where that is in use",
  placeholder: 'PORT',
}
const alertSettings: Option<string> = {
  key: 'alertSettings',
  parse: text,
  default: '',
  help: 'A JSON file with receivers, routes and grouping of alerts; default: alerts.json in the data folder',
  placeholder: 'FILE',
}
const alertMailServer: Option<string> = {
  key: 'alertMailServer',
  parse: text,
  default: '',
  help: 'Mail server that gets all alerts where there is no file of alert settings',
  placeholder: 'HOST:PORT',
}
const alertMailTls: Option<'starttls' | 'tls' | 'opportunistic' | 'none'> = {
  key: 'alertMailTls',
  parse: oneOf('starttls', 'tls', 'opportunistic', 'none'),
  default: 'starttls',
  help: 'How the connection to that mail server is encrypted: starttls, tls, opportunistic, none',
  placeholder: 'HOW',
}
const alertMailUser: Option<string> = {
  key: 'alertMailUser',
  parse: text,
  default: '',
  help: 'User on that mail server',
  placeholder: 'NAME',
}
const alertMailPassword: Option<string> = {
  key: 'alertMailPassword',
  parse: text,
  default: '',
  help: 'Password on that mail server',
  secret: true,
}
const alertMailFrom: Option<string> = {
  key: 'alertMailFrom',
  parse: text,
  default: '',
  help: 'Sender of that mail',
  placeholder: 'ADDRESS',
}
const alertMailTo: Option<string> = {
  key: 'alertMailTo',
  parse: text,
  default: '',
  help: 'Recipients of that mail, separated by commas',
  placeholder: 'ADDRESSES',
}
const alertSnmpServer: Option<string> = {
  key: 'alertSnmpServer',
  parse: text,
  default: '',
  help: 'SNMP manager that gets all alerts, as informs of SNMP v2c, where there is no file of alert settings',
  placeholder: 'HOST:PORT',
}
const alertSnmpCommunity: Option<string> = {
  key: 'alertSnmpCommunity',
  parse: text,
  default: '',
  help: 'Community of that SNMP manager; default: public',
  secret: true,
}
const alertToken: Option<string> = {
  key: 'alertToken',
  parse: text,
  default: '',
  help: 'Bearer token that the alert publisher asks for; needed when its port is open to others',
  secret: true,
}
const alertPublisherUrl: Option<string> = {
  key: 'alertPublisherUrl',
  parse: url,
  default: '',
  help: 'Where the alert publisher is; without, nobody is told of alerts',
  placeholder: 'URL',
}
const eventsKeep: Option<number> = {
  key: 'eventsKeep',
  parse: duration,
  default: 90 * 86_400_000,
  shownDefault: '90d',
  help: 'How long events are kept',
  placeholder: 'TIME',
}
const eventsBytes: Option<number> = {
  key: 'eventsBytes',
  parse: bytes,
  default: 10 * 1024 ** 3,
  shownDefault: '10g',
  help: 'Disk space for events; the oldest days go first',
  placeholder: 'SIZE',
}
const outboxBytes: Option<number> = {
  key: 'outboxBytes',
  parse: bytes,
  default: 64 * 1024 ** 2,
  shownDefault: '64m',
  help: 'Messages with alerts that cannot be delivered yet, in all; the least severe and oldest go first',
  placeholder: 'SIZE',
}
const outboxAge: Option<number> = {
  key: 'outboxAge',
  parse: duration,
  default: 3 * 86_400_000,
  shownDefault: '3d',
  help: 'How long messages with alerts that cannot be delivered are kept',
  placeholder: 'TIME',
}
const listenPort = (value: string): number => (value === 'off' ? -1 : port(value))
const graphitePort: Option<number> = {
  key: 'graphitePort',
  parse: listenPort,
  default: -1,
  shownDefault: 'off',
  help: 'Port for Graphite plaintext over TCP, usually 2003; off opens none',
  placeholder: 'PORT',
}
const statsdPort: Option<number> = {
  key: 'statsdPort',
  parse: listenPort,
  default: -1,
  shownDefault: 'off',
  help: 'Port for StatsD over UDP, usually 8125; off opens none',
  placeholder: 'PORT',
}
const oldestSample: Option<number> = {
  key: 'oldestSample',
  parse: duration,
  default: 400 * 86_400_000,
  shownDefault: '400d',
  help: 'Samples older than this are refused',
  placeholder: 'TIME',
}
const helpFlag: Option<boolean> = { key: 'help', parse: flag, default: false, help: 'Show this', short: 'h' }

/** Where alerts go without a file of settings. */
const alertReceiverOptions = {
  alertMailServer,
  alertMailTls,
  alertMailUser,
  alertMailPassword,
  alertMailFrom,
  alertMailTo,
  alertSnmpServer,
  alertSnmpCommunity,
}

export const monitorOptions = {
  data,
  host,
  allowedHosts,
  monitorPort,
  monitorToken,
  monitorTokenFile,
  senderTokenFile,
  advertise,
  tlsCert,
  tlsKey,
  tlsCa,
  clickhouseUrl,
  clickhouseUser,
  clickhousePassword,
  clickhouseDatabase,
  clickhouseCluster,
  clickhouseMemory,
  durability,
  storeBufferBytes,
  hotBytes,
  maxSeries,
  maxSeriesPerSender,
  maxEntities,
  maxMetrics,
  graphitePort,
  statsdPort,
  plaintextHost,
  oldestSample,
  streamLimit,
  alertPublisherUrl,
  alertToken: {
    ...alertToken,
    help: 'Bearer token that the alert publisher asks for',
  },
  eventsKeep,
  eventsBytes,
  hostname: hostName,
  logLevel,
  help: helpFlag,
}

export const managerOptions = {
  data,
  host,
  allowedHosts,
  advertise,
  port: managerPort,
  monitorUrl,
  agentMonitorUrl,
  monitorToken,
  monitorTokenFile,
  tlsCert,
  tlsKey,
  tlsCa,
  auth,
  databaseUrl,
  deploymentKey,
  adminPassword,
  csdDir,
  joinTokenFile,
  logFile,
  hostname: hostName,
  logLevel,
  help: helpFlag,
}

const scrapeConfig: Option<string> = {
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
  monitorToken,
  monitorTokenFile,
  managerUrl,
  managerToken,
  managerCa,
  processDir,
  cleanStart,
  hardStop,
  hostname: hostName,
  rackId,
  spoolBytes,
  spoolAge,
  scrapeConfig,
  logLevel,
  help: helpFlag,
}

export const alertPublisherOptions = {
  data,
  host,
  allowedHosts,
  alertPort,
  alertSettings,
  alertToken,
  ...alertReceiverOptions,
  outboxBytes,
  outboxAge,
  monitorUrl,
  monitorToken,
  monitorTokenFile,
  tlsCa,
  hostname: hostName,
  logLevel,
  help: helpFlag,
}

export const upOptions = {
  data,
  host,
  allowedHosts,
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
  tlsCert,
  tlsKey,
  tlsCa,
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
  hostname: hostName,
  logLevel,
  help: helpFlag,
}

export const queryOptions = {
  url: {
    key: 'url',
    parse: url,
    default: 'http://127.0.0.1:7180',
    help: 'Where the manager (or the monitor) is',
    placeholder: 'URL',
  } satisfies Option<string>,
  from: {
    key: 'from',
    parse: text,
    default: 'now-1h',
    help: 'Start: ISO 8601, or such as now-6h',
    placeholder: 'TIME',
  } satisfies Option<string>,
  to: {
    key: 'to',
    parse: text,
    default: 'now',
    help: 'End: ISO 8601, or such as now-5m',
    placeholder: 'TIME',
  } satisfies Option<string>,
  rollup: {
    key: 'rollup',
    parse: oneOf('RAW', 'TEN_MINUTELY', 'HOURLY', 'SIX_HOURLY', 'DAILY', 'WEEKLY'),
    default: 'RAW',
    help: 'Desired rollup',
    placeholder: 'LEVEL',
  } satisfies Option<string>,
  user: {
    key: 'user',
    parse: text,
    default: 'admin',
    help: 'Who asks, where the manager wants a login',
    placeholder: 'NAME',
  } satisfies Option<string>,
  password: {
    key: 'password',
    parse: text,
    default: '',
    help: 'Password of that user',
    secret: true,
  } satisfies Option<string>,
  ca: {
    key: 'ca',
    parse: text,
    default: '',
    help: "File with the certificates (PEM) that verify the server's; default: those of the system",
    placeholder: 'FILE',
  } satisfies Option<string>,
  csv: {
    key: 'csv',
    parse: flag,
    default: false,
    help: 'Print CSV, a row for each point',
  } satisfies Option<boolean>,
  json: { key: 'json', parse: flag, default: false, help: "Print the API's JSON" } satisfies Option<boolean>,
  help: helpFlag,
}
