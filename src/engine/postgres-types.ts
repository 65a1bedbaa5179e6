import type { EngineLogger, EngineState } from './engine.js'
import type { PostgresError } from './postgres-errors.js'

export interface PostgresStateChange {
  state: EngineState
  /** Why, when the state is `restarting` or `failed`. */
  error?: PostgresError
  /** A restarted server keeps its port unless someone else took it; otherwise connection pools must be rebuilt. */
  urlChanged: boolean
}

export interface Postgres {
  /** `postgresql://user:password@host:port/database`. Keep it out of logs. Read it again after `urlChanged`. */
  readonly url: string
  /** False for a server given by URL: nothing was spawned, and nothing is restarted. */
  readonly embedded: boolean
  /** Such as `18.4`. */
  readonly version: string
  /** Of the server's first process (the postmaster), when it is ours. */
  readonly pid: number | undefined
  state(): EngineState
  /** Calls `listener` after every change of state, until the returned function is called. */
  onState(listener: (change: PostgresStateChange) => void): () => void
  /** Ends the server and waits until it is gone. May be called in any state and more than once. Never rejects. */
  stop(): Promise<void>
}

export interface PostgresOptions {
  /** `--database-url`: use this server (or the first usable one of several) and spawn nothing. */
  url?: string | undefined
  /** Folder of the embedded server's data and password. Made when missing. Unused with `url`. */
  dataDir: string
  logger: EngineLogger
  /** How long a start may take until the server answers, milliseconds. Default 60 000: a recovery may take its time. */
  startTimeoutMs?: number | undefined
  /** Ends the opening. A running server is ended by `stop()` alone. */
  signal?: AbortSignal | undefined
}

/** Oldest server that the schema works with: `NULLS NOT DISTINCT`. */
export const MIN_POSTGRES = 15
