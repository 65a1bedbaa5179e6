import type { Db, Trx } from '../database/index.js'

export interface AuditEvent {
  username: string
  ipAddress?: string | undefined
  /** Such as `createCluster`, `updateConfig`, `Start`. */
  command: string
  clusterName?: string | undefined
  serviceName?: string | undefined
  roleName?: string | undefined
  hostname?: string | undefined
  /** Default true. */
  allowed?: boolean | undefined
  message: string
}

/** Writes down who did what; in the transaction of the deed, so that there is never one without the other. */
export async function recordAudit(trx: Trx | Db, event: AuditEvent): Promise<void> {
  await trx
    .insertInto('auditEvent')
    .values({
      at: Date.now(),
      username: event.username,
      ipAddress: event.ipAddress ?? null,
      command: event.command,
      clusterName: event.clusterName ?? null,
      serviceName: event.serviceName ?? null,
      roleName: event.roleName ?? null,
      hostname: event.hostname ?? null,
      allowed: event.allowed ?? true,
      message: event.message.slice(0, 10_000),
    })
    .execute()
}

export interface AuditQuery {
  /** Milliseconds since the epoch; from inclusive, to exclusive. */
  from?: number | undefined
  to?: number | undefined
  /** Equal to these. */
  where?: Partial<
    Record<'username' | 'command' | 'clusterName' | 'serviceName' | 'roleName' | 'hostname', string>
  >
  /** Default 100, at most 10 000. */
  limit?: number | undefined
  offset?: number | undefined
}

/** Newest first. */
export async function listAudits(db: Db, query: AuditQuery = {}) {
  let select = db.selectFrom('auditEvent').selectAll()
  if (query.from !== undefined) select = select.where('at', '>=', query.from)
  if (query.to !== undefined) select = select.where('at', '<', query.to)
  for (const [name, value] of Object.entries(query.where ?? {}) as [
    keyof NonNullable<AuditQuery['where']>,
    string,
  ][])
    select = select.where(name, '=', value)
  return select
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(Math.min(query.limit ?? 100, 10_000))
    .offset(query.offset ?? 0)
    .execute()
}
