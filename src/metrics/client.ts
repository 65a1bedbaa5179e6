import {
  type ClickHouseClient,
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient,
} from '@clickhouse/client'

export interface Connection {
  /** `http://host:port` or `https://…` of a ClickHouse 26 server. */
  url: string
  /** Default: `default`. */
  username?: string
  password?: string
  /** Created when it is not there. Default: `bellwether`. */
  database?: string
}

export const DEFAULT_DATABASE = 'bellwether'

/**
 * A client of ours. It logs nothing by itself (it would log every failed attempt as an error): whoever calls it decides.
 * `database` may be left out for the statements that come before there is one.
 */
export function connect(
  connection: Connection,
  database: string | undefined,
  timeoutMs: number,
  settings: ClickHouseSettings = {},
): ClickHouseClient {
  return createClient({
    url: connection.url,
    ...(connection.username !== undefined && { username: connection.username }),
    ...(connection.password !== undefined && { password: connection.password }),
    ...(database !== undefined && { database }),
    application: 'bellwether',
    request_timeout: timeoutMs,
    max_open_connections: 16,
    compression: { request: false, response: false },
    log: { level: ClickHouseLogLevel.OFF },
    // Our own batches are large already; a server-side buffer would only acknowledge them later.
    clickhouse_settings: { async_insert: 0, ...settings },
  })
}

/** A database's name is the only text from outside that becomes part of a statement. */
export function checkDatabaseName(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name))
    throw new Error(
      `${JSON.stringify(name)} cannot be a database's name: letters, digits and _ only, at most 64`,
    )
  return name
}
