import { EVENT_LIMITS, type EventRecord } from '../../wire/event.js'
import type { Core } from '../core.js'
import { withTerm } from '../database/index.js'
import type { EventSource } from './event-sender.js'

const BATCH = 500

/** Audit events. Each row says whether the monitor has it. */
export function auditEvents(core: Core): EventSource {
  return {
    async next() {
      const rows = await core.db
        .selectFrom('auditEvent')
        .selectAll()
        .where('sent', '=', false)
        .orderBy('id')
        .limit(BATCH)
        .execute()
      const oldest = Date.now() - EVENT_LIMITS.ageMs + 3_600_000
      const events = rows
        .filter(({ at }) => at > oldest)
        .map((row): EventRecord => {
          const attributes: Record<string, string[]> = {
            EVENTCODE: [row.allowed ? 'EV_AUDIT' : 'EV_AUDIT_REFUSED'],
            USER: [row.username],
            COMMAND: [row.command],
            ALLOWED: [String(row.allowed)],
          }
          const put = (name: string, value: string | null) => {
            if (value) attributes[name] = [value]
          }
          put('IP_ADDRESS', row.ipAddress)
          put('CLUSTER', row.clusterName)
          put('SERVICE', row.serviceName)
          put('ROLE', row.roleName)
          put('HOSTS', row.hostname)
          return {
            id: `audit-${core.deploymentId}-${row.id}`,
            time: row.at,
            category: 'AUDIT_EVENT',
            severity: row.allowed ? 'INFORMATIONAL' : 'IMPORTANT',
            alert: false,
            content: row.message || row.command,
            attributes,
          }
        })
      return {
        events,
        more: rows.length === BATCH,
        async told() {
          if (rows.length === 0) return
          const ids = rows.map(({ id }) => id)
          await withTerm(core.db, core.term(), (trx) =>
            trx.updateTable('auditEvent').set({ sent: true }).where('id', 'in', ids).execute(),
          )
        },
      }
    },
  }
}
