import { openEmbeddedPostgres } from './postgres-embedded.js'
import { openRemotePostgres } from './postgres-remote.js'
import type { Postgres, PostgresOptions } from './postgres-types.js'

export { PostgresError, type PostgresErrorCode } from './postgres-errors.js'
export {
  MIN_POSTGRES,
  type Postgres,
  type PostgresOptions,
  type PostgresStateChange,
} from './postgres-types.js'

/**
 * Opens the PostgreSQL that the state lives in: the server at `options.url`, or else an embedded one, started as a child
 * process on `options.dataDir` and restarted when it dies. Rejects with a `PostgresError` that says what to do.
 *
 * Several managers on one machine can share an embedded server: the one that runs it writes its URL to `<dataDir>/url`,
 * and the others are given that as `--database-url`.
 *
 * ```ts
 * const postgres = await openPostgres({ dataDir: '/var/lib/bellwether/postgres', logger })
 * const pool = new Pool({ connectionString: postgres.url })
 * await postgres.stop()
 * ```
 */
export function openPostgres(options: PostgresOptions): Promise<Postgres> {
  return options.url ? openRemotePostgres(options.url, options) : openEmbeddedPostgres(options)
}
