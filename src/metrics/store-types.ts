import type { ClickHouseClient } from '@clickhouse/client'
import type { BaseLogger } from 'pino'
import type { Registry } from 'prom-client'
import type { Cardinality } from './catalogue/cardinality.js'
import type { Connection } from './client.js'
import type { Placement } from './cluster/placement.js'
import type { HotLimits, HotSamples } from './hot/index.js'
import type { Hash } from './ids.js'
import type { StoreLimits } from './limits.js'
import type { Durability } from './schema/durability.js'
import type { StoreStats } from './stats.js'
import type { Catalogue, StoredSamples, Writer } from './types.js'
import type { WriterTuning } from './writer/tuning.js'

export interface StoreOptions {
  connection: Connection
  logger: BaseLogger
  /** What is not named keeps its default, `DEFAULT_LIMITS`. */
  limits?: Partial<StoreLimits>
  /** Where the store's own metrics (`bellwether_store_…`) are registered. */
  registry?: Registry
  /** Ends opening, or stops the open store. */
  signal?: AbortSignal
  /** How long to wait for ClickHouse to answer, milliseconds. Default: 30 s. */
  connectTimeoutMs?: number
  /**
   * How often other monitors' additions to the catalogue are looked for, and ours without a sample are stored,
   * milliseconds. Default: 5 s; 0: never.
   */
  refreshMs?: number
  /** How often it is written down when entities were seen last, milliseconds. Default: 60 s; 0: only at the end. */
  seenMs?: number
  tuning?: Partial<WriterTuning>
  /**
   * Samples kept in memory for queries; by default none. It sees what this process writes, so only the one process that
   * writes to a database may have it.
   */
  hot?: Partial<HotLimits>
  /**
   * A ClickHouse cluster by its name in the servers' `remote_servers`: samples are spread over its shards. The connection is
   * to any server of it.
   */
  cluster?: string
  /** What acknowledged samples survive. It is set on the tables, so for all monitors of a database alike. Default: `written`. */
  durability?: Durability
  /** For tests: how long series without data are left alone after their registration, and after their announcement. */
  forget?: { graceMs: number; confirmMs: number }
  /** For tests of collisions. */
  hash?: Hash
}

export interface Store {
  readonly catalogue: Catalogue
  readonly writer: Writer
  /** For readers; the writer has its own connections. Fetch it anew for each query: `reconnect` replaces it. */
  readonly client: ClickHouseClient
  readonly database: string
  /**
   * Where the samples are now, for readers that speak to ClickHouse themselves: fetch it anew for each query. Keep it out
   * of logs: it holds the password.
   */
  readonly connection: Connection
  readonly hot: HotSamples
  /** Where statements have to look that are not about a table's rows. */
  readonly placement: Placement
  readonly limits: Readonly<StoreLimits>
  /**
   * Calls the listener with what this process has stored, a slice at a time, after ClickHouse has acknowledged it and before the
   * sender is told, until the returned function is called. It must be quick: commits wait for it. What it throws is logged.
   */
  onStored(listener: (samples: StoredSamples) => void): () => void
  stats(): StoreStats
  /** Where the series come from, most series first; `top` of each list (default 20). */
  cardinality(top?: number): Promise<Cardinality>
  /**
   * Forgets series of which no level has data any more, in two steps some minutes apart: how many were announced, or deleted. One
   * monitor of a database does it, the one that folds.
   */
  forget(): Promise<{ announced: number; deleted: number }>
  /** Reads what other monitors have added to the catalogue, now. */
  refresh(): Promise<void>
  /** The engine has moved (another port after a restart): inserts and queries go there from now on. */
  reconnect(connection: Connection): Promise<void>
  /**
   * Takes no more samples, inserts what is buffered for at most `graceMs` (default 10 s), and closes the connections. May
   * be called twice.
   */
  stop(graceMs?: number): Promise<void>
}
