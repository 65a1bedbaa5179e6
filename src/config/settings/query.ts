import { flag, type Option, oneOf, text, url } from '../option.js'
import { helpFlag } from './shared.js'

/** Settings of `bellwether query`. */

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
