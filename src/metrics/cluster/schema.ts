import { LEVELS } from '../rollup/levels.js'
import { MIGRATIONS, type Migration } from '../schema/migrations.js'
import { TABLES } from '../schema/tables.js'

/**
 * From `since` on (milliseconds, of samples' own times) entities are spread over this many slots: the sum of the shards'
 * weights as it was then. So a sample's place follows from its entity and its time for ever, and a shard that is added takes
 * its part of what is newer than its beginning; nothing stored is moved, and what comes late goes where its time belongs.
 */
export interface Epoch {
  readonly since: number
  readonly slots: number
}

const time = (ms: number) => `fromUnixTimestamp64Milli(${ms}, 'UTC')`

/**
 * The sharding key of samples, or of rollups, which are stamped with their buckets' ends. Epochs begin at the start of a
 * bucket of ten minutes, so no such bucket lies in two of them.
 */
export function shardingKey(epochs: readonly Epoch[], stamped: 'start' | 'end'): string {
  const [first, ...later] = epochs
  if (first === undefined) throw new RangeError('a cluster has at least one epoch')
  let sql = `entity % ${first.slots}`
  for (const { since, slots } of later)
    sql = `if(ts ${stamped === 'start' ? '>=' : '>'} ${time(since)}, entity % ${slots}, ${sql})`
  return sql
}

/** How a table's rows are spread. The catalogue and all that is agreed on is small, and stays on the first shard. */
function keyOf(table: string, epochs: readonly Epoch[]): string {
  if (table === TABLES.samples) return shardingKey(epochs, 'start')
  return LEVELS.some((level) => level.table === table) ? shardingKey(epochs, 'end') : '0'
}

/**
 * For each of the shards' own tables: the statement that makes the Distributed one, and a text by which it is known whether
 * it has to be made anew.
 */
export function distributedTables(
  tables: readonly string[],
  { cluster, local, database }: { cluster: string; local: string; database: string },
  epochs: readonly Epoch[],
): { table: string; mark: string; statement: string }[] {
  const version = MIGRATIONS.at(-1)?.version ?? 0
  return tables.map((table) => {
    const key = keyOf(table, epochs)
    const mark = `schema ${version}; ${cluster}; ${key}`
    return {
      table,
      mark,
      statement:
        `CREATE OR REPLACE TABLE ${database}.${table} AS ${local}.${table} ` +
        `ENGINE = Distributed(${cluster}, ${local}, ${table}, ${key}) COMMENT '${mark.replaceAll("'", "\\'")}'`,
    }
  })
}

/**
 * The schema's history for servers with a Keeper: every table is made on all of the cluster's servers, and replicated. The
 * replicas' paths and names are the servers' defaults (`default_replica_path`, `default_replica_name`).
 */
export function replicatedMigrations(cluster: string): Migration[] {
  return MIGRATIONS.map((migration) => ({
    ...migration,
    statements: migration.statements.map((statement) => replicated(statement, cluster)),
  }))
}

export function replicated(statement: string, cluster: string): string {
  return statement
    .replace(/^(CREATE TABLE IF NOT EXISTS \w+|ALTER TABLE \w+)/, `$1 ON CLUSTER ${cluster}`)
    .replace(/ENGINE = (Replacing)?MergeTree/, 'ENGINE = Replicated$1MergeTree')
}
