import { setTimeout as sleep } from 'node:timers/promises'
import { type ClickHouseClient, ClickHouseError } from '@clickhouse/client'
import type { BaseLogger } from 'pino'
import { type Connection, connect } from '../client.js'
import { FINEST_MS } from '../rollup/levels.js'
import { migrate } from '../schema/migrate.js'
import { MIGRATIONS } from '../schema/migrations.js'
import { ONLY_SAMPLES, TABLES } from '../schema/tables.js'
import { StoreUnavailableError } from '../types.js'
import { clusterPlacement, type Placement } from './placement.js'
import { distributedTables, type Epoch, replicatedMigrations } from './schema.js'

/** A ClickHouse cluster that holds the metrics: the rows on its shards, and over them Distributed tables of the same names. */
export interface Cluster {
  readonly placement: Placement
  /**
   * Looks whether shards were added, here or by another monitor, and follows. Throws `StoreUnavailableError` when the
   * server's configuration lacks shards that others use already: samples would go to the wrong ones.
   */
  refresh(client: ClickHouseClient): Promise<void>
  /** Throws what the last `refresh` found wrong. */
  check(): void
}

export interface ClusterOptions {
  /** Of a server of the cluster. */
  connection: Connection
  name: string
  /** The database of the shards' own tables: that of a single server, if there was one before. */
  local: string
  logger: BaseLogger
  /** How long shards may take until they have their tables, milliseconds. */
  timeoutMs: number
  signal?: AbortSignal
  now?: () => number
}

/** The Distributed tables are in a database of their own, so that those of a single server stay what they are. */
export const clusterDatabase = (local: string): string => `${local}_cluster`

/** An answer to an insert means that every shard has its part of it. */
export const CLUSTER_SETTINGS = { distributed_foreground_insert: '1', skip_unavailable_shards: 0 } as const

/** A change of the shards holds for samples from then on: time for every monitor to learn of it. */
const NOTICE_MS = 10 * 60_000
const STATEMENT_TIMEOUT_MS = 30_000

interface Shard {
  number: number
  weight: number
  host: string
  replicas: number
  internal: boolean
}

/**
 * Makes what is missing: tables on every shard where the servers have a Keeper, else on the connected one (then each shard
 * needs a monitor of its own), and the Distributed tables over them. Waits until every shard has its tables.
 *
 * Rejects with `StoreUnavailableError` when one has not in time, and when the server does not know the cluster.
 */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { connection, name, local, logger, timeoutMs, signal, now = Date.now } = options
  const database = clusterDatabase(local)
  let problem: StoreUnavailableError | undefined
  const client = connect(connection, undefined, STATEMENT_TIMEOUT_MS, CLUSTER_SETTINGS)
  try {
    for (const { number, replicas, internal } of await readShards(client, name))
      if (replicas > 1 && !internal)
        logger.warn(
          { cluster: name, shard: number },
          'metrics database: a shard has several replicas without internal_replication: set it to true in remote_servers, or each sample is inserted once for each replica',
        )
    const everywhere = await createLocalDatabase(client, name, local)
    const own = connect(connection, local, STATEMENT_TIMEOUT_MS)
    await migrate(own, logger, everywhere ? replicatedMigrations(name) : MIGRATIONS).finally(() =>
      own.close(),
    )
    await client.command({ query: `CREATE DATABASE IF NOT EXISTS ${database}` })
    await untilComplete(client)
    problem = await follow(client, true)
    if (problem) throw problem
    return {
      placement: clusterPlacement(name, local, everywhere),
      async refresh(of) {
        problem = await follow(of, false)
        if (problem) throw problem
      },
      check() {
        if (problem) throw problem
      },
    }
  } finally {
    await client.close()
  }

  /** Waits until every shard has the tables: they come with a monitor of its own where there is no Keeper. */
  async function untilComplete(client: ClickHouseClient): Promise<void> {
    const deadline = performance.now() + timeoutMs
    for (let wait = 50; ; wait = Math.min(2 * wait, 1_000)) {
      signal?.throwIfAborted()
      const missing = await shardsWithout(client)
      if (missing.length === 0) return
      if (performance.now() > deadline)
        throw new StoreUnavailableError(
          `cluster ${name}: ${missing.map(({ number, host }) => `shard ${number} (${host})`).join(', ')} ` +
            `has no tables in database ${local}. Without ClickHouse Keeper each shard needs a monitor of its own: ` +
            `start one there with the same --clickhouse-cluster`,
          5,
        )
      await sleep(wait)
    }
  }

  /** The tables that hold rows, as the connected server has them. */
  async function ownTables(client: ClickHouseClient): Promise<string[]> {
    const rows = await select<{ name: string }>(
      client,
      `SELECT name FROM system.tables WHERE database = '${local}' AND endsWith(engine, 'MergeTree') AND name != '${TABLES.migrations}'`,
    )
    return rows.map(({ name }) => name)
  }

  async function shardsWithout(client: ClickHouseClient): Promise<Shard[]> {
    const own = await ownTables(client)
    const [shards, rows] = await Promise.all([
      readShards(client, name),
      select<{ shard: number; tables: string }>(
        client,
        `SELECT _shard_num AS shard, count() AS tables FROM cluster('${name}', system.tables) ` +
          `WHERE database = '${local}' AND name IN (${own.map((table) => `'${table}'`).join(',')}) GROUP BY shard`,
      ),
    ])
    const complete = new Set(
      rows.filter(({ tables }) => Number(tables) >= own.length).map(({ shard }) => shard),
    )
    return shards.filter(({ number }) => !complete.has(number))
  }

  /** Brings the Distributed tables up to what the monitors have agreed on, after a proposal of our own if need be. */
  async function follow(
    client: ClickHouseClient,
    opening: boolean,
  ): Promise<StoreUnavailableError | undefined> {
    const shards = await readShards(client, name)
    const slots = shards.reduce((sum, { weight }) => sum + weight, 0)
    if (opening) await createTables(client, [{ since: 0, slots }], 'missing')
    let epochs = await readEpochs(client)
    const newest = epochs.at(-1)
    if (newest === undefined || newest.slots < slots) {
      if (newest !== undefined && (await shardsWithout(client)).length > 0) {
        logger.warn({ cluster: name }, 'metrics database: a shard was added that has no tables yet')
        return undefined
      }
      epochs =
        newest === undefined
          ? await firstEpochs(client, shards, slots)
          : [...epochs, { since: soon(), slots }]
      await client.insert({
        table: `${database}.${TABLES.retention}`,
        columns: ['name', 'value'],
        format: 'JSONEachRow',
        values: [{ name: EPOCHS, value: JSON.stringify(epochs) }],
      })
      logger.info({ cluster: name, epochs }, 'metrics database: the shards were written down')
      epochs = await readEpochs(client)
    }
    const most = Math.max(...epochs.map(({ slots }) => slots))
    if (most > slots)
      return new StoreUnavailableError(
        `cluster ${name}: ${connection.url} knows shards of weight ${slots} in all, but samples are spread over ${most}: ` +
          'bring its remote_servers up to that of the other servers; shards can be added at the end, but not be taken away',
        5,
      )
    await createTables(client, epochs, 'changed')
    return undefined
  }

  function soon(): number {
    return Math.ceil((now() + NOTICE_MS) / FINEST_MS) * FINEST_MS
  }

  /** A database that grows from one machine keeps its samples on the first shard. */
  async function firstEpochs(
    client: ClickHouseClient,
    shards: readonly Shard[],
    slots: number,
  ): Promise<Epoch[]> {
    const [found] = await select<{ n: number }>(
      client,
      `SELECT count() AS n FROM (SELECT 1 FROM ${database}.${TABLES.samples} WHERE ${ONLY_SAMPLES} LIMIT 1)`,
    )
    const first = shards[0]?.weight ?? slots
    if (Number(found?.n) === 0 || first === slots) return [{ since: 0, slots }]
    return [
      { since: 0, slots: first },
      { since: soon(), slots },
    ]
  }

  async function readEpochs(client: ClickHouseClient): Promise<Epoch[]> {
    const [row] = await select<{ value: string }>(
      client,
      `SELECT value FROM ${database}.${TABLES.retention} FINAL WHERE name = '${EPOCHS}'`,
    )
    return row === undefined ? [] : (JSON.parse(row.value) as Epoch[])
  }

  async function createTables(
    client: ClickHouseClient,
    epochs: readonly Epoch[],
    which: 'missing' | 'changed',
  ): Promise<void> {
    const present = new Map(
      (
        await select<{ name: string; comment: string }>(
          client,
          `SELECT name, comment FROM system.tables WHERE database = '${database}'`,
        )
      ).map(({ name, comment }) => [name, comment]),
    )
    for (const { table, mark, statement } of distributedTables(
      await ownTables(client),
      { cluster: name, local, database },
      epochs,
    )) {
      const is = present.get(table)
      if (is !== mark && (which === 'changed' || is === undefined)) await client.command({ query: statement })
    }
  }
}

/** Its row among what the monitors agree on. */
const EPOCHS = 'shards'

async function readShards(client: ClickHouseClient, name: string): Promise<Shard[]> {
  const rows = await select<Record<keyof Shard, string | number>>(
    client,
    `SELECT shard_num AS number, any(shard_weight) AS weight, concat(any(host_name), ':', toString(any(port))) AS host,
      count() AS replicas, any(internal_replication) AS internal
    FROM system.clusters WHERE cluster = '${name}' GROUP BY shard_num ORDER BY shard_num`,
  )
  if (rows.length === 0)
    throw new StoreUnavailableError(
      `the server does not know a cluster named ${name}: it has to be among remote_servers of its configuration`,
      5,
    )
  return rows.map(({ number, weight, host, replicas, internal }) => ({
    number: Number(number),
    weight: Number(weight),
    host: String(host),
    replicas: Number(replicas),
    internal: Boolean(Number(internal)),
  }))
}

/** True: the database was made on all servers. False: they have no Keeper, so it was made on this one. */
async function createLocalDatabase(client: ClickHouseClient, name: string, local: string): Promise<boolean> {
  const query = `CREATE DATABASE IF NOT EXISTS ${local}`
  try {
    await client.command({ query: `${query} ON CLUSTER ${name}` })
    return true
  } catch (error) {
    // QUERY_IS_PROHIBITED, NO_ELEMENTS_IN_CONFIG, SUPPORT_IS_DISABLED: no Keeper, or no queue of statements.
    if (!(error instanceof ClickHouseError) || !['392', '139', '344'].includes(String(error.code)))
      throw error
    await client.command({ query })
    return false
  }
}

async function select<Row>(client: ClickHouseClient, query: string): Promise<Row[]> {
  return (await client.query({ query, format: 'JSONEachRow' })).json<Row>()
}
