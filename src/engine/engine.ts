import type { EngineError } from './errors.js'

/** All that a ClickHouse client needs. Keep it out of logs: it holds the password. */
export interface EngineConnection {
  /** `http://host:port` or `https://host:port`, without user and password. */
  url: string
  username: string
  password: string
  /** The database that the URL named, if it named one. */
  database?: string
  /** The native TCP port on the same host, when it was asked for (embedded only). */
  tcpPort?: number
}

/**
 * - `starting`: the first start is under way
 * - `running`: it answers
 * - `restarting`: it died and a new process is being started; requests fail meanwhile
 * - `failed`: several starts in a row failed; it is tried again every 30 s
 * - `stopped`: `stop()` was called; final
 */
export type EngineState = 'starting' | 'running' | 'restarting' | 'failed' | 'stopped'

export interface EngineStateChange {
  state: EngineState
  /** Why, when the state is `restarting` or `failed`. */
  error?: EngineError
  /**
   * True when `connection` differs from the last one: a restarted engine keeps its port unless someone else took it.
   * Clients must be rebuilt then.
   */
  connectionChanged: boolean
}

export interface Engine {
  /** Where it listens. Stays the same across restarts, except after a change with `connectionChanged`. */
  readonly connection: EngineConnection
  /** False for a server given by URL: nothing was spawned, and nothing is restarted. */
  readonly embedded: boolean
  /** Server version, `26.7.2.1`. */
  readonly version: string
  /** Of the running child process. */
  readonly pid: number | undefined
  state(): EngineState
  /** Calls `listener` after every change of state, until the returned function is called. */
  onState(listener: (change: EngineStateChange) => void): () => void
  /** Resident memory of the child process in bytes; undefined for a remote server or where it cannot be read. */
  memoryBytes(): number | undefined
  /** Ends the child process and waits until it is gone. May be called in any state and more than once. Never rejects. */
  stop(): Promise<void>
}

/** The part of a pino logger that the engine uses. */
export interface EngineLogger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface EngineOptions {
  /** `--clickhouse-url`: use this server and spawn nothing. `http(s)://[user[:password]@]host[:port][/database]` */
  url?: string | undefined
  /** Folder of the embedded engine's data, configuration and password. Made when missing. Unused with `url`. */
  dataDir: string
  logger: EngineLogger
  /** Upper bound of the engine's memory, bytes. Default: 40 % of the machine's (or control group's), at most 4 GB. */
  memoryLimitBytes?: number | undefined
  /** Also open ClickHouse's native TCP port on loopback. Default false. */
  listenTcp?: boolean | undefined
  /** How long a start may take until the engine answers, milliseconds. Default 60 000. */
  startTimeoutMs?: number | undefined
  /** How often the running engine must answer a ping, milliseconds; six misses in a row and it is replaced. Default 30 000. */
  watchIntervalMs?: number | undefined
  /** Ends the opening. A running engine is ended by `stop()` alone, after its clients have flushed. */
  signal?: AbortSignal | undefined
}
