import { type Kysely, sql } from 'kysely'

/** Whether an audit event is in the monitor's event store; those of before are sent, too. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('audit_event')
    .addColumn('sent', 'boolean', (c) => c.notNull().defaultTo(false))
    .execute()
  await db.schema
    .createIndex('audit_event_unsent')
    .on('audit_event')
    .column('id')
    .where(sql<boolean>`sent`, '=', false)
    .execute()
}
