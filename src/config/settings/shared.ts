import { flag, type Option, oneOf, text, url } from '../option.js'

/** Settings that several roles take. Each setting is defined once, here or with the only role that takes it. */

export const data: Option<string> = {
  key: 'data',
  parse: text,
  default: './data',
  help: 'Folder for everything that is kept',
  placeholder: 'DIR',
}

export const host: Option<string> = {
  key: 'host',
  parse: text,
  default: '127.0.0.1',
  help: 'Address to listen on; everything but loopback opens the port to others',
  placeholder: 'ADDRESS',
}

export const allowedHosts: Option<string> = {
  key: 'allowedHosts',
  parse: text,
  default: '',
  help: 'Names besides localhost by which a loopback port may be addressed, separated by commas',
  placeholder: 'NAMES',
}

export const monitorUrl: Option<string> = {
  key: 'monitorUrl',
  parse: url,
  default: 'http://127.0.0.1:7190',
  help: 'Where the monitor is',
  placeholder: 'URL',
}

export const hostName: Option<string> = {
  key: 'hostname',
  parse: text,
  default: '',
  help: "Name of this host in metrics; default: the machine's own",
  placeholder: 'NAME',
}

export const logLevel: Option<string> = {
  key: 'logLevel',
  parse: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal'),
  default: 'info',
  help: 'How much is logged',
  placeholder: 'LEVEL',
}

export const advertise: Option<string> = {
  key: 'advertise',
  parse: text,
  default: '',
  help: "Name by which other hosts reach this one; default: --host, or the machine's name where that is every address",
  placeholder: 'NAME',
}

export const monitorToken: Option<string> = {
  key: 'monitorToken',
  parse: text,
  default: '',
  help: "Token for the monitor's port; needed where that is open to others",
  secret: true,
}

export const monitorTokenFile: Option<string> = {
  key: 'monitorTokenFile',
  parse: text,
  default: '',
  help: 'File with that token; the monitor takes each of its lines, so that it can be changed',
  placeholder: 'FILE',
}

export const tlsCert: Option<string> = {
  key: 'tlsCert',
  parse: text,
  default: '',
  help: 'File with the certificate (PEM, with those between it and the authority) for HTTPS; read again when renewed',
  placeholder: 'FILE',
}

export const tlsKey: Option<string> = {
  key: 'tlsKey',
  parse: text,
  default: '',
  help: 'File with its key (PEM)',
  placeholder: 'FILE',
}

export const tlsCa: Option<string> = {
  key: 'tlsCa',
  parse: text,
  default: '',
  help: 'File with the certificates (PEM) that verify those of our own roles; default: those of the system',
  placeholder: 'FILE',
}

export const alertToken: Option<string> = {
  key: 'alertToken',
  parse: text,
  default: '',
  help: 'Bearer token that the alert publisher asks for; needed when its port is open to others',
  secret: true,
}

export const helpFlag: Option<boolean> = {
  key: 'help',
  parse: flag,
  default: false,
  help: 'Show this',
  short: 'h',
}

/** What every role takes last. */
export const common = { hostname: hostName, logLevel, help: helpFlag }

/** Where a role that listens keeps its data, and who reaches it. */
export const listening = { data, host, allowedHosts }

/** How a client of the monitor's port says who it is, and the monitor who may. */
export const monitorAccess = { monitorToken, monitorTokenFile }

/** HTTPS of a role's own port, and the trust in that of others. */
export const tls = { tlsCert, tlsKey, tlsCa }
