import { between, bytes, duration, type Option, oneOf, port, text } from '../option.js'
import { alertToken, common, listening, monitorAccess, monitorUrl, tlsCa } from './shared.js'

/** Settings of the alert publisher. */

export const alertPort: Option<number> = {
  key: 'alertPort',
  parse: (value) => (value === 'auto' ? -1 : port(value)),
  default: 7185,
  help: "The alert publisher's port on which alerts come in; auto takes 7185, or a free one where that is in use",
  placeholder: 'PORT',
}

export const alertSettings: Option<string> = {
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

export const outboxBytes: Option<number> = {
  key: 'outboxBytes',
  parse: between(bytes, '1m'),
  default: 64 * 1024 ** 2,
  shownDefault: '64m',
  help: 'Messages with alerts that cannot be delivered yet, in all; the least severe and oldest go first',
  placeholder: 'SIZE',
}

export const outboxAge: Option<number> = {
  key: 'outboxAge',
  parse: between(duration, '1m'),
  default: 3 * 86_400_000,
  shownDefault: '3d',
  help: 'How long messages with alerts that cannot be delivered are kept',
  placeholder: 'TIME',
}

/** Where alerts go without a file of settings. */
export const alertReceiverOptions = {
  alertMailServer,
  alertMailTls,
  alertMailUser,
  alertMailPassword,
  alertMailFrom,
  alertMailTo,
  alertSnmpServer,
  alertSnmpCommunity,
}

export const alertPublisherOptions = {
  ...listening,
  alertPort,
  alertSettings,
  alertToken,
  ...alertReceiverOptions,
  outboxBytes,
  outboxAge,
  monitorUrl,
  ...monitorAccess,
  tlsCa,
  ...common,
}
