import { between, bytes, duration, type Option, oneOf, port, text, url, whole } from '../option.js'
import { advertise, alertToken, common, listening, monitorAccess, tls } from './shared.js'

/** Settings of the monitor. */

export const monitorPort: Option<number> = {
  key: 'monitorPort',
  parse: port,
  default: 7190,
  help: "The monitor's port: ingest, query",
  placeholder: 'PORT',
}

export const clickhouseUrl: Option<string> = {
  key: 'clickhouseUrl',
  parse: url,
  default: '',
  help: 'A ClickHouse server to use instead of the embedded one; give user and password by variable or file',
  placeholder: 'URL',
}

export const clickhouseUser: Option<string> = {
  key: 'clickhouseUser',
  parse: text,
  default: '',
  help: 'User on that server',
  placeholder: 'NAME',
}

export const clickhousePassword: Option<string> = {
  key: 'clickhousePassword',
  parse: text,
  default: '',
  help: 'Password on that server',
  secret: true,
}

export const clickhouseDatabase: Option<string> = {
  key: 'clickhouseDatabase',
  parse: text,
  default: 'bellwether',
  help: 'Database that holds the metrics',
  placeholder: 'NAME',
}

export const clickhouseCluster: Option<string> = {
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

export const clickhouseMemory: Option<number> = {
  key: 'clickhouseMemory',
  parse: bytes,
  default: 0,
  help: 'Memory the embedded engine may use, such as 2g; 0 fits it to the machine',
  placeholder: 'SIZE',
}

export const streamLimit: Option<number> = {
  key: 'streamLimit',
  parse: whole(1, 1_000_000),
  default: 250,
  help: 'Streams that one query returns at the most, unless it asks for another limit',
  placeholder: 'N',
}

const storeBufferBytes: Option<number> = {
  key: 'storeBufferBytes',
  parse: between(bytes, '1m'),
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

export const maxSeries: Option<number> = {
  key: 'maxSeries',
  parse: whole(1, 100_000_000),
  default: 5_000_000,
  help: 'Series that the catalogue takes in all',
  placeholder: 'N',
}

export const maxSeriesPerSender: Option<number> = {
  key: 'maxSeriesPerSender',
  parse: whole(1, 100_000_000),
  default: 1_000_000,
  help: 'Series that the catalogue takes from one sender',
  placeholder: 'N',
}

export const senderTokenFile: Option<string> = {
  key: 'senderTokenFile',
  parse: text,
  default: '',
  help: 'File with tokens that are good for sending metrics and nothing else, one a line',
  placeholder: 'FILE',
}

export const plaintextHost: Option<string> = {
  key: 'plaintextHost',
  parse: text,
  default: '127.0.0.1',
  help: 'Address for Graphite and StatsD, which know no tokens: everything but loopback lets whoever reaches it send',
  placeholder: 'ADDRESS',
}

export const maxEntities: Option<number> = {
  key: 'maxEntities',
  parse: whole(1, 100_000_000),
  default: 1_000_000,
  help: 'Entities that the catalogue takes',
  placeholder: 'N',
}

export const maxMetrics: Option<number> = {
  key: 'maxMetrics',
  parse: whole(1, 10_000_000),
  default: 100_000,
  help: 'Metrics (names) that the catalogue takes',
  placeholder: 'N',
}

const alertPublisherUrl: Option<string> = {
  key: 'alertPublisherUrl',
  parse: url,
  default: '',
  help: 'Where the alert publisher is; without, nobody is told of alerts',
  placeholder: 'URL',
}

export const eventsKeep: Option<number> = {
  key: 'eventsKeep',
  parse: between(duration, '1d'),
  default: 90 * 86_400_000,
  shownDefault: '90d',
  help: 'How long events are kept',
  placeholder: 'TIME',
}

export const eventsBytes: Option<number> = {
  key: 'eventsBytes',
  parse: between(bytes, '1m'),
  default: 10 * 1024 ** 3,
  shownDefault: '10g',
  help: 'Disk space for events; the oldest days go first',
  placeholder: 'SIZE',
}

const listenPort = (value: string): number => (value === 'off' ? -1 : port(value))

export const graphitePort: Option<number> = {
  key: 'graphitePort',
  parse: listenPort,
  default: -1,
  shownDefault: 'off',
  help: 'Port for Graphite plaintext over TCP, usually 2003; off opens none',
  placeholder: 'PORT',
}

export const statsdPort: Option<number> = {
  key: 'statsdPort',
  parse: listenPort,
  default: -1,
  shownDefault: 'off',
  help: 'Port for StatsD over UDP, usually 8125; off opens none',
  placeholder: 'PORT',
}

const oldestSample: Option<number> = {
  key: 'oldestSample',
  parse: between(duration, '1h'),
  default: 400 * 86_400_000,
  shownDefault: '400d',
  help: 'Samples older than this are refused',
  placeholder: 'TIME',
}

export const monitorOptions = {
  ...listening,
  monitorPort,
  ...monitorAccess,
  senderTokenFile,
  advertise,
  ...tls,
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
  ...common,
}
