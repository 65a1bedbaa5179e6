import pg from 'pg'
import { DatabaseUrlError, parseDatabaseUrl } from '../config/database-url.js'
import type { EngineState } from './engine.js'
import { PostgresError } from './postgres-errors.js'
import { MIN_POSTGRES, type Postgres, type PostgresOptions } from './postgres-types.js'

/** A server that somebody else runs: checked once, then left alone. */
export async function openRemotePostgres(url: string, options: PostgresOptions): Promise<Postgres> {
  const target = parsed(url)
  const tried: string[] = []
  let version: string | undefined
  for (const { host, port } of target.hosts) {
    const subject = `${host}:${port}`
    try {
      const found = await probe({
        host,
        port,
        user: target.user,
        password: target.password,
        database: target.database,
        ssl: target.ssl === 'disable' ? undefined : { rejectUnauthorized: target.ssl === 'verify-full' },
        connectionTimeoutMillis: 10_000,
      })
      if (Number.parseInt(found.version, 10) < MIN_POSTGRES)
        throw new PostgresError('version-too-old', {
          subject,
          reason: `${found.version}, needed is ${MIN_POSTGRES} or later`,
        })
      if (target.target === 'primary' && found.readOnly) tried.push(`${subject} takes no writes`)
      else {
        version = found.version
        options.logger.info({ server: subject, version }, 'Using the PostgreSQL server')
        break
      }
    } catch (error) {
      if (error instanceof PostgresError) throw error
      const { code, message } = error as { code?: string; message: string }
      // 28xxx: authorization; 3D000: no such database.
      if (code !== undefined && /^(28|3D)/.test(code))
        throw new PostgresError('wrong-password', { subject, reason: message }, { cause: error })
      tried.push(`${subject}: ${message || code || 'no answer'}`)
    }
    if (options.signal?.aborted) throw new PostgresError('aborted', { subject })
  }
  if (version === undefined)
    throw new PostgresError('unreachable', {
      subject: target.hosts.map(({ host, port }) => `${host}:${port}`).join(','),
      reason: tried.join('; '),
    })
  let state: EngineState = 'running'
  return {
    url,
    embedded: false,
    version,
    pid: undefined,
    state: () => state,
    onState: () => () => {},
    stop: async () => {
      state = 'stopped'
    },
  }
}

function parsed(url: string) {
  try {
    return parseDatabaseUrl(url)
  } catch (error) {
    if (error instanceof DatabaseUrlError) throw new PostgresError('url-invalid', { subject: error.message })
    throw error
  }
}

/** Asks a server who it is. Rejects with the driver's error. */
export async function probe(config: pg.ClientConfig): Promise<{ version: string; readOnly: boolean }> {
  const client = new pg.Client({ ...config, application_name: 'bellwether' })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query(
      "select current_setting('server_version') as version, pg_is_in_recovery() or current_setting('default_transaction_read_only') = 'on' as read_only",
    )
    return { version: String(rows[0].version).split(' ')[0]!, readOnly: rows[0].read_only }
  } finally {
    await client.end().catch(() => {})
  }
}
