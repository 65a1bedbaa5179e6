import { type Kysely, sql } from 'kysely'
import { id, reference, time } from './columns.js'

const emptyJson = sql`'{}'::jsonb`

/** Processes, agents, commands. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const schema = db.schema
  await schema
    .createTable('process')
    .addColumn('id', 'bigint', id)
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('role_id', 'bigint', (c) => c.references('role.id').onDelete('cascade'))
    .addColumn('service_id', 'bigint', (c) => c.references('service.id').onDelete('cascade'))
    .addColumn('host_id', 'bigint', reference('host.id', 'cascade'))
    .addColumn('spec', 'bytea', (c) => c.notNull())
    .addColumn('revision', 'bigint', (c) => c.notNull().defaultTo(1))
    .addColumn('wanted', 'text', (c) => c.notNull())
    .addColumn('current', 'boolean', (c) => c.notNull())
    .addColumn('listed', 'boolean', (c) => c.notNull().defaultTo(true))
    .addColumn('created_at', 'bigint', time)
    .execute()
  await schema
    .createIndex('process_listed')
    .on('process')
    .column('host_id')
    .where(sql<boolean>`listed`, '=', true)
    .execute()
  await schema
    .createIndex('process_current')
    .on('process')
    .column('role_id')
    .unique()
    .where(sql<boolean>`current`, '=', true)
    .execute()
  await schema.createIndex('process_role').on('process').column('role_id').execute()
  await schema.createIndex('process_service').on('process').column('service_id').execute()

  await schema
    .createTable('process_report')
    .addColumn('process_id', 'bigint', (c) => c.primaryKey().references('process.id').onDelete('cascade'))
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('since', 'bigint', time)
    .addColumn('pid', 'bigint')
    .addColumn('started_at', 'bigint')
    .addColumn('report', 'jsonb', (c) => c.notNull())
    .execute()

  await schema
    .createTable('blob')
    .addColumn('digest', 'text', (c) => c.primaryKey())
    .addColumn('contents', 'bytea', (c) => c.notNull())
    .execute()

  await schema
    .createTable('client_config')
    .addColumn('id', 'bigint', id)
    .addColumn('service_id', 'bigint', reference('service.id', 'cascade'))
    .addColumn('host_id', 'bigint', reference('host.id', 'cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('process_id', 'bigint', reference('process.id', 'cascade'))
    .addColumn('deployed_process_id', 'bigint')
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('message', 'text', (c) => c.notNull().defaultTo(''))
    .addUniqueConstraint('client_config_place', ['service_id', 'host_id'])
    .execute()

  await schema
    .createTable('host_session')
    .addColumn('host_id', 'bigint', (c) => c.primaryKey().references('host.id').onDelete('cascade'))
    .addColumn('session', 'jsonb', (c) => c.notNull())
    .addColumn('facts', 'jsonb')
    .addColumn('agent_version', 'text', (c) => c.notNull().defaultTo(''))
    .addColumn('last_heartbeat', 'bigint', time)
    .addColumn('clock_offset', 'double precision')
    .execute()

  await schema
    .createTable('agent_token')
    .addColumn('hash', 'text', (c) => c.primaryKey())
    .addColumn('host_id', 'bigint', (c) => c.references('host.id').onDelete('cascade'))
    .addColumn('created_at', 'bigint', time)
    .addColumn('expires_at', 'bigint')
    .addColumn('uses_left', 'bigint')
    .execute()

  await schema
    .createTable('command')
    .addColumn('id', 'bigint', id)
    .addColumn('root_id', 'bigint', (c) => c.references('command.id').onDelete('cascade'))
    .addColumn('parent_id', 'bigint', (c) => c.references('command.id').onDelete('cascade'))
    .addColumn('position', 'bigint', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('kind', 'text')
    .addColumn('args', 'jsonb', (c) => c.notNull().defaultTo(emptyJson))
    .addColumn('mode', 'text', (c) => c.notNull())
    .addColumn('tolerance', 'bigint', (c) => c.notNull().defaultTo(0))
    .addColumn('cluster_id', 'bigint')
    .addColumn('service_id', 'bigint')
    .addColumn('role_id', 'bigint')
    .addColumn('host_id', 'bigint')
    .addColumn('context', 'jsonb', (c) => c.notNull().defaultTo(emptyJson))
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('term', 'bigint')
    .addColumn('attempt', 'bigint', (c) => c.notNull().defaultTo(0))
    .addColumn('progress', 'jsonb', (c) => c.notNull().defaultTo(emptyJson))
    .addColumn('message', 'text')
    .addColumn('abort_requested', 'boolean', (c) => c.notNull().defaultTo(false))
    .addColumn('created_at', 'bigint', time)
    .addColumn('started_at', 'bigint')
    .addColumn('ended_at', 'bigint')
    .addColumn('username', 'text', (c) => c.notNull())
    .addColumn('retry_of', 'bigint')
    .execute()
  await schema.createIndex('command_root').on('command').column('root_id').execute()
  await schema.createIndex('command_parent').on('command').column('parent_id').execute()
  await schema
    .createIndex('command_active')
    .on('command')
    .column('state')
    .where(sql<string>`state`, 'in', ['WAITING', 'RUNNING'])
    .execute()
  for (const owner of ['cluster_id', 'service_id', 'role_id', 'host_id'] as const)
    await schema.createIndex(`command_${owner}`).on('command').column(owner).execute()

  await schema
    .createTable('command_log')
    .addColumn('id', 'bigint', id)
    .addColumn('command_id', 'bigint', reference('command.id', 'cascade'))
    .addColumn('at', 'bigint', time)
    .addColumn('text', 'text', (c) => c.notNull())
    .execute()
  await schema.createIndex('command_log_command').on('command_log').column('command_id').execute()
}
