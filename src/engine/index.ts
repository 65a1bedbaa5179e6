import { openEmbedded } from './embedded.js'
import type { Engine, EngineOptions } from './engine.js'
import { openRemote } from './remote.js'

export type {
  Engine,
  EngineConnection,
  EngineLogger,
  EngineOptions,
  EngineState,
  EngineStateChange,
} from './engine.js'
export { EngineError, type EngineErrorCode } from './errors.js'
export { MIN_VERSION } from './ping.js'
export {
  MIN_POSTGRES,
  openPostgres,
  type Postgres,
  PostgresError,
  type PostgresErrorCode,
  type PostgresOptions,
  type PostgresStateChange,
} from './postgres.js'
export { READ_SETTINGS, WRITE_SETTINGS } from './settings.js'

/**
 * Opens the ClickHouse that the metrics live in: the server at `options.url`, or else an embedded one, started as a
 * child process on `options.dataDir` and restarted when it dies. Rejects with an `EngineError` that says what to do.
 *
 * ```ts
 * const engine = await openEngine({ dataDir: '/var/lib/bellwether/clickhouse', logger })
 * const client = createClient({ ...engine.connection, log: … })
 * await engine.stop()
 * ```
 */
export function openEngine(options: EngineOptions): Promise<Engine> {
  return options.url === undefined ? openEmbedded(options) : openRemote(options.url, options)
}
