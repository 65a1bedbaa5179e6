import type { Kysely } from 'kysely'

/** Clusters get a configuration of their own: thresholds, triggers and suppressions of their health. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const table of ['config', 'config_suppression'] as const) {
    await db.schema
      .alterTable(table)
      .addColumn('cluster_id', 'bigint', (c) => c.references('cluster.id').onDelete('cascade'))
      .execute()
    await db.schema.alterTable(table).dropConstraint(`${table}_name`).execute()
    await db.schema
      .alterTable(table)
      .addUniqueConstraint(
        `${table}_name`,
        ['scope', 'cluster_id', 'service_id', 'role_config_group_id', 'role_id', 'host_id', 'name'],
        (u) => u.nullsNotDistinct(),
      )
      .execute()
  }
}
