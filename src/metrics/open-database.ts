import { type Connection, connect } from './client.js'
import { type Cluster, openCluster } from './cluster/open.js'
import { SchemaVersionError } from './schema/migrate.js'
import type { StoreOptions } from './store-types.js'
import { StoreUnavailableError } from './types.js'
import { describeFailure } from './writer/failure.js'

/** Makes the database where it is missing; waits for ClickHouse to answer. Throws `StoreUnavailableError`. */
export async function createDatabase(
  connection: Connection,
  database: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const client = connect(connection, undefined, 10_000)
  const deadline = Date.now() + timeoutMs
  try {
    for (let wait = 50; ; wait = Math.min(2 * wait, 1_000)) {
      signal?.throwIfAborted()
      try {
        await client.command({ query: `CREATE DATABASE IF NOT EXISTS ${database}` })
        return
      } catch (error) {
        if (Date.now() + wait > deadline || String((error as { code?: unknown }).code) === '516')
          throw new StoreUnavailableError(`${connection.url}: ${describeFailure(error)}`, 5, { cause: error })
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
  } finally {
    await client.close()
  }
}

/** Rejects with `StoreUnavailableError`, `SchemaVersionError`, or the signal's reason. */
export async function joinCluster(
  name: string,
  local: string,
  timeoutMs: number,
  { connection, logger, signal }: StoreOptions,
): Promise<Cluster> {
  try {
    return await openCluster({ connection, name, local, logger, timeoutMs, ...(signal && { signal }) })
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof StoreUnavailableError || error instanceof SchemaVersionError) throw error
    const text = `the metrics store cannot be opened: ${describeFailure(error)}`
    throw new StoreUnavailableError(text, 5, { cause: error })
  }
}
