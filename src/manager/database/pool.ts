import { readFileSync } from 'node:fs'
import type { PostgresPool, PostgresPoolClient } from 'kysely'
import pg from 'pg'
import { type DatabaseUrl, parseDatabaseUrl } from '../../config/database-url.js'
import { DatabaseError } from './errors.js'

export interface PoolOptions {
  /** Connections at the most. Default 20. */
  max?: number
  /** Told of connections that break while nobody uses them. */
  onError?: (error: Error) => void
}

/** A statement that runs longer is ended by the server, so that no lock is held for ever. */
const STATEMENT_TIMEOUT_MS = 30_000
/** A transaction of a manager that has stopped in the middle must not keep its successor waiting. */
const IDLE_IN_TRANSACTION_MS = 10_000
const CONNECT_TIMEOUT_MS = 5_000

const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: string) {
    // Eight-byte integers are ids, times and counters here: all below 2^53.
    if (oid === 20 && format !== 'binary') return Number
    return pg.types.getTypeParser(oid, format as 'text')
  },
} as pg.CustomTypesConfig

/**
 * Connections to the first of several servers that answers and, where only a primary will do, takes writes. When it fails,
 * the others are tried in turn: so a failover of the database shows as failed transactions and then goes on.
 */
export function createPool(url: string, options: PoolOptions = {}): PostgresPool & { end(): Promise<void> } {
  const target = parseDatabaseUrl(url)
  const pools = new Map<number, pg.Pool>()
  let current = 0
  let ended = false

  function poolOf(index: number): pg.Pool {
    let pool = pools.get(index)
    if (pool) return pool
    pool = new pg.Pool({ ...connectionConfig(target, index), max: options.max ?? 20, ...verifying(target) })
    pool.on('error', (error) => options.onError?.(error))
    // A connection in use that breaks tells its query; without a listener it would also end this program.
    pool.on('connect', (client) => client.on('error', () => {}))
    pools.set(index, pool)
    return pool
  }

  return {
    async connect(): Promise<PostgresPoolClient> {
      const reasons: string[] = []
      for (let tried = 0; tried < target.hosts.length; tried++) {
        if (ended) break
        const index = current
        try {
          return (await poolOf(index).connect()) as unknown as PostgresPoolClient
        } catch (error) {
          const { host, port } = target.hosts[index]!
          reasons.push(`${host}:${port}: ${(error as Error).message || (error as { code?: string }).code}`)
          // Several waiters may find out at the same time.
          if (current === index) current = (index + 1) % target.hosts.length
        }
      }
      throw new DatabaseError('UNREACHABLE', { found: ended ? 'it was closed' : reasons.join('; ') })
    },
    async end() {
      if (ended) return
      ended = true
      await Promise.all([...pools.values()].map((pool) => pool.end()))
    },
  }
}

function connectionConfig(target: DatabaseUrl, index: number): pg.PoolConfig {
  const { host, port } = target.hosts[index]!
  return {
    host,
    port,
    user: target.user,
    password: target.password,
    database: target.database,
    ssl:
      target.ssl === 'disable'
        ? false
        : {
            rejectUnauthorized: target.ssl === 'verify-full',
            ...(target.sslRootCertificate ? { ca: readFileSync(target.sslRootCertificate, 'utf8') } : {}),
          },
    types,
    application_name: 'bellwether-manager',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: 60_000,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
  }
}

/** Asks each new connection whether its server takes writes. */
function verifying(target: DatabaseUrl): object {
  if (target.target === 'any') return {}
  return {
    verify(client: pg.ClientBase, done: (error?: Error) => void) {
      client
        .query(
          "select pg_is_in_recovery() or current_setting('default_transaction_read_only') = 'on' as read_only",
        )
        .then(
          ({ rows }) => done(rows[0].read_only ? new Error('takes no writes') : undefined),
          (error: Error) => done(error),
        )
    },
  }
}
