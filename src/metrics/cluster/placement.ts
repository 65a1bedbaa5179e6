/**
 * Where statements that are not about one table's rows have to look: on one server, or on every shard of a cluster. What
 * only reads and writes rows needs none of it: in a cluster the same names are Distributed tables.
 */
export interface Placement {
  /** The cluster's name as the servers configure it; undefined: one server. */
  readonly cluster: string | undefined
  /** Statements on a table's partitions can be run on all shards at once (`ON CLUSTER`). */
  readonly everywhere: boolean
  /** SQL of the name of the database that holds the rows: `currentDatabase()` or a literal. */
  readonly databaseSql: string
  /** A table of `system`, of one replica of every shard. */
  system(table: string): string
  /** What goes between FROM and the rest: the query's rows, made on each shard from its own tables. */
  perShard(query: string): string
  /** A table that holds rows, in a query that is `perShard`. */
  own(table: string): string
  /** How DDL names a table that holds rows, and on which servers. */
  target(table: string): string
}

export const ONE_SERVER: Placement = {
  cluster: undefined,
  everywhere: false,
  databaseSql: 'currentDatabase()',
  system: (table) => `system.${table}`,
  perShard: (query) => `(${query})`,
  own: (table) => table,
  target: (table) => table,
}

/** `cluster` and `database` were checked: they become part of statements. */
export function clusterPlacement(cluster: string, database: string, everywhere: boolean): Placement {
  return {
    cluster,
    everywhere,
    databaseSql: `'${database}'`,
    system: (table) => `cluster('${cluster}', system.${table})`,
    perShard: (query) => `cluster('${cluster}', view(${query}))`,
    own: (table) => `${database}.${table}`,
    target: (table) => `${database}.${table}${everywhere ? ` ON CLUSTER ${cluster}` : ''}`,
  }
}

/** A cluster's name is text from outside that becomes part of statements. */
export function checkClusterName(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name))
    throw new Error(
      `${JSON.stringify(name)} cannot be a cluster's name here: letters, digits and _ only, at most 64`,
    )
  return name
}
