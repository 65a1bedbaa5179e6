import { type Kysely, sql } from 'kysely'
import { id, reference, time } from './columns.js'

/** Lease, model, configuration, users. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const schema = db.schema
  await schema
    .createTable('deployment')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('created_at', 'bigint', time)
    .addColumn('model_version', 'bigint', (c) => c.notNull().defaultTo(1))
    .addColumn('key_check', 'bytea')
    // One row, ever.
    .addColumn('single', 'boolean', (c) => c.notNull().defaultTo(true).unique().check(sql`single`))
    .execute()

  await schema
    .createTable('lease')
    .addColumn('name', 'text', (c) => c.notNull().primaryKey())
    .addColumn('term', 'bigint', (c) => c.notNull())
    .addColumn('holder', 'text', (c) => c.notNull())
    .addColumn('holder_url', 'text', (c) => c.notNull())
    .addColumn('acquired_at', 'bigint', time)
    .addColumn('expires_at', 'bigint', time)
    // The term has to be part of a unique key that foreign keys could use: so FOR KEY SHARE holds off a new term, and a
    // renewal (which changes no key) does not wait for it.
    .addUniqueConstraint('lease_term', ['name', 'term'])
    .execute()

  await schema
    .createTable('cluster')
    .addColumn('id', 'bigint', id)
    .addColumn('name', 'text', (c) => c.notNull().unique())
    .addColumn('display_name', 'text', (c) => c.notNull().unique())
    .addColumn('uuid', 'text', (c) => c.notNull().unique())
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('full_version', 'text', (c) => c.notNull())
    .addColumn('cluster_type', 'text', (c) => c.notNull())
    .addColumn('maintenance', 'boolean', (c) => c.notNull().defaultTo(false))
    .addColumn('created_at', 'bigint', time)
    .execute()

  await schema
    .createTable('host')
    .addColumn('id', 'bigint', id)
    .addColumn('host_id', 'text', (c) => c.notNull().unique())
    .addColumn('hostname', 'text', (c) => c.notNull().unique())
    .addColumn('ip_address', 'text', (c) => c.notNull().defaultTo(''))
    .addColumn('rack_id', 'text', (c) => c.notNull())
    .addColumn('cluster_id', 'bigint', (c) => c.references('cluster.id').onDelete('restrict'))
    .addColumn('commission_state', 'text', (c) => c.notNull())
    .addColumn('maintenance', 'boolean', (c) => c.notNull().defaultTo(false))
    .addColumn('generation', 'bigint', (c) => c.notNull().defaultTo(1))
    .addColumn('created_at', 'bigint', time)
    .execute()

  await schema
    .createTable('service')
    .addColumn('id', 'bigint', id)
    .addColumn('cluster_id', 'bigint', (c) => c.references('cluster.id').onDelete('restrict'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('display_name', 'text', (c) => c.notNull())
    .addColumn('generation', 'bigint', (c) => c.notNull())
    .addColumn('maintenance', 'boolean', (c) => c.notNull().defaultTo(false))
    .addColumn('created_at', 'bigint', time)
    .addUniqueConstraint('service_name', ['cluster_id', 'name'], (u) => u.nullsNotDistinct())
    .execute()

  await schema
    .createTable('role_config_group')
    .addColumn('id', 'bigint', id)
    .addColumn('service_id', 'bigint', reference('service.id', 'cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('display_name', 'text', (c) => c.notNull())
    .addColumn('role_type', 'text', (c) => c.notNull())
    .addColumn('base', 'boolean', (c) => c.notNull())
    .addUniqueConstraint('role_config_group_name', ['service_id', 'name'])
    .execute()
  await schema
    .createIndex('role_config_group_base')
    .on('role_config_group')
    .columns(['service_id', 'role_type'])
    .unique()
    .where(sql<boolean>`base`, '=', true)
    .execute()

  await schema
    .createTable('role')
    .addColumn('id', 'bigint', id)
    .addColumn('service_id', 'bigint', reference('service.id', 'cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('host_id', 'bigint', reference('host.id', 'restrict'))
    .addColumn('role_config_group_id', 'bigint', reference('role_config_group.id', 'restrict'))
    .addColumn('commission_state', 'text', (c) => c.notNull())
    .addColumn('maintenance', 'boolean', (c) => c.notNull().defaultTo(false))
    .addColumn('created_at', 'bigint', time)
    .addUniqueConstraint('role_name', ['service_id', 'name'])
    .addUniqueConstraint('role_place', ['service_id', 'type', 'host_id'])
    .execute()
  await schema.createIndex('role_host').on('role').column('host_id').execute()
  await schema.createIndex('role_group').on('role').column('role_config_group_id').execute()

  await schema
    .createTable('host_template')
    .addColumn('id', 'bigint', id)
    .addColumn('cluster_id', 'bigint', reference('cluster.id', 'cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addUniqueConstraint('host_template_name', ['cluster_id', 'name'])
    .execute()
  await schema
    .createTable('host_template_group')
    .addColumn('host_template_id', 'bigint', reference('host_template.id', 'cascade'))
    .addColumn('role_config_group_id', 'bigint', reference('role_config_group.id', 'cascade'))
    .addPrimaryKeyConstraint('host_template_group_key', ['host_template_id', 'role_config_group_id'])
    .execute()

  for (const table of ['config', 'config_suppression'] as const) {
    const base = schema
      .createTable(table)
      .addColumn('id', 'bigint', id)
      .addColumn('scope', 'text', (c) => c.notNull())
      .addColumn('service_id', 'bigint', (c) => c.references('service.id').onDelete('cascade'))
      .addColumn('role_config_group_id', 'bigint', (c) =>
        c.references('role_config_group.id').onDelete('cascade'),
      )
      .addColumn('role_id', 'bigint', (c) => c.references('role.id').onDelete('cascade'))
      .addColumn('host_id', 'bigint', (c) => c.references('host.id').onDelete('cascade'))
      .addColumn('name', 'text', (c) => c.notNull())
      .addUniqueConstraint(
        `${table}_name`,
        ['scope', 'service_id', 'role_config_group_id', 'role_id', 'host_id', 'name'],
        (u) => u.nullsNotDistinct(),
      )
    await (table === 'config'
      ? base
          .addColumn('value', 'text')
          .addColumn('secret', 'bytea')
          .addCheckConstraint('config_one_value', sql`(value is null) <> (secret is null)`)
      : base
    ).execute()
  }

  await schema
    .createTable('tag')
    .addColumn('id', 'bigint', id)
    .addColumn('cluster_id', 'bigint', (c) => c.references('cluster.id').onDelete('cascade'))
    .addColumn('service_id', 'bigint', (c) => c.references('service.id').onDelete('cascade'))
    .addColumn('role_id', 'bigint', (c) => c.references('role.id').onDelete('cascade'))
    .addColumn('host_id', 'bigint', (c) => c.references('host.id').onDelete('cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('value', 'text', (c) => c.notNull())
    .addUniqueConstraint('tag_name', ['cluster_id', 'service_id', 'role_id', 'host_id', 'name'], (u) =>
      u.nullsNotDistinct(),
    )
    .execute()

  await schema
    .createTable('user_account')
    .addColumn('id', 'bigint', id)
    .addColumn('name', 'text', (c) => c.notNull().unique())
    .addColumn('password_hash', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', time)
    .addColumn('last_login', 'bigint')
    .execute()
  await schema
    .createTable('user_session')
    .addColumn('hash', 'text', (c) => c.primaryKey())
    .addColumn('user_id', 'bigint', reference('user_account.id', 'cascade'))
    .addColumn('remote_address', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', time)
    .addColumn('last_request', 'bigint', time)
    .addColumn('expires_at', 'bigint', time)
    .execute()

  await schema
    .createTable('audit_event')
    .addColumn('id', 'bigint', id)
    .addColumn('at', 'bigint', time)
    .addColumn('username', 'text', (c) => c.notNull())
    .addColumn('ip_address', 'text')
    .addColumn('command', 'text', (c) => c.notNull())
    .addColumn('cluster_name', 'text')
    .addColumn('service_name', 'text')
    .addColumn('role_name', 'text')
    .addColumn('hostname', 'text')
    .addColumn('allowed', 'boolean', (c) => c.notNull())
    .addColumn('message', 'text', (c) => c.notNull())
    .execute()
  await schema.createIndex('audit_event_at').on('audit_event').column('at').execute()
}
